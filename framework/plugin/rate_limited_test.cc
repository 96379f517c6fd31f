#include "framework/plugin/rate_limited.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "framework/backend/fake_clock.h"

namespace tenon {
namespace {

using namespace std::chrono_literals;

struct Calls {
  int opened = 0;
  std::atomic<int> count = 0;  // written last
  std::string methods;
  std::chrono::steady_clock::time_point deadline{};
};

class Counting final : public Channel {
 public:
  explicit Counting(Calls& calls) : calls_(calls) {}
  Status open(const CallContext&) override {
    ++calls_.opened;
    return {};
  }
  Result<Json> call(const std::string& method, const Json&, const CallContext& context) override {
    calls_.methods += method + " ";
    calls_.deadline = context.deadline;
    ++calls_.count;
    return Json::object();
  }
  std::unique_ptr<Channel> apart() const override { return std::make_unique<Counting>(calls_); }

 private:
  Calls& calls_;
};

class RateLimitedChannel : public testing::Test {
 protected:
  void use_the_burst() {
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(channel_.call("observe", Json::object(), {}));
  }
  void await_waiting(size_t count) const {
    while (turns_->waiting() != count) std::this_thread::yield();
  }

  Calls calls_;
  FakeClock clock_;
  std::shared_ptr<Turns> turns_ = std::make_shared<Turns>(RateLimit{.per_second = 100, .burst = 2}, clock_);
  RateLimited channel_{std::make_unique<Counting>(calls_), turns_};
};

TEST_F(RateLimitedChannel, ACallWhoseTurnDoesNotComeInTimeIsNotMade) {
  const CallContext now{.deadline = std::chrono::steady_clock::now()};
  EXPECT_TRUE(channel_.call("observe", Json::object(), now));
  EXPECT_TRUE(channel_.call("observe", Json::object(), now));
  const auto refused = channel_.call("create", {{"address", "g/K/n/x"}}, now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_EQ(refused.error().message.find("create of g/K/n/x: its turn"), 0U) << refused.error().message;
  EXPECT_EQ(calls_.count, 2);
  clock_.advance(10ms);
  EXPECT_TRUE(channel_.call("observe", Json::object(), now));
}

TEST_F(RateLimitedChannel, OpeningTakesNoTurn) {
  const CallContext now{.deadline = std::chrono::steady_clock::now()};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(channel_.open(now));
  EXPECT_EQ(calls_.opened, 3);
  EXPECT_TRUE(channel_.call("observe", Json::object(), now));
  EXPECT_TRUE(channel_.call("observe", Json::object(), now));
}

// The clock stands still until the call is seen to wait.
TEST_F(RateLimitedChannel, ACallWaitsForItsTurn) {
  use_the_burst();
  std::jthread third([this] { EXPECT_TRUE(channel_.call("observe", Json::object(), {})); });
  await_waiting(1);
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(calls_.count, 2);
  clock_.advance(10ms);
  third.join();
  EXPECT_EQ(calls_.count, 3);
}

TEST_F(RateLimitedChannel, TurnsComeInTheOrderInWhichTheyWereAskedFor) {
  use_the_burst();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] { EXPECT_TRUE(channel_.call(std::to_string(i), Json::object(), {})); });
    await_waiting(static_cast<size_t>(i) + 1);
  }
  for (int i = 0; i < 8; ++i) {
    clock_.advance(10ms);
    while (calls_.count != 3 + i) std::this_thread::yield();
  }
  threads.clear();
  EXPECT_EQ(calls_.methods, "observe observe 0 1 2 3 4 5 6 7 ");
}

TEST_F(RateLimitedChannel, ACallHasItsWholeTimeHoweverLongItWaited) {
  use_the_burst();
  const CallContext context{.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1)};
  std::jthread third([&] { EXPECT_TRUE(channel_.call("create", Json::object(), context)); });
  await_waiting(1);
  std::this_thread::sleep_for(50ms);
  clock_.advance(10ms);
  third.join();
  EXPECT_GE(calls_.deadline, context.deadline + 50ms);
}

TEST_F(RateLimitedChannel, AWaitingCallCanBeStoppedOrHeld) {
  use_the_burst();
  for (const bool hold : {false, true}) {
    std::stop_source source;
    CallContext context;
    (hold ? context.hold : context.stop) = source.get_token();
    std::jthread third([&] {
      const auto stopped = channel_.call("observe", Json::object(), context);
      ASSERT_FALSE(stopped);
      EXPECT_EQ(stopped.error().code, Code::unavailable);
    });
    await_waiting(1);
    source.request_stop();
    third.join();
  }
  EXPECT_EQ(calls_.count, 2);
  clock_.advance(10ms);
  EXPECT_TRUE(channel_.call("observe", Json::object(), {}));
}

TEST_F(RateLimitedChannel, WhatIsApartWaitsForTheSameTurns) {
  use_the_burst();
  const auto apart = channel_.apart();
  ASSERT_TRUE(apart);
  EXPECT_FALSE(apart->call("observe", Json::object(), {.deadline = std::chrono::steady_clock::now()}));
  EXPECT_EQ(calls_.count, 2);
}

}  // namespace
}  // namespace tenon
