#include "framework/run/retry.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

constexpr Time kNow{Duration(1'000'000)};

TEST(NextAttempt, DoublesForTransientCodesAndEnds) {
  EXPECT_EQ(next_attempt(Code::unavailable, 1, kNow), kNow + Duration(200));
  EXPECT_EQ(next_attempt(Code::unavailable, 2, kNow), kNow + Duration(400));
  EXPECT_EQ(next_attempt(Code::aborted, 8, kNow), kNow + Duration(25'600));
  EXPECT_EQ(next_attempt(Code::resource_exhausted, 9, kNow), std::nullopt);
}

TEST(NextAttempt, TriesOnceAgainAfterAnUnknownOutcome) {
  EXPECT_TRUE(next_attempt(Code::crashed, 1, kNow));
  EXPECT_FALSE(next_attempt(Code::crashed, 2, kNow));
  EXPECT_FALSE(next_attempt(Code::deadline_exceeded, 2, kNow));
}

TEST(NextAttempt, NeverForWhatOnlyTheUserCanMend) {
  EXPECT_FALSE(next_attempt(Code::invalid_argument, 1, kNow));
  EXPECT_FALSE(next_attempt(Code::permission_denied, 1, kNow));
  EXPECT_FALSE(next_attempt(Code::internal, 1, kNow));
}

TEST(PollInterval, RisesToASecond) {
  EXPECT_EQ(poll_interval(0), Duration(50));
  EXPECT_EQ(poll_interval(1), Duration(50));
  EXPECT_EQ(poll_interval(2), Duration(100));
  EXPECT_EQ(poll_interval(100), Duration(1000));
}

}  // namespace
}  // namespace tenon
