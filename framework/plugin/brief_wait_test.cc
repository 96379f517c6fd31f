#include "framework/plugin/brief_wait.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <thread>
#include <tuple>

#include "framework/plugin/sockets.h"

namespace tenon {
namespace {

// So many sleeps until it waits awake again.
int sleeps(Vigil& vigil) {
  int count = 0;
  while (!vigil.ask()) ++count;
  return count;
}

TEST(Vigil, WaitsAwakeUntilThatWasInVain) {
  Vigil vigil;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(sleeps(vigil), 0);
    vigil.came(true);
  }
  vigil.came(false);
  EXPECT_EQ(sleeps(vigil), 1);
  vigil.came(true);
  EXPECT_EQ(sleeps(vigil), 0);
}

TEST(Vigil, IsTriedLessOftenTheMoreOftenItWasInVain) {
  Vigil vigil;
  for (const int expected : {1, 3, 7, 15, 31, 63, 127, 255, 255}) {
    vigil.came(false);
    EXPECT_EQ(sleeps(vigil), expected);
  }
}

class ABriefWait : public testing::Test {
 protected:
  void SetUp() override {
    auto ends = socket_pair();
    ASSERT_TRUE(ends);
    std::tie(ours_, theirs_) = *std::move(ends);
  }
  ssize_t receive() { return wait_.receive(ours_.get(), block_, sizeof block_); }
  std::string received(ssize_t count) const { return std::string(block_, static_cast<size_t>(count)); }

  FileDescriptor ours_, theirs_;
  BriefWait wait_;
  char block_[16] = {};
};

TEST_F(ABriefWait, GivesUpWhenNothingComes) {
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(receive(), -1);
    EXPECT_EQ(errno, EAGAIN);
  }
}

TEST_F(ABriefWait, TakesWhatComesHoweverOftenItWasInVain) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(receive(), -1);
  ASSERT_EQ(send(theirs_.get(), "here", 4, 0), 4);
  EXPECT_EQ(received(receive()), "here");
  std::jthread later([this] { send(theirs_.get(), "later", 5, 0); });
  ssize_t count;
  do count = receive();
  while (count < 0);
  EXPECT_EQ(received(count), "later");
}

TEST_F(ABriefWait, SeesTheEndOfTheConnection) {
  theirs_.reset();
  EXPECT_EQ(receive(), 0);
}

}  // namespace
}  // namespace tenon
