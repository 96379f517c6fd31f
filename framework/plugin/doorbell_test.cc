#include "framework/plugin/doorbell.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>
#include <tuple>

#include "framework/plugin/sockets.h"

namespace tenon {
namespace {

class DoorbellTest : public testing::Test {
 protected:
  void SetUp() override {
    auto ends = socket_pair();
    ASSERT_TRUE(ends);
    std::tie(ours_, theirs_) = *std::move(ends);
    auto bell = Doorbell::of(ours_.get());
    ASSERT_TRUE(bell);
    bell_.emplace(*std::move(bell));
  }
  void something_comes() { ASSERT_EQ(send(theirs_.get(), "x", 1, 0), 1); }
  bool rings() const {
    pollfd polled{bell_->fd(), POLLIN, 0};
    return poll(&polled, 1, 0) == 1;
  }

  FileDescriptor ours_, theirs_;
  std::optional<Doorbell> bell_;
};

using ADoorbell = DoorbellTest;

TEST_F(ADoorbell, RingsOnceForWhatComesWhileItHangs) {
  bell_->hang();
  EXPECT_FALSE(rings());
  something_comes();
  EXPECT_TRUE(rings());
  EXPECT_TRUE(bell_->answer());
  something_comes();
  EXPECT_FALSE(rings());
}

TEST_F(ADoorbell, IsSilentWhenItWasTakenDownAndRingsAtOnceWhenItHangsAgain) {
  bell_->hang();
  something_comes();
  bell_->take_down();
  EXPECT_FALSE(rings());
  EXPECT_FALSE(bell_->answer());
  something_comes();
  EXPECT_FALSE(rings());
  bell_->hang();
  EXPECT_TRUE(bell_->answer());
}

TEST_F(ADoorbell, RingsAtTheEndOfTheConnection) {
  bell_->hang();
  theirs_.reset();
  EXPECT_TRUE(bell_->answer());
}

TEST_F(ADoorbell, ThatWasTakenDownStillRingsOnceAtTheEndOfTheConnection) {
  bell_->take_down();
  something_comes();
  EXPECT_FALSE(rings());
  theirs_.reset();
  EXPECT_TRUE(rings());
  EXPECT_TRUE(bell_->answer());
  EXPECT_FALSE(rings());
}

TEST_F(ADoorbell, RungByHandRingsForOneOfThoseWhoWait) {
  bell_->ring();
  EXPECT_TRUE(rings());
  EXPECT_FALSE(bell_->answer()) << "it was not the socket";
  EXPECT_FALSE(rings());
  std::jthread first([this] { bell_->wait(); }), second([this] { bell_->wait(); });
  bell_->ring();
  while (rings()) std::this_thread::yield();
  bell_->ring();
}

}  // namespace
}  // namespace tenon
