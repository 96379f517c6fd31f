#include "framework/base/durations.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(Durations, AreShort) {
  EXPECT_EQ(display_duration(Duration(40)), "0.0 s");
  EXPECT_EQ(display_duration(Duration(1240)), "1.2 s");
  EXPECT_EQ(display_duration(Duration(61000)), "61 s");
  EXPECT_EQ(display_duration(Duration(200000)), "3 min 20 s");
  EXPECT_EQ(display_duration(Duration(600000)), "10 min");
}

}  // namespace
}  // namespace tenon
