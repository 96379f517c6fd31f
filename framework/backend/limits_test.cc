#include "framework/backend/limits.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

using namespace std::chrono_literals;

const Time kStart{std::chrono::hours(1)};

TEST(TokenBucket, WithoutALimitEveryCallIsMade) {
  TokenBucket bucket({}, kStart);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(bucket.take(kStart), 0ms);
}

TEST(TokenBucket, LetsABurstPassAndThenTheRate) {
  TokenBucket bucket({.per_second = 4, .burst = 3}, kStart);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(kStart), 0ms);
  EXPECT_EQ(bucket.take(kStart), 250ms);
  EXPECT_EQ(bucket.take(kStart + 100ms), 150ms);
  EXPECT_EQ(bucket.take(kStart + 250ms), 0ms);
  EXPECT_EQ(bucket.take(kStart + 250ms), 250ms);
}

TEST(TokenBucket, HoldsNoMoreThanABurstHoweverLongThePause) {
  TokenBucket bucket({.per_second = 1000, .burst = 2}, kStart);
  const Time later = kStart + std::chrono::hours(24);
  EXPECT_EQ(bucket.take(later), 0ms);
  EXPECT_EQ(bucket.take(later), 0ms);
  EXPECT_EQ(bucket.take(later), 1ms);
}

// Whoever waits as long as it is told makes exactly the calls of the rate.
TEST(TokenBucket, KeepsTheRateOverALongTime) {
  TokenBucket bucket({.per_second = 3, .burst = 1}, kStart);
  Time now = kStart;
  int calls = 0;
  while (now <= kStart + 100s) {
    const Duration wait = bucket.take(now);
    calls += wait == 0ms;
    now += wait;
  }
  EXPECT_GE(calls, 298);
  EXPECT_LE(calls, 301);
}

TEST(TokenBucket, AClockThatIsPutBackNeitherFillsNorBlocks) {
  TokenBucket bucket({.per_second = 10, .burst = 1}, kStart);
  EXPECT_EQ(bucket.take(kStart), 0ms);
  const Time before = kStart - std::chrono::minutes(30);
  EXPECT_EQ(bucket.take(before), 100ms);
  EXPECT_EQ(bucket.take(before + 100ms), 0ms);
}

}  // namespace
}  // namespace tenon
