// Plugins in host processes: what happens to calls when a plugin crashes, hangs or lies.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>

#include "framework/base/files.h"
#include "framework/plugin/hosted_testing.h"
#include "framework/plugin/supervisor.h"

namespace tenon {
namespace {

using namespace std::chrono_literals;

using Hosted = HostedTest;

// Of the answer, or of its first item.
template <typename T>
std::optional<Error> error_of(const Result<std::vector<Result<T>>>& answers) {
  if (!answers) return answers.error();
  return answers->at(0) ? std::nullopt : std::optional<Error>(answers->at(0).error());
}

TEST_F(Hosted, RunsInAnotherProcessThatStays) {
  const auto backend = open();
  const std::string pid = identity(*backend, "pid");
  EXPECT_NE(pid, std::to_string(getpid()));
  EXPECT_EQ(identity(*backend, "pid"), pid);
}

TEST_F(Hosted, NothingRunsBeforeTheFirstCall) {
  const auto backend = open();
  EXPECT_FALSE(std::filesystem::exists(path("log")));
}

TEST_F(Hosted, ACrashIsAnUnknownOutcomeThatNamesPluginAndAddress) {
  const auto backend = open();
  for (const char* how : {"abort", "exit"}) {
    const auto outcome = backend->create(behaving(how), within(kAmple));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::crashed);
    for (const std::string part :
         {"misbehaving.so", "instance one", how, "outcome of create of", "is unknown"})
      EXPECT_NE(outcome.error().message.find(part), std::string::npos) << outcome.error().message;
  }
}

TEST_F(Hosted, TheNextCallAfterACrashRestarts) {
  const auto backend = open();
  const std::string before = identity(*backend, "pid");
  EXPECT_EQ(backend->create(behaving("abort"), within(kAmple)).error().code, Code::crashed);
  const std::string after = identity(*backend, "pid");
  EXPECT_NE(after, before);
  EXPECT_GT(std::stoi(after), 0);
}

// Its connection is gone, its process is not, and the call that did it still waits: only then a new one
// begins.
TEST_F(Hosted, ANewHostStartsWhenTheOneBeforeIsGone) {
  HostOptions patient = options();
  patient.grace = 1s;
  Supervisor supervisor(patient, Json::object());
  const auto made = [&](const std::string& how) {
    return supervisor.call("create", to_json(behaving(how)), within(kAmple));
  };
  const int before = std::stoi(made("pid").value()["identity"].get<std::string>());
  auto waiting = std::async(std::launch::async, [&] { return made("hang-up"); });
  while (log().find("hung up") == std::string::npos) std::this_thread::sleep_for(1ms);
  int after = before;
  while (after == before)
    if (const auto answer = made("pid")) after = std::stoi((*answer)["identity"].get<std::string>());
  EXPECT_EQ(kill(before, 0), -1);
  EXPECT_EQ(waiting.get().error().code, Code::crashed);
}

TEST_F(Hosted, ACrashLeavesOtherInstancesAlone) {
  const auto crashing = open(), other = open();
  const std::string before = identity(*other, "pid");
  EXPECT_EQ(crashing->create(behaving("abort"), within(kAmple)).error().code, Code::crashed);
  EXPECT_EQ(identity(*other, "pid"), before);
}

TEST_F(Hosted, ACrashEndsEveryCallInFlight) {
  const auto backend = open();
  identity(*backend, "pid");
  auto waiting = std::async(std::launch::async, [&] { return backend->create(behaving("hang"), {}); });
  // Each under a name of its own: what crashed twice is left alone, and would end no other call.
  for (int i = 0; waiting.wait_for(5ms) != std::future_status::ready; ++i) {
    Request crashing = behaving("abort");
    crashing.address.name = crashing.address.name + std::to_string(i);
    [[maybe_unused]] const auto crashed = backend->create(crashing, within(kAmple));
  }
  EXPECT_EQ(waiting.get().error().code, Code::crashed);
}

TEST_F(Hosted, AHangIsKilledAfterDeadlineAndGrace) {
  const auto backend = open();
  const std::string before = identity(*backend, "pid");
  const auto outcome = backend->create(behaving("hang"), within(50ms));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::crashed);
  EXPECT_NE(outcome.error().message.find("did not end within its deadline"), std::string::npos);
  EXPECT_NE(identity(*backend, "pid"), before);
}

// Each has a deadline of its own; what it is asked next is answered by a new host.
TEST_F(Hosted, AQuestionThatIsNeverAnsweredIsKilledToo) {
  const auto backend = open();
  const auto hangs = [&](const std::string& question, const auto& ask) {
    const std::string before = identity(*backend, "pid");
    const std::optional<Error> error = ask(Json{{question, "hang"}}, within(50ms));
    ASSERT_TRUE(error) << question;
    EXPECT_EQ(error->code, Code::crashed) << question;
    for (const std::string part : {"did not end within its deadline", "misbehaving.so", "default/hang"})
      EXPECT_NE(error->message.find(part), std::string::npos) << error->message;
    EXPECT_NE(identity(*backend, "pid"), before) << question;
    EXPECT_FALSE(ask(Json::object(), within(kAmple))) << question << " of another";
  };
  const Address address = behaving("hang").address;
  const auto request = [&](const Json& spec) { return Request{.address = address, .desired = spec}; };
  hangs("observe", [&](const Json& spec, const CallContext& context) -> std::optional<Error> {
    const auto seen = backend->observe({request(spec)}, context);
    return seen ? seen->observations[0].error : seen.error();
  });
  hangs("expand", [&](const Json& spec, const CallContext& context) {
    return error_of(backend->expand({request(spec)}, context));
  });
  hangs("check", [&](const Json& spec, const CallContext& context) {
    return error_of(backend->check({{address, Action::create, spec}}, {}, context));
  });
  hangs("convert", [&](const Json& spec, const CallContext& context) {
    return error_of(backend->convert({{address, "v1beta1", "v1", spec}}, context));
  });
}

TEST_F(Hosted, ASilentPluginCostsItsCallAndNotTheHost) {
  const auto backend = open();
  const std::string before = identity(*backend, "pid");
  EXPECT_EQ(backend->create(behaving("silent"), within(50ms)).error().code, Code::deadline_exceeded);
  EXPECT_EQ(identity(*backend, "pid"), before);
}

TEST_F(Hosted, AStopIsToldToThePluginWhichThenAnswers) {
  const auto backend = open();
  std::stop_source stop;
  auto running = std::async(
      std::launch::async, [&] { return backend->create(behaving("cancelled"), {.stop = stop.get_token()}); });
  Request meeting = behaving("meet");
  meeting.desired.edit()["together"] = 2;
  ASSERT_TRUE(backend->create(meeting, within(kAmple)));
  stop.request_stop();
  const auto outcome = running.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::cancelled);
  EXPECT_EQ(outcome.error().message, "as asked");
}

TEST_F(Hosted, AStopLeavesADeafPluginBehind) {
  const auto backend = open();
  const std::string before = identity(*backend, "pid");
  std::stop_source stop;
  auto running = std::async(std::launch::async,
                            [&] { return backend->create(behaving("hang"), {.stop = stop.get_token()}); });
  while (running.wait_for(20ms) != std::future_status::ready) stop.request_stop();
  EXPECT_FALSE(running.get());
  EXPECT_EQ(identity(*backend, "pid"), before);
}

TEST_F(Hosted, CallsUpToTheLimitDoNotWaitForEachOther) {
  const auto backend = open();
  Request meeting = behaving("meet");
  meeting.desired.edit()["together"] = 8;
  std::vector<std::future<Result<Outcome>>> calls;
  for (int i = 0; i < 8; ++i)
    calls.push_back(std::async(std::launch::async, [&] { return backend->create(meeting, within(kAmple)); }));
  for (auto& call : calls) EXPECT_TRUE(call.get());
}

// One of them reads for all.
TEST_F(Hosted, EachOfManyCallersHasTheAnswerToItsOwnCall) {
  HostOptions wide = options();
  wide.parallel = 16;
  const auto host = HostProcess::start(wide);
  ASSERT_TRUE(host);
  std::vector<std::future<int>> wrong;
  for (int caller = 0; caller < 64; ++caller)
    wrong.push_back(std::async(std::launch::async, [&host, caller] {
      int count = 0;
      for (int i = 0; i < 50; ++i) {
        const std::string mine = std::to_string(caller) + "-" + std::to_string(i);
        const auto answer = (*host)->call("create", to_json(behaving(mine)), within(kAmple));
        if (!answer || answer->value("identity", "") != mine) ++count;
      }
      return count;
    }));
  for (auto& each : wrong) EXPECT_EQ(each.get(), 0);
}

// It came first, so it reads for the other too until it leaves; then nobody calls any more.
TEST_F(Hosted, AStopOfTheCallerWhoReadsLeavesTheOtherItsAnswer) {
  const auto backend = open();
  std::stop_source stop;
  auto first = std::async(std::launch::async,
                          [&] { return backend->create(behaving("cancelled"), {.stop = stop.get_token()}); });
  Request meeting = behaving("meet");
  meeting.desired.edit()["together"] = 2;
  ASSERT_TRUE(backend->create(meeting, within(kAmple)));
  auto other = std::async(std::launch::async, [&] { return identity(*backend, "late"); });
  stop.request_stop();
  EXPECT_EQ(first.get().error().message, "as asked");
  EXPECT_EQ(other.get(), "late");
}

TEST_F(Hosted, WrongAnswersAreErrorsAndTheHostGoesOn) {
  const auto backend = open();
  const std::string before = identity(*backend, "pid");
  for (const char* how : {"throw", "throw-int", "garbage", "neither", "deep"})
    EXPECT_EQ(backend->create(behaving(how), within(kAmple)).error().code, Code::internal) << how;
  EXPECT_EQ(identity(*backend, "twice"), "first");
  EXPECT_EQ(identity(*backend, "late"), "late");
  EXPECT_EQ(identity(*backend, "pid"), before);
  EXPECT_NE(log().find("a reply that nobody waits for is dropped"), std::string::npos);
}

TEST_F(Hosted, OneMalformedObservationIsUnknownAndTheOthersStand) {
  const auto seen = open()->observe({behaving("malformed"), behaving("")}, within(kAmple));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->observations[0].existence, Existence::unknown);
  EXPECT_EQ(seen->observations[1].existence, Existence::absent);
}

TEST_F(Hosted, AnObserveThatCrashesMakesItsBatchUnknown) {
  const auto seen = open()->observe({behaving(""), behaving(""), behaving("abort")}, within(kAmple));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->observations[1].existence, Existence::absent);
  EXPECT_EQ(seen->observations[2].existence, Existence::unknown);
  EXPECT_EQ(seen->observations[2].error->code, Code::crashed);
}

// Two of forty crash: they are named, and the others are seen.
TEST_F(Hosted, ABatchThatCrashesIsBisected) {
  auto large = std::make_shared<Manifest>(*manifest());
  large->batch = 100;
  const auto backend = open_hosted(options(), Json::object(), large);
  std::vector<Request> requests(40, behaving(""));
  for (size_t i = 0; i < requests.size(); ++i) requests[i].address.name = "n" + std::to_string(i);
  requests[11].desired.edit()["behave"] = requests[30].desired.edit()["behave"] = "abort";
  const auto seen = backend->observe(requests, within(kAmple));
  ASSERT_TRUE(seen);
  for (size_t i = 0; i < requests.size(); ++i) {
    if (i != 11 && i != 30) {
      EXPECT_EQ(seen->observations[i].existence, Existence::absent) << i;
      continue;
    }
    EXPECT_EQ(seen->observations[i].existence, Existence::unknown);
    EXPECT_EQ(seen->observations[i].error->code, Code::crashed);
    const std::string name = "observe of test.tenon.dev/Thing/default/n" + std::to_string(i) + " is unknown";
    EXPECT_NE(seen->observations[i].error->message.find(name), std::string::npos)
        << seen->observations[i].error->message;
  }
  const std::string before = identity(*backend, "pid");
  EXPECT_EQ(backend->observe(requests, within(kAmple)).value().observations[11].existence,
            Existence::unknown);
  EXPECT_EQ(identity(*backend, "pid"), before) << "what crashed twice is called again";
}

TEST_F(Hosted, WhatCrashesTwiceIsLeftAlone) {
  const auto backend = open();
  const auto made = [&] { return backend->create(behaving("abort"), within(kAmple)).error(); };
  EXPECT_EQ(made().code, Code::crashed);
  const Error second = made();
  EXPECT_EQ(second.code, Code::crashed);
  EXPECT_NE(second.message.find("crashed its plugin twice"), std::string::npos) << second.message;
  const std::string before = identity(*backend, "pid");
  EXPECT_EQ(made().code, Code::internal);
  EXPECT_EQ(identity(*backend, "pid"), before);
}

TEST_F(Hosted, AnObservationThatIsMissingIsAnError) {
  EXPECT_EQ(open()->observe({behaving("missing")}, within(kAmple)).error().code, Code::internal);
}

TEST_F(Hosted, OpeningThatFailsIsTheCallsError) {
  const auto refused = open({{"open", "fail"}})->create(behaving(""), within(kAmple));
  EXPECT_EQ(refused.error().code, Code::unauthenticated);
  EXPECT_NE(refused.error().message.find("opening instance one: no password"), std::string::npos);
  const auto crashed = open({{"open", "abort"}})->create(behaving(""), within(kAmple));
  EXPECT_EQ(crashed.error().code, Code::unavailable) << "the call was not made";
  EXPECT_NE(crashed.error().message.find("killed by signal 6"), std::string::npos) << crashed.error().message;
}

TEST_F(Hosted, OpeningThatHangsEndsWithTheCallThatWantedIt) {
  const auto hung = open({{"open", "hang"}})->create(behaving(""), within(50ms));
  EXPECT_EQ(hung.error().code, Code::unavailable) << "the call was not made";
  for (const std::string part : {"opening instance one", "did not end within its deadline"})
    EXPECT_NE(hung.error().message.find(part), std::string::npos) << hung.error().message;
}

TEST_F(Hosted, APluginThatHangsWhileItIsLoadedEndsWithTheCallThatWantedIt) {
  HostOptions hanging = options();
  hanging.plugin = test_plugin("hanging_entry");
  Supervisor supervisor(hanging, Json::object());
  const auto answer = supervisor.call("create", Json::object(), within(50ms));
  EXPECT_EQ(answer.error().code, Code::unavailable);
  EXPECT_NE(answer.error().message.find("hanging_entry.so"), std::string::npos) << answer.error().message;
}

TEST_F(Hosted, APluginThatCannotBeLoadedSaysWhy) {
  HostOptions wrong = options();
  wrong.plugin = test_plugin("no_entry");
  Supervisor supervisor(wrong, Json::object());
  const auto answer = supervisor.call("create", Json::object(), within(kAmple));
  EXPECT_EQ(answer.error().code, Code::failed_precondition);
  EXPECT_NE(answer.error().message.find("tenon_plugin_v1"), std::string::npos) << answer.error().message;
}

TEST_F(Hosted, AHostProgramThatIsMissingIsNotFound) {
  HostOptions wrong = options();
  wrong.program = path("none");
  Supervisor supervisor(wrong, Json::object());
  EXPECT_EQ(supervisor.call("create", Json::object(), within(kAmple)).error().code, Code::not_found);
}

TEST_F(Hosted, TheHostHoldsTheLockItIsGivenAndLeavesWhenItsBackendDoes) {
  auto lock = lock_file(path("lock"));
  ASSERT_TRUE(lock);
  HostOptions locked = options();
  locked.lock = lock->get();
  auto host = HostProcess::start(locked);
  ASSERT_TRUE(host);
  lock->reset();
  EXPECT_TRUE(is_locked(path("lock")));
  host->reset();
  EXPECT_FALSE(is_locked(path("lock")));
}

TEST_F(Hosted, AHostIsInItsOwnSessionAndHasNothingElseOpen) {
  auto host = HostProcess::start(options());
  ASSERT_TRUE(host);
  ASSERT_TRUE((*host)->call("create", to_json(behaving("")), within(kAmple)));
  const pid_t pid = (*host)->pid();
  EXPECT_EQ(getsid(pid), pid);
  std::vector<std::string> open;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
    open.push_back(std::filesystem::read_symlink(entry.path()));
  std::sort(open.begin(), open.end());
  ASSERT_EQ(open.size(), 6u);
  EXPECT_EQ(open[0], "/dev/null");
  EXPECT_EQ(open[1], path("log"));
  EXPECT_EQ(open[2], path("log"));
  EXPECT_EQ(open[3], "anon_inode:[eventfd]") << "its own bell";
  EXPECT_EQ(open[4], "anon_inode:[eventpoll]") << "its own bell";
  EXPECT_EQ(open[5].substr(0, 7), "socket:");
}

TEST_F(Hosted, AHostDiesWithItsParentKilled) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    const auto host = HostProcess::start(options());
    const pid_t pid = host ? (*host)->pid() : 0;
    [[maybe_unused]] const ssize_t written = write(ends[1], &pid, sizeof pid);
    for (;;) pause();
  }
  pid_t host = 0;
  ASSERT_EQ(read(ends[0], &host, sizeof host), static_cast<ssize_t>(sizeof host));
  ASSERT_GT(host, 0);
  const FileDescriptor host_end(static_cast<int>(syscall(SYS_pidfd_open, host, 0)));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  pollfd polled{host_end.get(), POLLIN, 0};
  EXPECT_EQ(poll(&polled, 1, 60000), 1);
  close(ends[0]);
  close(ends[1]);
}

TEST(RestartDelay, DoublesUpToABound) {
  EXPECT_EQ(restart_delay(0), 0ms);
  EXPECT_EQ(restart_delay(1), 100ms);
  EXPECT_EQ(restart_delay(2), 200ms);
  EXPECT_EQ(restart_delay(9), 25600ms);
  EXPECT_EQ(restart_delay(10), 30s);
  EXPECT_EQ(restart_delay(1000000), 30s);
}

}  // namespace
}  // namespace tenon
