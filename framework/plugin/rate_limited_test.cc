#include "framework/plugin/rate_limited.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "framework/backend/fake_clock.h"

namespace tenon {
namespace {

using namespace std::chrono_literals;

class Counting final : public Channel {
 public:
  explicit Counting(std::atomic<int>& calls) : calls_(calls) {}
  Result<Json> call(const std::string&, const Json&, const CallContext&) override {
    ++calls_;
    return Json::object();
  }

 private:
  std::atomic<int>& calls_;
};

class RateLimitedChannel : public testing::Test {
 protected:
  std::atomic<int> calls_ = 0;
  FakeClock clock_;
  RateLimited channel_{std::make_unique<Counting>(calls_), {.per_second = 100, .burst = 2}, clock_};
};

TEST_F(RateLimitedChannel, ACallWhoseTurnDoesNotComeInTimeIsNotMade) {
  const CallContext now{.deadline = std::chrono::steady_clock::now()};
  EXPECT_TRUE(channel_.call("observe", Json::object(), now));
  EXPECT_TRUE(channel_.call("observe", Json::object(), now));
  const auto refused = channel_.call("create", {{"address", "g/K/n/x"}}, now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_EQ(refused.error().message.find("create of g/K/n/x: its turn"), 0U) << refused.error().message;
  EXPECT_EQ(calls_, 2);
  clock_.advance(10ms);
  EXPECT_TRUE(channel_.call("observe", Json::object(), now));
}

TEST_F(RateLimitedChannel, ACallWaitsForItsTurn) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(channel_.call("observe", Json::object(), {}));
  std::jthread third([this] { EXPECT_TRUE(channel_.call("observe", Json::object(), {})); });
  EXPECT_EQ(calls_, 2);
  clock_.advance(10ms);
  third.join();
  EXPECT_EQ(calls_, 3);
}

TEST_F(RateLimitedChannel, AWaitingCallCanBeStopped) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(channel_.call("observe", Json::object(), {}));
  std::stop_source stop;
  std::jthread third([&] {
    const auto stopped = channel_.call("observe", Json::object(), {.stop = stop.get_token()});
    EXPECT_FALSE(stopped);
  });
  stop.request_stop();
  third.join();
  EXPECT_EQ(calls_, 2);
}

}  // namespace
}  // namespace tenon
