#include "framework/inventory/lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "framework/base/temporary_directory.h"

namespace tenon {
namespace {

using std::chrono::milliseconds;

class RunLockTest : public testing::Test {
 protected:
  std::string path() const { return directory_ / "lock"; }

  TemporaryDirectory temporary_;
  const std::filesystem::path directory_ = temporary_.path() / "state";
  const Time since_{std::chrono::seconds(1'700'000'000)};
};

TEST_F(RunLockTest, NamesItsHolderToTheOthers) {
  const auto first = RunLock::acquire(path(), "tenon apply", since_);
  ASSERT_TRUE(first);
  const auto second = RunLock::acquire(path(), "tenon destroy", since_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::aborted);
  const std::string& message = second.error().message;
  EXPECT_NE(message.find("tenon apply"), std::string::npos) << message;
  EXPECT_NE(message.find("pid " + std::to_string(getpid())), std::string::npos) << message;
  EXPECT_NE(message.find("since 2023-11-14 22:13:20 UTC"), std::string::npos) << message;
  EXPECT_EQ(message.find("has ended"), std::string::npos) << message;
}

TEST_F(RunLockTest, TextOfNobodyIsNoHindrance) {
  ASSERT_TRUE(make_directories(directory_));
  ASSERT_TRUE(write_file_atomically(path(), R"({"pid": "x", "host": 3})"));
  const auto held = lock_file(path());
  ASSERT_TRUE(held);
  EXPECT_NE(RunLock::acquire(path(), "a", since_).error().message.find("held by another process"),
            std::string::npos);
}

TEST_F(RunLockTest, IsHeldByAChildThatInheritedItAfterTheHolderEnded) {
  int ready[2], end[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(end), 0);
  const pid_t holder = fork();
  if (holder == 0) {
    const auto lock = RunLock::acquire(path(), "tenon apply", since_);
    const pid_t host = fork();
    char byte;
    if (host == 0) {
      close(end[1]);
      _exit(read(end[0], &byte, 1) == 0 ? 0 : 1);
    }
    _exit(write(ready[1], &host, sizeof host) == sizeof host ? 0 : 1);
  }
  close(end[0]);
  pid_t host = 0;
  ASSERT_EQ(read(ready[0], &host, sizeof host), static_cast<ssize_t>(sizeof host));
  waitpid(holder, nullptr, 0);
  const auto early = RunLock::acquire(path(), "tenon apply", since_);
  ASSERT_FALSE(early);
  EXPECT_NE(early.error().message.find("has ended"), std::string::npos) << early.error().message;
  close(end[1]);
  EXPECT_TRUE(RunLock::acquire(path(), "tenon apply", since_, std::chrono::seconds(30)));
}

}  // namespace
}  // namespace tenon
