#include "framework/load/scalar.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(PlainScalar, FollowsTheCoreSchema) {
  const std::pair<const char*, Json> cases[] = {
      {"", nullptr},
      {"~", nullptr},
      {"null", nullptr},
      {"NULL", nullptr},
      {"nULL", "nULL"},
      {"true", true},
      {"False", false},
      {"tRUE", "tRUE"},
      {"0", 0},
      {"-17", -17},
      {"+3", 3},
      {"0x1F", 31},
      {"0o17", 15},
      {"0b1", "0b1"},
      {"9223372036854775807", 9223372036854775807},
      {"-9223372036854775808", INT64_MIN},
      {"18446744073709551615", UINT64_MAX},
      {"1.5", 1.5},
      {".5", 0.5},
      {"5.", 5.0},
      {"-1e3", -1000.0},
      {"1E-2", 0.01},
      {"1e", "1e"},
      {"e3", "e3"},
      {".", "."},
      {"64Mi", "64Mi"},
      {"1.2.3", "1.2.3"},
      {"1_000", "1_000"},
      {"2001-12-14", "2001-12-14"},
      {"12:30", "12:30"},
      {"-", "-"},
      {"--1", "--1"},
      {"0x", "0x"},
      {"host", "host"},
      {"nothing", "nothing"},
  };
  for (const auto& [text, expected] : cases) {
    const Result<Json> value = resolve_plain(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(*value, expected) << text;
    EXPECT_EQ(value->type_name(), std::string(expected.type_name())) << text;
  }
}

TEST(PlainScalar, ReadsFileModesAsKubectlDoes) {
  EXPECT_EQ(*resolve_plain("0644"), 420);
  EXPECT_EQ(*resolve_plain("-010"), -8);
  EXPECT_EQ(*resolve_plain("089"), 89);
}

TEST(PlainScalar, LeavesYesAndNoTexts) {
  for (const char* text : {"yes", "No", "on", "OFF", "y"}) EXPECT_EQ(*resolve_plain(text), text);
}

TEST(PlainScalar, RefusesNumbersThatJsonCannotHold) {
  for (const char* text : {"18446744073709551616", "-9223372036854775809", "1e999", ".inf", "-.INF", ".nan"})
    EXPECT_FALSE(resolve_plain(text)) << text;
}

}  // namespace
}  // namespace tenon
