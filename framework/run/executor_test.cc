#include "framework/run/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "framework/backend/forwarding.h"
#include "framework/run/simulation.h"
#include "framework/run/watches.h"

namespace tenon {
namespace {

class Silent final : public Reporter {
 public:
  void step(const Step&, const StepEvent& event) override { statuses.push_back(event.status); }
  std::vector<StepStatus> statuses;
};

// Counts commits, and fails every one after the first `good` ones.
class FullInventory final : public Inventory {
 public:
  FullInventory(MemoryInventory& inner, int good) : inner_(inner), good_(good) {}
  const std::string& uuid() const override { return inner_.uuid(); }
  const std::string& secret_key() const override { return inner_.secret_key(); }
  Result<std::vector<Owned>> owned() override { return inner_.owned(); }
  Result<std::optional<RunRecord>> last_run() override { return inner_.last_run(); }
  Result<Places> places() override { return inner_.places(); }
  Status commit(std::vector<Record> records) override {
    if (records.empty()) return {};
    ++commits;
    std::this_thread::sleep_for(takes);
    return good_-- > 0 ? inner_.commit(std::move(records))
                       : Status(Error{Code::resource_exhausted, "disk full"});
  }

  std::chrono::milliseconds takes{0};  // each
  int commits = 0;

 private:
  MemoryInventory& inner_;
  int good_;
};

// Makes all calls of a turn while the next turn waits for them.
class AllAtOnce final : public Caller {
 public:
  explicit AllAtOnce(const Backends& backends) : backends_(backends) {}

  void start(std::vector<Call> calls) override {
    if (++turns > 100) throw std::runtime_error("the run does not end");
    for (const Call& call : calls) answers_.push_back(make_call(backends_, call, {}));
  }
  std::vector<CallResult> wait(std::chrono::milliseconds) override {
    given_ = answers_.size();
    return std::exchange(answers_, {});
  }

  void pace(size_t answers) override { paces.emplace_back(given_, answers); }

  int turns = 0;                                 // but the last, which has nothing to start
  std::vector<std::pair<size_t, size_t>> paces;  // answers that a turn had, and would have had use for

 private:
  const Backends& backends_;
  std::vector<CallResult> answers_;
  size_t given_ = 0;
};

// Creates block until they are released or asked to stop.
class Gate final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<Outcome> create(const Request& request, const CallContext& context) override {
    entered = true;
    while (!open && !context.stop.stop_requested()) std::this_thread::yield();
    if (!open) return Error{Code::cancelled, "stopped"};
    bounded = context.deadline < std::chrono::steady_clock::now() + std::chrono::hours(1);
    return ForwardingBackend::create(request, context);
  }

  std::atomic<bool> entered = false, open = false, bounded = false;
};

// Somebody who acts as soon as something is so, and goes with the test if it never is.
std::jthread once(std::function<bool()> is_so, std::function<void()> act) {
  return std::jthread([is_so = std::move(is_so), act = std::move(act)](const std::stop_token& over) {
    while (!is_so()) {
      if (over.stop_requested()) return;
      std::this_thread::yield();
    }
    act();
  });
}

// An interrupt comes while the turn that begins the first change hands it over; it is never answered.
class InterruptedCaller final : public Caller {
 public:
  InterruptedCaller(const Backends& backends, StopFlag& stop, int value)
      : backends_(backends), stop_(stop), value_(value) {}

  void start(std::vector<Call> calls) override {
    for (const Call& call : calls)
      if (call.kind == CallKind::observe)
        answers_.push_back(make_call(backends_, call, {}));
      else
        stop_ = value_;
  }
  std::vector<CallResult> wait(std::chrono::milliseconds) override {
    if (++waits_ > 100) throw std::runtime_error("the run does not hear of the interrupt");
    return std::exchange(answers_, {});
  }
  // It is heard of: a second one ends the run.
  void hold() override { stop_ = 2; }

 private:
  const Backends& backends_;
  StopFlag& stop_;
  const int value_;
  std::vector<CallResult> answers_;
  int waits_ = 0;
};

// Tells whoever watches of everything, all the time.
class Bell final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Status watch(const std::vector<Address>& addresses, Listener listener, const CallContext&) override {
    ringing_ = std::jthread([addresses, listener](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        for (const Address& address : addresses) listener(address);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    return {};
  }

 private:
  std::jthread ringing_;
};

// Tells at once, of something that nobody asked about and of what is watched.
class Gossip final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Status watch(const std::vector<Address>& addresses, Listener listener, const CallContext&) override {
    listener(fast("stranger"));
    for (const Address& address : addresses) listener(address);
    return {};
  }
};

class Executor : public testing::Test {
 protected:
  Executor() : backend_(clock_), gate_(backend_) {}

  Plan plan(std::vector<Resource> desired) { return world_.plan(std::move(desired)); }
  Result<RunResult> execute(const Plan& plan, Inventory& inventory, Backend& backend) {
    return run(plan, world_.catalog, {{"fake", &backend}}, inventory, {}, clock_, reporter_, stop_,
               {.id = "r", .process = "test", .parallelism = 4});
  }

  // The same plugin, which tells what happens.
  Catalog watching() const {
    Manifest manifest = *world_.catalog.find_instance("fake")->manifest;
    manifest.capabilities.insert("watch");
    return Catalog({{"fake", std::make_shared<const Manifest>(std::move(manifest))}}, {});
  }

  SystemClock clock_;
  Simulation world_;  // for its catalog, its planning and its inventory
  FakeBackend backend_;
  Gate gate_;
  Silent reporter_;
  StopFlag stop_ = 0;
};

TEST_F(Executor, CarriesAPlanOut) {
  std::vector<Resource> desired;
  for (int i = 0; i < 20; ++i) {
    Json spec = Json::object();
    if (i > 0) spec["fast"] = {"n" + std::to_string(i / 2)};
    desired.push_back(resource(fast("n" + std::to_string(i)), spec));
  }
  const auto result = execute(plan(desired), world_.inventory, backend_);
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->interrupted);
  for (const StepRecord& step : result->steps) EXPECT_EQ(step.status, StepStatus::done) << step.reason;
  EXPECT_EQ(backend_.world().size(), 20u);
  EXPECT_EQ(backend_.overlap(), 1);
  EXPECT_EQ(world_.inventory.owned()->size(), 20u);
  EXPECT_FALSE(reporter_.statuses.empty());
}

TEST_F(Executor, CommitsOnceATurnHoweverManyStepsTakePartInIt) {
  std::vector<Resource> desired;
  for (int i = 0; i < 100; ++i) desired.push_back(resource(fast("n" + std::to_string(i))));
  const Plan made = plan(std::move(desired));
  ASSERT_EQ(made.steps.size(), 100u);
  FullInventory inventory(world_.inventory, 1000);
  const Backends backends{{"fake", &backend_}};
  AllAtOnce caller(backends);
  const auto result = run(made, world_.catalog, inventory, {}, clock_, reporter_, stop_,
                          {.id = "r", .process = "test", .parallelism = 100}, caller);
  ASSERT_TRUE(result);
  for (const StepRecord& step : result->steps) EXPECT_EQ(step.status, StepStatus::done) << step.reason;
  EXPECT_EQ(world_.inventory.owned()->size(), 100u);
  EXPECT_LE(inventory.commits, caller.turns + 1);
  EXPECT_LT(inventory.commits, 10);
}

TEST_F(Executor, TakesAllAnswersAtOnceWhereCommitsTakeLong) {
  std::vector<Resource> desired;
  for (int i = 0; i < 10; ++i) desired.push_back(resource(fast("n" + std::to_string(i))));
  const Plan made = plan(std::move(desired));
  FullInventory inventory(world_.inventory, 1000);
  inventory.takes = std::chrono::milliseconds(200);
  const Backends backends{{"fake", &backend_}};
  AllAtOnce caller(backends);
  ASSERT_TRUE(run(made, world_.catalog, inventory, {}, clock_, reporter_, stop_,
                  {.id = "r", .process = "test", .parallelism = 10}, caller));
  int full = 0;
  for (const auto& [given, of_use] : caller.paces) {
    if (given < 10) continue;
    ++full;
    EXPECT_GE(of_use, 10u);
  }
  EXPECT_GT(full, 0);
}

// One thread makes the calls in their order: once it is in the last one, all others have been answered.
TEST_F(Executor, WorkersGiveNoMoreAnswersAtOnceThanAreOfUseAndLoseNone) {
  const Backends backends{{"fake", &gate_}};
  const auto workers = make_workers(backends, 1);
  std::vector<Call> calls;
  for (int id = 1; id <= 8; ++id)
    calls.push_back({.id = id,
                     .kind = id < 8 ? CallKind::observe : CallKind::create,
                     .instance = "fake",
                     .requests = {{.address = fast("a"), .nonce = "n"}}});
  const auto taken = [&](std::chrono::milliseconds time) {
    std::vector<int> ids;
    for (const CallResult& result : workers->wait(time)) ids.push_back(result.call);
    return ids;
  };
  workers->pace(3);
  workers->start(std::move(calls));
  while (!gate_.entered) std::this_thread::yield();
  for (const std::vector<int>& ids : {std::vector{1, 2, 3}, {4, 5, 6}, {7}, {}})
    EXPECT_EQ(taken(std::chrono::milliseconds(0)), ids);
  gate_.open = true;
  EXPECT_EQ(taken(std::chrono::minutes(1)), std::vector{8});
}

TEST_F(Executor, CallsNothingThatIsNotRecorded) {
  FullInventory inventory(world_.inventory, 1);
  const auto result = execute(plan({resource(fast("a"))}), inventory, backend_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::resource_exhausted);
  EXPECT_TRUE(backend_.effects().empty());
}

TEST_F(Executor, IsBrokenOffWhereNothingCanBeRecordedAnyMore) {
  const Plan made = plan({resource(fast("a")), resource(fast("b"), {{"fast", {"a"}}})});
  FullInventory inventory(world_.inventory, 2);  // the begin, and the intent of a
  const auto result = execute(made, inventory, backend_);
  ASSERT_TRUE(result);
  ASSERT_TRUE(result->broken_off);
  EXPECT_EQ(result->broken_off->message, "disk full");
  EXPECT_TRUE(backend_.world().contains(fast("a")));
  EXPECT_FALSE(backend_.world().contains(fast("b")));
}

TEST_F(Executor, TheFirstInterruptLetsCallsReturn) {
  const Plan made = plan({resource(fast("a")), resource(fast("b"), {{"fast", {"a"}}})});
  const std::jthread person = once([this] { return gate_.entered.load(); },
                                   [this] {
                                     stop_ = 1;
                                     gate_.open = true;
                                   });
  const auto result = execute(made, world_.inventory, gate_);
  ASSERT_TRUE(result);
  EXPECT_TRUE(gate_.bounded);
  EXPECT_TRUE(backend_.world().contains(fast("a")));
  EXPECT_FALSE(backend_.world().contains(fast("b")));
  EXPECT_TRUE(result->interrupted);
  EXPECT_TRUE(world_.inventory.last_run().value()->ended);
}

// What waits for a turn of its own is told, and knows that it has not begun.
class Waiting final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<Outcome> create(const Request& request, const CallContext& context) override {
    entered = true;
    while (!context.hold.stop_requested()) std::this_thread::yield();
    if (context.stop.stop_requested()) return ForwardingBackend::create(request, context);
    return Error{Code::unavailable, "its turn had not come"};
  }
  Result<Observed> observe(const std::vector<Request>& requests, const CallContext& context) override {
    EXPECT_FALSE(context.hold.stop_possible());
    return ForwardingBackend::observe(requests, context);
  }
  std::atomic<bool> entered = false;
};

TEST_F(Executor, TheFirstInterruptBeginsNothingThatStillWaits) {
  Waiting waiting(backend_);
  const Plan made = plan({resource(fast("a"))});
  const std::jthread person = once([&] { return waiting.entered.load(); }, [this] { stop_ = 1; });
  const auto result = execute(made, world_.inventory, waiting);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->interrupted);
  EXPECT_TRUE(backend_.world().empty());
  EXPECT_TRUE(world_.inventory.owned()->front().intent);
}

TEST_F(Executor, TheSecondInterruptAbandonsCallsAndLosesNothing) {
  const Plan made = plan({resource(fast("a"))});
  const std::jthread person = once([this] { return gate_.entered.load(); }, [this] { stop_ = 2; });
  const auto result = execute(made, world_.inventory, gate_);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->interrupted);
  ASSERT_EQ(world_.inventory.owned()->size(), 1u);
  EXPECT_TRUE(world_.inventory.owned()->front().intent);
}

// However soon it comes: between a turn and the wait for its answers, too.
TEST_F(Executor, AnInterruptIsHeardWhileATurnHandsOverItsCalls) {
  for (int interrupts : {1, 2}) {
    Simulation world;
    const Plan made = world.plan({resource(fast("a"))});
    const Backends backends{{"fake", &backend_}};
    StopFlag stop = 0;
    InterruptedCaller caller(backends, stop, interrupts);
    const auto result = run(made, world.catalog, world.inventory, {}, clock_, reporter_, stop,
                            {.id = "r", .process = "test", .parallelism = 4}, caller);
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->interrupted);
    EXPECT_TRUE(world.inventory.owned()->front().intent);
  }
}

TEST_F(Executor, OnlyWhatIsWatchedIsHeardOf) {
  Gossip gossip(backend_);
  std::mutex mutex;
  std::set<Address> heard;
  const Plan made = plan({resource(slow("s"))});
  const Catalog catalog = watching();
  const Watches watches(made, catalog, {{"fake", &gossip}}, [&](const Address& address) {
    const std::lock_guard lock(mutex);
    heard.insert(address);
  });
  const auto told = [&] {
    const std::lock_guard lock(mutex);
    return heard;
  };
  while (told().empty()) std::this_thread::yield();
  EXPECT_EQ(told(), std::set<Address>{slow("s")});
}

// The run's own time stands still: only what it hears makes it look again.
TEST_F(Executor, WhatAPluginNotifiesOfIsLookedAtAtOnce) {
  const FakeClock standing;
  FakeClock world_time;
  FakeBackend backend(world_time);
  backend.script(slow("s"), {.ready_after = std::chrono::seconds(10)});
  Bell bell(backend);
  const Plan made = plan({resource(slow("s"))});
  const std::jthread person = once([&] { return backend.world().contains(slow("s")); },
                                   [&] { world_time.advance(std::chrono::seconds(10)); });
  const Catalog catalog = watching();
  const auto result = run(made, catalog, {{"fake", &bell}}, world_.inventory, {}, standing, reporter_, stop_,
                          {.id = "r", .process = "test", .parallelism = 4});
  ASSERT_TRUE(result);
  ASSERT_EQ(result->steps.size(), 2U) << "the create and its await";
  for (const StepRecord& step : result->steps) EXPECT_EQ(step.status, StepStatus::done) << step.reason;
}

}  // namespace
}  // namespace tenon
