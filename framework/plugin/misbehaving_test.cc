// What a plugin does to the process that carries it stays there.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <thread>
#include <vector>

#include "framework/plugin/hosted_testing.h"
#include "framework/plugin/manifest_cache.h"

namespace tenon {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

bool runs(const std::string& pid) {
  std::ifstream status("/proc/" + pid + "/stat");
  std::string line;
  return std::getline(status, line) && line.find(") Z ") == std::string::npos;
}

class Misbehaving : public HostedTest {
 protected:
  std::unique_ptr<Backend> open_with(const HostOptions& options) const {
    return open_hosted(options, Json::object(), manifest());
  }
};

TEST_F(Misbehaving, APluginThatGrowsPastItsLimitIsEndedAndTheErrorSaysWhy) {
  if (kSanitized)
    GTEST_SKIP() << "this machine cannot limit memory of which a sanitizer has mapped much more";
  HostOptions limited = options();
  limited.memory = uint64_t{96} << 20;
  const auto backend = open_with(limited);
  const std::string before = identity(*backend, "pid");
  for (const char* how : {"grow", "grow-in-c"}) {
    const auto outcome = backend->create(behaving(how), within(kAmple));
    ASSERT_FALSE(outcome) << how;
    EXPECT_EQ(outcome.error().code, Code::crashed);
    for (const std::string part : {"misbehaving.so", "instance one", "limits.memory", "96Mi", how})
      EXPECT_NE(outcome.error().message.find(part), std::string::npos) << outcome.error().message;
    const std::string after = identity(*backend, "pid");
    EXPECT_NE(after, before);
    EXPECT_GT(std::atoi(after.c_str()), 0) << after;
  }
}

TEST_F(Misbehaving, TheLeastMemoryThatMayBeGivenIsEnoughForAPluginThatNeedsLittle) {
  if (kSanitized)
    GTEST_SKIP() << "this machine cannot limit memory of which a sanitizer has mapped much more";
  HostOptions limited = options();
  limited.memory = uint64_t{16} << 20;
  const auto backend = open_with(limited);
  std::vector<std::jthread> callers;
  for (int i = 0; i < 8; ++i) callers.emplace_back([&] { EXPECT_EQ(identity(*backend, "fine"), "fine"); });
}

TEST_F(Misbehaving, APluginThatLeavesNoDescriptorIsStartedAnew) {
  const auto backend = open(), other = open();
  const std::string before = identity(*backend, "pid"), others = identity(*other, "pid");
  // The host may answer before it ends, or not; a call that is made while it ends crashes with it.
  const std::string leaked = identity(*backend, "leak");
  EXPECT_TRUE(leaked == "leak" || leaked.find("no file descriptor") != std::string::npos) << leaked;
  std::string after = before;
  while (after == before || std::atoi(after.c_str()) == 0) after = identity(*backend, "pid");
  EXPECT_EQ(identity(*other, "pid"), others);
}

// One with each call: a host serves until it has none left, and the calls after that have a new one.
TEST_F(Misbehaving, APluginThatLosesADescriptorWithEachCallIsStartedAnewWhenNoneIsLeft) {
  const auto backend = open(), other = open();
  const std::string others = identity(*other, "pid");
  std::map<std::string, int> calls_of;  // by process
  int crashed = 0;
  for (int i = 0; i < 200; ++i) {
    Request losing = behaving("leak-one");
    losing.address.name = "n" + std::to_string(i);  // what crashed twice would be left alone
    const auto outcome = backend->create(losing, within(kAmple));
    if (outcome) {
      ++calls_of[outcome->identity];
      continue;
    }
    ++crashed;
    EXPECT_EQ(outcome.error().code, Code::crashed);
    for (const std::string& part : {std::string("no file descriptor"), to_string(losing.address)})
      EXPECT_NE(outcome.error().message.find(part), std::string::npos) << outcome.error().message;
  }
  // 64 descriptors are enough for fewer than 64 calls, and while it ends each of its nine threads may answer
  // one.
  EXPECT_GE(calls_of.size(), 2U);
  for (const auto& [process, calls] : calls_of) EXPECT_LT(calls, 64 + 9) << process;
  EXPECT_LE(crashed, static_cast<int>(calls_of.size())) << "one for each that ended, at most";
  EXPECT_EQ(identity(*other, "pid"), others);
}

TEST_F(Misbehaving, WhatThePluginForkedEndsWithItsHost) {
  std::string child;
  {
    const auto backend = open();
    child = identity(*backend, "fork");
    ASSERT_TRUE(runs(child)) << child;
  }
  while (runs(child)) std::this_thread::sleep_for(1ms);
}

TEST_F(Misbehaving, WhatThePluginForkedEndsWithItsHostThatCrashed) {
  const auto backend = open();
  const std::string child = identity(*backend, "fork");
  ASSERT_TRUE(runs(child)) << child;
  EXPECT_EQ(backend->create(behaving("abort"), within(kAmple)).error().code, Code::crashed);
  while (runs(child)) std::this_thread::sleep_for(1ms);
}

TEST_F(Misbehaving, AWorkerInASessionOfItsOwnOutlivesTheHost) {
  std::string worker;
  {
    const auto backend = open();
    worker = identity(*backend, "worker");
    EXPECT_EQ(backend->create(behaving("abort"), within(kAmple)).error().code, Code::crashed);
  }
  ASSERT_TRUE(runs(worker)) << worker;
  kill(std::atoi(worker.c_str()), SIGKILL);
}

// Else a run after this one would wait for whatever the plugin forked.
TEST_F(Misbehaving, AForkHoldsNeitherTheLockNorTheConnection) {
  auto lock = lock_file(path("lock"));
  ASSERT_TRUE(lock);
  HostOptions locked = options();
  locked.lock = lock->get();
  std::string worker;
  {
    const auto backend = open_with(locked);
    worker = identity(*backend, "worker");
    lock->reset();
    EXPECT_TRUE(is_locked(path("lock")));
  }
  ASSERT_TRUE(runs(worker)) << worker;
  EXPECT_FALSE(is_locked(path("lock")));
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + worker + "/fd"))
    EXPECT_NE(std::filesystem::read_symlink(entry.path()).string().substr(0, 7), "socket:");
  kill(std::atoi(worker.c_str()), SIGKILL);
}

// However the parent ends, and though the plugin hangs, so that it never reads of it; a worker goes on.
TEST_F(Misbehaving, AHostThatHangsDiesWithItsParentAndAWorkerDoesNot) {
  for (const int how : {SIGKILL, SIGTERM, SIGABRT, 0}) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t parent = fork();
    if (parent == 0) {
      const auto host = HostProcess::start(options());
      const auto worker = host ? (*host)->call("create", to_json(behaving("worker")), {}) : host.error();
      std::jthread hanging([&] {
        [[maybe_unused]] const auto never = (*host)->call("create", to_json(behaving("hang")), {});
      });
      const auto meet = (*host)->call("create", to_json(behaving("pid")), {});
      const pid_t pids[2] = {(*host)->pid(),
                             std::atoi(worker.value()["identity"].get<std::string>().c_str())};
      [[maybe_unused]] const ssize_t written = write(ends[1], pids, sizeof pids);
      if (how == 0) _exit(0);
      for (;;) pause();
    }
    pid_t pids[2] = {0, 0};
    ASSERT_EQ(read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
    if (how != 0) kill(parent, how);
    waitpid(parent, nullptr, 0);
    for (const std::string host = std::to_string(pids[0]); runs(host);) std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(runs(std::to_string(pids[1]))) << how;
    kill(pids[1], SIGKILL);
    close(ends[0]);
    close(ends[1]);
  }
}

TEST_F(Misbehaving, WhatThePluginPrintsIsInTheLog) {
  const auto backend = open();
  EXPECT_EQ(identity(*backend, "print"), "print");
  EXPECT_NE(log().find("no business of yours"), std::string::npos) << log();
}

TEST_F(Misbehaving, WhatThePluginPrintsIsNotInItsManifest) {
  const auto manifest = ManifestCache(host_program(), path("cache")).load(test_plugin("misbehaving"));
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ((*manifest)->name, "misbehaving");
}

TEST_F(Misbehaving, APluginThatWritesIntoTheConnectionIsKilled) {
  const auto backend = open();
  const std::string before = identity(*backend, "pid");
  const auto outcome = backend->create(behaving("scribble"), within(kAmple));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::crashed);
  EXPECT_NE(outcome.error().message.find("broke the protocol"), std::string::npos) << outcome.error().message;
  EXPECT_NE(identity(*backend, "pid"), before);
}

TEST_F(Misbehaving, AnAnswerAfterTheDeadlineIsDroppedAndTheNextCallHasItsOwn) {
  const auto backend = open();
  const std::string before = identity(*backend, "pid");
  const auto outcome = backend->create(behaving("too-late"), within(50ms));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::deadline_exceeded);
  for (const std::string part : {"plugin misbehaving", "create of test.tenon.dev/Thing/default/too-late"})
    EXPECT_NE(outcome.error().message.find(part), std::string::npos) << outcome.error().message;
  EXPECT_EQ(identity(*backend, "pid"), before);
  while (log().find("a reply that nobody waits for is dropped") == std::string::npos)
    std::this_thread::sleep_for(1ms);
}

TEST_F(Misbehaving, AWrongAnswerNamesPluginAndAddress) {
  const auto backend = open();
  for (const char* how : {"throw", "throw-int", "garbage", "neither", "deep"}) {
    const auto outcome = backend->create(behaving(how), within(kAmple));
    ASSERT_FALSE(outcome);
    for (const std::string& part :
         {std::string("plugin misbehaving"), std::string("create of test.tenon.dev/Thing/default/") + how})
      EXPECT_NE(outcome.error().message.find(part), std::string::npos) << outcome.error().message;
  }
}

}  // namespace
}  // namespace tenon
