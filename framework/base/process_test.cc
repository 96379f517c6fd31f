#include "framework/base/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "framework/base/digest.h"
#include "framework/base/files.h"

namespace tenon {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

TEST(Run, GivesStatusAndBothStreams) {
  const auto output = run(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(describe_status(output->status), "exit status 3");
  EXPECT_EQ(output->out, "out\n");
  EXPECT_EQ(output->err, "err\n");
}

TEST(Run, OfAMissingProgramIsNotFoundAndNamesIt) {
  const auto output = run({"/no/such/program"});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Code::not_found);
  EXPECT_NE(output.error().message.find("/no/such/program"), std::string::npos);
}

TEST(Run, NeverSearchesThePath) { EXPECT_EQ(run({"true"}).error().code, Code::invalid_argument); }

TEST(Run, KillsTheWholeSessionAtItsDeadline) {
  const auto output = run(shell("sleep 600 & sleep 600"), {.timeout = 100ms});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Code::deadline_exceeded);
}

TEST(Run, ShowsWhatIsPrintedAndStopsWhenAsked) {
  std::string seen;
  const auto stopped = run(shell("echo one; sleep 60"), {.watch = [&seen](std::string_view out) {
                             seen += out;
                             return seen.empty();
                           }});
  EXPECT_EQ(stopped.error().code, Code::cancelled);
  EXPECT_EQ(seen, "one\n");
}

TEST(Run, BoundsTheFilesThatAreWritten) {
  const std::string path = testing::TempDir() + "/bounded";
  const auto output = run(shell("exec dd if=/dev/zero bs=4096 count=2 of=" + path), {.file_size = 4096});
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_FALSE(output->ok());
  EXPECT_EQ(std::filesystem::file_size(path), 4096u);
}

TEST(Run, DropsOutputAboveTheLimit) {
  const auto output = run(shell("head -c 3000000 /dev/zero"), {.output = 1000});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out.size(), 1000u);
}

TEST(Run, ChildHasNoDescriptorsOfOurs) {
  FileDescriptor leaked(open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  // Asked one by one: listing them takes descriptors itself.
  const auto output = run(shell(
      "for n in 0 1 2 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$n && echo $n; done; readlink /proc/$$/fd/0"));
  ASSERT_TRUE(output);
  EXPECT_EQ(output->out, "0\n1\n2\n/dev/null\n");
}

TEST(Run, ChildHasSignalsAtTheirDefaults) {
  const auto handler = signal(SIGPIPE, SIG_IGN);
  const auto output = run(shell("grep -E '^Sig(Ign|Blk)' /proc/self/status | grep -oE '.{7}$'"));
  signal(SIGPIPE, handler);
  EXPECT_EQ(output->out, "0000000\n0000000\n");
}

TEST(Spawn, KeepsTheDescriptorsThatAreNamed) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  FileDescriptor read_end(ends[0]), write_end(ends[1]);
  const auto child =
      spawn({.argv = shell("echo hello >&" + std::to_string(write_end.get())), .keep = {write_end.get()}});
  ASSERT_TRUE(child) << child.error().message;
  write_end.reset();
  EXPECT_EQ(wait_for(*child), 0);
  char text[16];
  EXPECT_EQ(std::string(text, static_cast<size_t>(read(read_end.get(), text, sizeof text))), "hello\n");
}

TEST(Spawn, AppendsBothStreamsToTheLog) {
  const std::string log = std::filesystem::path(testing::TempDir()) / random_uuid();
  for (const char* word : {"one", "two"}) {
    const auto child = spawn({.argv = shell(std::string("echo ") + word + " >&2"), .log = log});
    ASSERT_TRUE(child);
    wait_for(*child);
  }
  EXPECT_EQ(read_file(log).value(), "one\ntwo\n");
  std::filesystem::remove(log);
}

TEST(Spawn, DiesWithTheThreadThatStartedIt) {
  Result<pid_t> child = Error{};
  std::jthread([&] { child = spawn({.argv = {"/bin/sleep", "600"}, .die_with_parent = true}); }).join();
  ASSERT_TRUE(child);
  EXPECT_EQ(describe_status(wait_for(*child)), "killed by signal 9 (Killed)");
}

TEST(Spawn, DetachedIsNoChildAndHasItsOwnSession) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  FileDescriptor read_end(ends[0]), write_end(ends[1]);
  const auto process = spawn({.argv = {"/bin/cat", "/dev/fd/" + std::to_string(write_end.get())},
                              .keep = {write_end.get()},
                              .detach = true});
  ASSERT_TRUE(process);
  EXPECT_NE(*process, getpid());
  EXPECT_EQ(waitpid(*process, nullptr, WNOHANG), -1);
  kill(*process, SIGKILL);
}

}  // namespace
}  // namespace tenon
