#include "framework/base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "framework/base/digest.h"
#include "framework/base/temporary_directory.h"

namespace tenon {
namespace {

class Files : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_ / name; }

  TemporaryDirectory temporary_;
  const std::filesystem::path directory_ = temporary_;
};

TEST_F(Files, WriteReplacesTheContentAndLeavesNoTemporary) {
  ASSERT_TRUE(write_file_atomically(path("a"), "one"));
  ASSERT_TRUE(write_file_atomically(path("a"), "two"));
  EXPECT_EQ(read_file(path("a")).value(), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(Files, WriteWithoutPermissionOfOthersByDefault) {
  ASSERT_TRUE(write_file_atomically(path("a"), ""));
  struct stat status {};
  ASSERT_EQ(stat(path("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(Files, ReadOfAMissingFileIsNotFoundAndNamesIt) {
  const auto content = read_file(path("none"));
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, Code::not_found);
  EXPECT_NE(content.error().message.find(path("none")), std::string::npos);
}

TEST_F(Files, WriteIntoAMissingDirectoryFails) {
  const Status status = write_file_atomically(path("no/file"), "x");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::not_found);
}

TEST_F(Files, ALockExcludesASecondAndEndsWithItsHolder) {
  auto first = lock_file(path("lock"));
  ASSERT_TRUE(first);
  EXPECT_TRUE(is_locked(path("lock")));
  EXPECT_EQ(lock_file(path("lock")).error().code, Code::aborted);
  first->reset();
  EXPECT_FALSE(is_locked(path("lock")));
  EXPECT_TRUE(lock_file(path("lock")));
}

TEST_F(Files, ALockOfAKilledProcessIsFree) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto lock = lock_file(path("lock"));
    [[maybe_unused]] const ssize_t n = write(ready[1], "x", 1);
    pause();
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_TRUE(is_locked(path("lock")));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(is_locked(path("lock")));
}

TEST(Digest, IsTheStandardOne) {
  EXPECT_EQ(sha256("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(RandomUuid, IsVersionFourAndDiffers) {
  const std::string uuid = random_uuid();
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(uuid, random_uuid());
}

}  // namespace
}  // namespace tenon
