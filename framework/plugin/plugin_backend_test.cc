#include "framework/plugin/plugin_backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "framework/base/files.h"

namespace tenon {
namespace {

using namespace std::chrono_literals;

// Answers from a function, and counts how many calls were inside at once.
class FakeChannel final : public Channel {
 public:
  using Answer = std::function<Result<Json>(const std::string&, const Json&)>;
  // apart: what another process answers; none: there is no other.
  explicit FakeChannel(Answer answer, Answer apart = nullptr)
      : answer_(std::move(answer)), apart_(std::move(apart)) {}

  Status open(const CallContext&) override {
    const auto opened = answer_("open", Json::object());
    return opened ? Status() : opened.error();
  }
  Result<Json> call(const std::string& method, const Json& request, const CallContext&) override {
    return answer_(method, request);
  }

  std::unique_ptr<Channel> apart() const override {
    return apart_ ? std::make_unique<FakeChannel>(apart_) : nullptr;
  }

 private:
  const Answer answer_, apart_;
};

PluginBackend backend_of(FakeChannel::Answer answer, Manifest manifest = {.name = "fake"},
                         FakeChannel::Answer apart = nullptr) {
  return {std::make_unique<FakeChannel>(std::move(answer), std::move(apart)),
          std::make_shared<const Manifest>(std::move(manifest))};
}

Request thing(const std::string& name) { return {.address = {"test.tenon.dev", "Thing", "default", name}}; }

TEST(PluginBackend, AsksInBatchesAndKeepsTheOrder) {
  std::vector<size_t> sizes;
  auto backend = backend_of(
      [&](const std::string&, const Json& request) -> Result<Json> {
        sizes.push_back(request["resources"].size());
        Json observations = Json::array();
        for (const Json& resource : request["resources"])
          observations.push_back({{"existence", "present"}, {"identity", resource["address"]}});
        return Json{{"observations", observations}};
      },
      {.name = "fake", .batch = 2});
  const auto seen = backend.observe({thing("a"), thing("b"), thing("c")}, {});
  EXPECT_EQ(sizes, (std::vector<size_t>{2, 1}));
  EXPECT_EQ(seen.value().observations[2].identity, "test.tenon.dev/Thing/default/c");
}

TEST(PluginBackend, AnObserveOfNothingOpensTheInstanceAndAsksNothing) {
  std::vector<std::string> calls;
  auto backend = backend_of([&](const std::string& method, const Json&) -> Result<Json> {
    calls.push_back(method);
    return Json::object();
  });
  EXPECT_TRUE(backend.observe({}, {}).value().observations.empty());
  EXPECT_EQ(calls, std::vector<std::string>{"open"});
}

TEST(PluginBackend, AnObserveThatNobodyAnswersFailsAsAWhole) {
  auto backend = backend_of([](auto&, auto&) -> Result<Json> { return Error{Code::unavailable, "down"}; });
  EXPECT_EQ(backend.observe({thing("a")}, {}).error(), (Error{Code::unavailable, "down"}));
  EXPECT_TRUE(backend.observe({}, {}).value().observations.empty());
}

TEST(PluginBackend, ExpandNeedsItsCapability) {
  auto backend = backend_of([](auto&, auto&) -> Result<Json> { return Json(); });
  EXPECT_EQ(backend.expand({thing("a")}, {}).error().code, Code::unimplemented);
}

TEST(PluginBackend, OneExpansionMayFailAlone) {
  auto backend = backend_of(
      [](auto&, auto&) -> Result<Json> {
        return Json{{"expansions",
                     {{{"error", {{"code", "invalid_argument"}, {"message", "no"}}}},
                      {{"children", Json::array()}}}}};
      },
      {.name = "fake", .capabilities = {"expand"}});
  const auto expansions = backend.expand({thing("a"), thing("b")}, {});
  EXPECT_EQ((*expansions)[0].error(), (Error{Code::invalid_argument, "no"}));
  EXPECT_TRUE((*expansions)[1]);
}

// Every member of an answer with every type that it cannot have.
TEST(PluginBackend, AnObservationWithAMemberOfAWrongTypeIsAnErrorOfItsResourceAlone) {
  const std::map<std::string, std::vector<Json>> wrong = {{"existence", {1, "there", nullptr}},
                                                          {"error", {1, "text"}},
                                                          {"phase", {1, {"a"}}},
                                                          {"reason", {1}},
                                                          {"message", {1}},
                                                          {"identity", {1, Json::object()}},
                                                          {"mark", {1, "text", {{"nonce", 1}}}},
                                                          {"actual", {1, "text", {1}}},
                                                          {"outputs", {1, "text", {1}}},
                                                          {"progress", {"half", -0.1, 1.1, 1e300}},
                                                          {"contents", {1}},
                                                          {"busy", {"yes"}},
                                                          {"resumable", {1}},
                                                          {"users", {"somebody", {1}}},
                                                          {"conditions", {"text", {1}, {{{"type", 1}}}}},
                                                          {"notes", {"text", {1}}}};
  Json answer;
  auto backend = backend_of([&](const std::string&, const Json&) -> Result<Json> {
    return Json{
        {"observations", {answer, {{"existence", "present"}, {"outputs", nullptr}, {"actual", nullptr}}}}};
  });
  for (const auto& [member, values] : wrong)
    for (const Json& value : values) {
      answer = {{"existence", "present"}};
      answer[member] = value;
      const auto seen = backend.observe({thing("a"), thing("b")}, {});
      ASSERT_TRUE(seen) << answer;
      EXPECT_EQ(seen->observations[0].existence, Existence::unknown) << answer;
      EXPECT_EQ(seen->observations[0].error.value_or(Error{}).code, Code::internal) << answer;
      EXPECT_EQ(seen->observations[1].existence, Existence::present) << answer;
      EXPECT_TRUE(seen->observations[1].outputs.is_object());
    }
}

TEST(PluginBackend, AChildWithAMemberOfAWrongTypeIsAnErrorOfItsParentAlone) {
  const std::map<std::string, std::vector<Json>> wrong = {{"apiVersion", {1, nullptr}},
                                                          {"kind", {1}},
                                                          {"name", {1, {"a"}}},
                                                          {"spec", {1, "text", {1}}},
                                                          {"labels", {1, {"a"}, {{"a", 1}}}},
                                                          {"annotations", {"text", {{"a", 1}}}},
                                                          {"pointer", {1, "template", "/a~9", nullptr}}};
  const Json sound = {
      {"apiVersion", "v1"}, {"kind", "Thing"}, {"name", "a"}, {"spec", nullptr}, {"pointer", "/a"}};
  Json child;
  auto backend = backend_of(
      [&](const std::string&, const Json&) -> Result<Json> {
        return Json{{"expansions", {{{"children", {child}}}, {{"children", {sound}}}}}};
      },
      {.name = "fake", .capabilities = {"expand"}});
  for (const auto& [member, values] : wrong)
    for (const Json& value : values) {
      child = sound;
      child[member] = value;
      const auto expansions = backend.expand({thing("a"), thing("b")}, {});
      ASSERT_TRUE(expansions) << child;
      ASSERT_FALSE((*expansions)[0]) << child;
      EXPECT_EQ((*expansions)[0].error().code, Code::internal) << child;
      ASSERT_TRUE((*expansions)[1]) << child;
      EXPECT_EQ((*expansions)[1]->at(0).spec, Json::object());
    }
}

TEST(PluginBackend, AnOutcomeWithAMemberOfAWrongTypeIsAnError) {
  Json answer;
  auto backend = backend_of([&](const std::string&, const Json&) -> Result<Json> { return answer; });
  for (const char* text : {"[]", "1", "null", "{}", R"({"state": "done", "identity": 1})",
                           R"({"state": "done", "notes": "text"})", R"({"state": "done", "notes": [1]})"}) {
    answer = Json::parse(text);
    const auto outcome = backend.create(thing("a"), {});
    ASSERT_FALSE(outcome) << text;
    EXPECT_EQ(outcome.error().code, Code::internal) << text;
  }
}

TEST(PluginBackend, NeverMakesMoreCallsAtOnceThanTheManifestAllows) {
  std::atomic<int> inside = 0, most = 0;
  auto backend = backend_of(
      [&](auto&, auto&) -> Result<Json> {
        const int now = ++inside;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::yield();
        --inside;
        return Json{{"state", "done"}};
      },
      {.name = "fake", .parallel = 3});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 12; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 50; ++n) EXPECT_TRUE(backend.create(thing("a"), {}));
      });
  }
  EXPECT_LE(most, 3);
}

const Error kCrash{Code::crashed, "crashed"};

Json all_absent(const Json& request) {
  return {{"observations", Json(request["resources"].size(), Json{{"existence", "absent"}})}};
}

// Answers "convert" and "check" of all but the one called "bad", which crashes.
FakeChannel::Answer answer_but_bad(std::vector<size_t>& sizes) {
  return [&sizes](const std::string& method, const Json& request) -> Result<Json> {
    if (method == "delete") return Json{{"state", "done"}};
    const Json& items = request.at(method == "check" ? "changes" : "resources");
    sizes.push_back(items.size());
    Json answers = Json::array();
    for (const Json& item : items) {
      if (item["address"] == "test.tenon.dev/Thing/default/bad") return kCrash;
      answers.push_back(method == "check" ? Json::object() : Json{{"spec", item["spec"]}});
    }
    return Json{{method == "check" ? "checks" : "specs", answers}};
  };
}

TEST(PluginBackend, AConversionThatCrashesIsFoundAndTheOthersAreMade) {
  std::vector<size_t> sizes, apart;
  auto backend = backend_of(answer_but_bad(sizes), {.name = "fake", .batch = 2}, answer_but_bad(apart));
  std::vector<Conversion> conversions;
  for (const char* name : {"a", "b", "c", "bad", "e"})
    conversions.push_back({thing(name).address, "v1", "v2", {{"name", name}}});
  const auto specs = backend.convert(conversions, {});
  EXPECT_EQ(sizes, (std::vector<size_t>{2, 2, 1})) << "batches";
  EXPECT_EQ(apart, (std::vector<size_t>{2, 1, 1})) << "halves, until it is alone";
  ASSERT_TRUE(specs) << specs.error().message;
  EXPECT_EQ((*specs)[4].value(), Json({{"name", "e"}}));
  EXPECT_EQ((*specs)[2].value(), Json({{"name", "c"}}));
  EXPECT_EQ((*specs)[3].error().code, Code::crashed);
  EXPECT_EQ(backend.create(thing("bad"), {}).error().code, Code::internal) << "left alone from now on";
}

TEST(PluginBackend, ACheckThatCrashesIsFoundAndTheOthersStand) {
  std::vector<size_t> sizes, apart;
  auto backend = backend_of(answer_but_bad(sizes), {.name = "fake", .batch = 1}, answer_but_bad(apart));
  std::vector<PlannedChange> changes;
  for (const char* name : {"a", "bad", "c"})
    changes.push_back({thing(name).address, Action::create, Json::object(), Json(), Json(), {}});
  const auto checks = backend.check(changes, {}, {});
  EXPECT_EQ(sizes, std::vector<size_t>{3}) << "all changes of a plan are checked together";
  ASSERT_TRUE(checks) << checks.error().message;
  EXPECT_TRUE((*checks)[0]);
  EXPECT_EQ((*checks)[1].error().code, Code::crashed);
  EXPECT_TRUE((*checks)[2]);
  sizes.clear();
  EXPECT_EQ(backend.check(changes, {}, {}).value()[1].error().code, Code::internal);
  EXPECT_EQ(sizes, std::vector<size_t>{2}) << "it is not asked again";
  EXPECT_EQ(backend.create(thing("bad"), {}).error().code, Code::internal);
  EXPECT_TRUE(backend.remove(thing("bad"), {})) << "what it would take is of no matter to a deletion";
}

// A call that was never made says nothing about who crashed the host before.
TEST(PluginBackend, WhatWasNotCalledIsNotCleared) {
  std::vector<Code> answers = {Code::crashed, Code::unavailable, Code::crashed};
  size_t calls = 0;
  auto backend = backend_of([&](auto&, auto&) -> Result<Json> { return Error{answers.at(calls++), "no"}; });
  for (const Code code : answers) EXPECT_EQ(backend.create(thing("a"), {}).error().code, code);
  EXPECT_EQ(backend.create(thing("a"), {}).error().code, Code::internal);
  EXPECT_EQ(calls, 3U);
}

TEST(PluginBackend, WhoeverAnswersInBetweenIsCleared) {
  std::vector<Code> answers = {Code::crashed, Code::already_exists, Code::crashed, Code::already_exists};
  size_t calls = 0;
  auto backend = backend_of([&](auto&, auto&) -> Result<Json> { return Error{answers.at(calls++), "no"}; });
  for (const Code code : answers) EXPECT_EQ(backend.create(thing("a"), {}).error().code, code);
}

// The only thread of the plugin is free again while its suspects are looked at elsewhere.
TEST(PluginBackend, OtherCallsGoOnWhileABatchIsBisected) {
  std::promise<void> created;
  auto backend = backend_of(
      [](const std::string& method, const Json&) -> Result<Json> {
        if (method == "observe") return kCrash;
        return Json{{"state", "done"}};
      },
      {.name = "fake", .parallel = 1},
      [&](const std::string&, const Json& request) -> Result<Json> {
        created.get_future().wait();
        return all_absent(request);
      });
  auto seen = std::async(std::launch::async, [&] { return backend.observe({thing("a"), thing("b")}, {}); });
  EXPECT_TRUE(backend.create(thing("c"), {}));
  created.set_value();
  EXPECT_EQ(seen.get().value().observations[1].existence, Existence::absent);
}

TEST(PluginBackend, AMutatingCallIsNeverMadeApart) {
  auto backend = backend_of([](auto&, auto&) -> Result<Json> { return kCrash; }, {.name = "fake"},
                            [](const std::string& method, const Json&) -> Result<Json> {
                              ADD_FAILURE() << method;
                              return kCrash;
                            });
  EXPECT_EQ(backend.create(thing("a"), {}).error().code, Code::crashed);
  EXPECT_EQ(backend.remove(thing("b"), {}).error().code, Code::crashed);
}

TEST(PluginBackend, ABatchThatCrashesEverywhereEndsAfter64Hosts) {
  int starts = 0;
  auto backend = backend_of([](auto&, auto&) -> Result<Json> { return kCrash; }, {.name = "fake"},
                            [&](auto&, auto&) -> Result<Json> { return ++starts, kCrash; });
  std::vector<Request> requests;
  for (int i = 0; i < 500; ++i) requests.push_back(thing("n" + std::to_string(i)));
  const auto seen = backend.observe(requests, {});
  EXPECT_EQ(starts, 64);
  ASSERT_TRUE(seen);
  for (const Observation& observation : seen->observations)
    EXPECT_EQ(observation.existence, Existence::unknown);
  EXPECT_NE(seen->observations[499].error->message.find("n499 could not be tried"), std::string::npos);
}

TEST(PluginBackend, AfterTheDeadlineNothingIsBisected) {
  auto backend = backend_of(
      [](auto&, auto&) -> Result<Json> {
        std::this_thread::sleep_for(2ms);
        return kCrash;
      },
      {.name = "fake"},
      [](auto&, auto&) -> Result<Json> {
        ADD_FAILURE();
        return kCrash;
      });
  const auto seen =
      backend.observe({thing("a"), thing("b")}, {.deadline = std::chrono::steady_clock::now() + 1ms});
  EXPECT_TRUE(!seen || seen->observations[0].existence == Existence::unknown);
}

// Of four calls in flight one crashes the host: each is sent again with nobody beside it, and only the guilty
// one crashes twice.
TEST(PluginBackend, WhoeverWasInACrashIsSentAgainAlone) {
  std::atomic<int> inside = 0;
  std::atomic<bool> crashed = false;
  auto backend = backend_of(
      [&](const std::string&, const Json& request) -> Result<Json> {
        const bool guilty = request["address"] == "test.tenon.dev/Thing/default/0";
        const bool other = request["address"] == "test.tenon.dev/Thing/default/other";
        const int now = ++inside;
        if (!crashed && !other) {
          while (inside < 4 && !crashed) std::this_thread::yield();
          crashed = true;
          --inside;
          return kCrash;
        }
        EXPECT_TRUE(other || now == 1) << now;
        for (int i = 0; i < 100; ++i) std::this_thread::yield();
        EXPECT_TRUE(other || inside == 1);
        --inside;
        if (guilty) return kCrash;
        return Json{{"state", "done"}};
      },
      {.name = "fake", .parallel = 4});
  std::vector<std::future<Result<Outcome>>> first;
  for (int i = 0; i < 4; ++i)
    first.push_back(
        std::async(std::launch::async, [&, i] { return backend.create(thing(std::to_string(i)), {}); }));
  for (auto& call : first) EXPECT_EQ(call.get().error().code, Code::crashed);
  std::jthread others([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) EXPECT_TRUE(backend.create(thing("other"), {}));
  });
  std::vector<std::future<Result<Outcome>>> second;
  for (int i = 0; i < 4; ++i)
    second.push_back(
        std::async(std::launch::async, [&, i] { return backend.create(thing(std::to_string(i)), {}); }));
  EXPECT_EQ(second[0].get().error().code, Code::crashed);
  for (int i = 1; i < 4; ++i) EXPECT_TRUE(second[static_cast<size_t>(i)].get());
  EXPECT_EQ(backend.update(thing("0"), {}).error().code, Code::internal);
}

TEST(Slots, AWaitThatIsHeldHasNotBegunEvenWhenOneIsFreeThen) {
  Slots slots(1);
  ASSERT_TRUE(slots.take({}));
  std::stop_source hold;
  std::jthread waiting([&] { EXPECT_FALSE(slots.take({.hold = hold.get_token()})); });
  hold.request_stop();
  waiting.join();
  slots.give();
  EXPECT_FALSE(slots.take({.hold = hold.get_token()}));
  EXPECT_TRUE(slots.take({}));
}

// Takes what is free, in a thread of its own.
class Taker {
 public:
  Taker(Slots& slots, const CallContext& context)
      : taken_(std::async(std::launch::async, [this, &slots, context] {
          thread_ = gettid();
          return slots.take(context);
        })) {
    while (!sleeps()) std::this_thread::yield();
  }
  bool taken() { return taken_.get(); }

 private:
  bool sleeps() const {
    const std::string stat = read_file("/proc/self/task/" + std::to_string(thread_) + "/stat").value_or("");
    return stat.find(") S ") != std::string::npos;
  }

  std::atomic<pid_t> thread_ = 0;
  std::future<bool> taken_;
};

// It is told of the slot, sees that it is held before that was said to all, and leaves.
TEST(Slots, ASlotThatIsGivenToOneWhoIsHeldJustThenIsTheNextOnes) {
  Slots slots(1);
  ASSERT_TRUE(slots.take({}));
  std::stop_source hold;
  Taker held(slots, {.hold = hold.get_token()}),
      next(slots, {.deadline = std::chrono::steady_clock::now() + 30s});
  std::promise<void> over;
  std::promise<void> begun;
  const std::stop_callback first(hold.get_token(), [&] {
    begun.set_value();
    over.get_future().wait();
  });
  std::jthread holding([&] { hold.request_stop(); });
  begun.get_future().wait();
  slots.give();
  EXPECT_TRUE(next.taken());
  over.set_value();
  EXPECT_FALSE(held.taken());
}

TEST(Slots, AreGivenUpAtTheDeadlineOrTheStop) {
  Slots slots(1);
  ASSERT_TRUE(slots.take({}));
  EXPECT_FALSE(slots.take({.deadline = std::chrono::steady_clock::now() + 5ms}));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(slots.take({.stop = stop.get_token()}));
  slots.give();
  EXPECT_TRUE(slots.take({}));
}

}  // namespace
}  // namespace tenon
