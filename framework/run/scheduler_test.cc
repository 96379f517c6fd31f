#include "framework/run/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "framework/run/executor.h"
#include "framework/run/simulation.h"

namespace tenon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The steps of a result, one line each: "create Fast a: done".
std::string told(const Plan& plan, const Simulated& result) {
  std::string text;
  for (const StepRecord& step : result.steps) {
    const Step& planned = plan.steps[static_cast<size_t>(step.step)];
    text += std::string(to_string(planned.kind)) + " " + planned.address.kind + " " + planned.address.name +
            ": " + std::string(to_string(step.status)) + (step.reason.empty() ? "" : ": " + step.reason) +
            "\n";
  }
  return text;
}

int changes_of(const FakeBackend& backend, const Address& address, Method method) {
  const auto effects = backend.effects();
  return static_cast<int>(std::count_if(effects.begin(), effects.end(), [&](const FakeEffect& effect) {
    return effect.address == address && effect.method == method && effect.changed;
  }));
}

int calls_of(const Simulated& result, CallKind kind) {
  return static_cast<int>(std::count_if(result.calls.begin(), result.calls.end(),
                                        [kind](const Call& call) { return call.kind == kind; }));
}

class Scheduler : public testing::Test {
 protected:
  // Plans and runs; says what became of each step.
  std::string apply(std::vector<Resource> desired, const SimulationOptions& options = {},
                    const PlanOptions& plan_options = {}) {
    plan_ = world_.plan(std::move(desired), plan_options);
    EXPECT_EQ(plan_.notes, std::vector<std::string>());
    EXPECT_FALSE(plan_.refused());
    result_ = world_.run(plan_, options);
    EXPECT_FALSE(result_.stuck);
    return told(plan_, result_);
  }
  std::optional<Owned> row(const Address& address) {
    const auto owned = world_.inventory.owned().value();
    const auto it =
        std::find_if(owned.begin(), owned.end(), [&](const Owned& o) { return o.address == address; });
    return it == owned.end() ? std::nullopt : std::optional<Owned>(*it);
  }
  Duration since_start() const { return world_.clock.now() - Time(std::chrono::hours(1)); }

  Simulation world_;
  Plan plan_;
  Simulated result_;
};

TEST_F(Scheduler, CreatesAndRecordsWhatWasApplied) {
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 1}})}), "create Fast a: done\n");
  const auto owned = row(fast("a"));
  ASSERT_TRUE(owned);
  const FakeObject object = world_.backend.world().at(fast("a"));
  EXPECT_EQ(owned->applied, Json({{"size", 1}}));
  EXPECT_EQ(owned->nonce, object.mark.nonce);
  EXPECT_EQ(owned->generation, object.mark.generation);
  EXPECT_EQ(owned->identity, object.identity);
  EXPECT_EQ(owned->intent, std::nullopt);
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 1}})}), "");
}

TEST_F(Scheduler, TheIntentIsDurableBeforeTheObjectExists) {
  std::optional<Intent> intent;
  world_.backend.on_effect([&](const FakeEffect&, const FakeBackend&) { intent = row(fast("a"))->intent; });
  apply({resource(fast("a"), {{"size", 1}})});
  ASSERT_TRUE(intent);
  EXPECT_EQ(intent->nonce, row(fast("a"))->nonce);
  EXPECT_EQ(intent->spec, Json({{"size", 1}}));
  EXPECT_EQ(intent->before, Existence::absent);
}

TEST_F(Scheduler, AnIntentKnowsWhatItsObjectRequires) {
  std::optional<Owned> begun;
  world_.backend.on_effect([&](const FakeEffect& effect, const FakeBackend&) {
    if (effect.address == fast("vm")) begun = row(fast("vm"));
  });
  apply({resource(fast("vm"), {{"slow", {"disk"}}}), resource(slow("disk"))});
  ASSERT_TRUE(begun && begun->intent);
  EXPECT_EQ(begun->dependencies, std::vector<Address>{slow("disk")});
}

TEST_F(Scheduler, ACreateEndsWhenItsObjectIsObserved) {
  world_.backend.script(fast("a"), {.appears_after = seconds(5)});
  EXPECT_EQ(apply({resource(fast("a"))}), "create Fast a: done\n");
  EXPECT_GE(since_start(), seconds(5));
  EXPECT_EQ(changes_of(world_.backend, fast("a"), Method::create), 1);
}

TEST_F(Scheduler, ACreateThatFindsItsObjectMadeStillStartsIt) {
  apply({resource(fast("a"))});
  Owned killed_before_the_start = *row(fast("a"));
  killed_before_the_start.intent = Intent{.nonce = killed_before_the_start.nonce,
                                          .generation = killed_before_the_start.generation,
                                          .spec = Json::object()};
  killed_before_the_start.applied = nullptr;
  ASSERT_TRUE(world_.inventory.commit({PutOwned{killed_before_the_start}}));
  plan_ = world_.plan({resource(fast("a"))});
  ASSERT_EQ(plan_.steps.size(), 1u);
  plan_.steps[0].operations = {"start"};
  result_ = world_.run(plan_);
  EXPECT_EQ(told(plan_, result_), "create Fast a: done\n");
  EXPECT_EQ(calls_of(result_, CallKind::create), 1);
  EXPECT_EQ(changes_of(world_.backend, fast("a"), Method::create), 1);
}

TEST_F(Scheduler, ADependantStartsOnlyWhenItsRequirementIsReady) {
  world_.backend.script(slow("disk"), {.ready_after = seconds(100)});
  std::string phase;
  world_.backend.on_effect([&](const FakeEffect& effect, const FakeBackend& backend) {
    if (effect.address == fast("vm")) phase = backend.look(slow("disk")).phase;
  });
  EXPECT_EQ(apply({resource(fast("vm"), {{"slow", {"disk"}}}), resource(slow("disk"))}),
            "create Slow disk: done\nawait Slow disk: done\ncreate Fast vm: done\n");
  EXPECT_EQ(phase, "Ready");
  EXPECT_GE(since_start(), seconds(100));
}

TEST_F(Scheduler, ADeleteThatIsInProgressIsAskedForAgain) {
  apply({resource(fast("a"))});
  world_.backend.script(fast("a"), {.late_deletes = 2});
  EXPECT_EQ(apply({}, {}, {.approved = {fast("a")}, .destroy = true}), "delete Fast a: done\n");
  EXPECT_EQ(calls_of(result_, CallKind::remove), 3);
  EXPECT_EQ(row(fast("a")), std::nullopt);
}

TEST_F(Scheduler, WhatIsFilledAfterThePlanIsDeletedOnlyIfApproved) {
  apply({resource(fast("a"))});
  world_.backend.script(fast("a"), {.final_phase = "Empty"});
  const Plan without = world_.plan({}, {.destroy = true});
  const Plan approved = world_.plan({}, {.approved = {fast("a")}, .destroy = true});
  world_.backend.script(fast("a"), {});
  const Simulated refused = world_.run(without);
  EXPECT_NE(told(without, refused).find("failed: test/Fast/default/a was filled"), std::string::npos)
      << told(without, refused);
  EXPECT_TRUE(world_.backend.world().contains(fast("a")));
  EXPECT_EQ(told(approved, world_.run(approved)), "delete Fast a: done\n");
}

TEST_F(Scheduler, AnAwaitReportsAndRecordsItsProgress) {
  world_.backend.script(slow("disk"), {.ready_after = seconds(10)});
  apply({resource(slow("disk"))});
  std::vector<double> progress;
  for (const StepEvent& event : result_.events)
    if (event.progress && event.status == StepStatus::waiting) progress.push_back(*event.progress);
  ASSERT_GT(progress.size(), 5u);
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_EQ(world_.inventory.last_run().value()->steps[1].status, StepStatus::done);
}

TEST_F(Scheduler, AnAwaitOfSomethingStuckTimesOut) {
  apply({resource(slow("disk"))});
  world_.backend.change([](FakeWorld& world) { world.at(slow("disk")).deaths_left = 0; });
  world_.backend.script(slow("disk"), {.final_phase = "Stuck"});
  const std::string said = apply({resource(slow("disk")), resource(fast("vm"), {{"slow", {"disk"}}})});
  EXPECT_NE(said.find("await Slow disk: failed: no progress for 60 min"), std::string::npos) << said;
  EXPECT_NE(said.find("create Fast vm: skipped: await of test/Slow/default/disk failed"), std::string::npos)
      << said;
}

// Also over a run in which nobody could look: it did not make anything move either.
TEST_F(Scheduler, TimeWithoutProgressCountsAcrossRuns) {
  const std::vector<Resource> desired = {resource(slow("disk"))};
  const auto minutes = [](int n) { return std::chrono::minutes(n); };
  const Script stuck{.final_phase = "Stuck"};
  world_.backend.script(slow("disk"), stuck);
  const Time began = world_.clock.now();
  apply(desired, {.stopping = [&] { return world_.clock.now() >= began + minutes(20); }});
  EXPECT_EQ(result_.steps.back().status, StepStatus::pending);
  for (int run = 0; run < 2; ++run) {
    world_.backend.script(slow("disk"), {.faults = {{.method = Method::observe, .times = 1000}}});
    EXPECT_EQ(apply(desired), "");
    EXPECT_TRUE(plan_.blocked());
    world_.clock.advance(minutes(10));
  }
  world_.backend.script(slow("disk"), stuck);
  EXPECT_NE(apply(desired).find("await Slow disk: failed: no progress for 60 min"), std::string::npos);
  EXPECT_LT(world_.clock.now() - began, minutes(62));
  world_.clock.advance(minutes(1));
  const Time anew = world_.clock.now();
  apply(desired);
  EXPECT_GE(world_.clock.now() - anew, minutes(60)) << "it has been told";
}

// An import that fails: what waits for it never starts, everything else does.
TEST_F(Scheduler, AFailureSkipsDescendantsNamingTheCauseAndNobodyElse) {
  world_.backend.script(slow("disk"), {.ready_after = seconds(3), .final_phase = "Failed"});
  const std::string said = apply({resource(slow("disk")), resource(fast("vm"), {{"slow", {"disk"}}}),
                                  resource(fast("vm2"), {{"fast", {"vm"}}}), resource(fast("other"))});
  EXPECT_NE(said.find("await Slow disk: failed: Slow disk is Failed"), std::string::npos) << said;
  EXPECT_NE(said.find("create Fast vm: skipped: await of test/Slow/default/disk failed"), std::string::npos)
      << said;
  EXPECT_NE(said.find("create Fast vm2: skipped: await of test/Slow/default/disk failed"), std::string::npos)
      << said;
  EXPECT_NE(said.find("create Fast other: done"), std::string::npos) << said;
  EXPECT_FALSE(world_.backend.world().contains(fast("vm")));
}

TEST_F(Scheduler, RetriesTransientErrorsWithBackOff) {
  world_.backend.script(fast("a"),
                        {.faults = {{.method = Method::create, .code = Code::unavailable, .times = 3}}});
  EXPECT_EQ(apply({resource(fast("a"))}), "create Fast a: done\n");
  EXPECT_GE(since_start(), Duration(200 + 400 + 800));
  EXPECT_EQ(result_.steps[0].attempts, 4);
}

TEST_F(Scheduler, GivesUpAfterManyTransientErrors) {
  world_.backend.script(fast("a"),
                        {.faults = {{.method = Method::create, .code = Code::unavailable, .times = 99}}});
  EXPECT_NE(apply({resource(fast("a"))}).find("failed"), std::string::npos);
  EXPECT_EQ(result_.steps[0].attempts, 9);
  EXPECT_FALSE(world_.backend.world().contains(fast("a")));
}

TEST_F(Scheduler, ACrashAfterTheEffectIsObservedAndNotRepeated) {
  world_.backend.script(
      fast("a"), {.faults = {{.method = Method::create, .code = Code::crashed, .after_effect = true}}});
  EXPECT_EQ(apply({resource(fast("a"))}), "create Fast a: done\n");
  EXPECT_EQ(calls_of(result_, CallKind::create), 1);
}

TEST_F(Scheduler, ACrashBeforeTheEffectIsTriedOnceAgainWithTheSameNonce) {
  world_.backend.script(fast("a"), {.faults = {{.method = Method::create, .code = Code::crashed}}});
  EXPECT_EQ(apply({resource(fast("a"))}), "create Fast a: done\n");
  std::set<std::string> nonces;
  for (const Call& call : result_.calls)
    if (call.kind == CallKind::create) nonces.insert(call.requests.front().nonce);
  EXPECT_EQ(calls_of(result_, CallKind::create), 2);
  EXPECT_EQ(nonces.size(), 1u);
}

TEST_F(Scheduler, TwoCrashesEndTheStep) {
  world_.backend.script(
      fast("a"), {.faults = {{.method = Method::create, .code = Code::deadline_exceeded, .times = 9}}});
  EXPECT_NE(apply({resource(fast("a"))}).find("failed"), std::string::npos);
  EXPECT_EQ(calls_of(result_, CallKind::create), 2);
}

TEST_F(Scheduler, UnknownIsNeverTakenForAbsent) {
  apply({resource(fast("a"))});
  plan_ = world_.plan({}, {.approved = {fast("a")}, .destroy = true});
  world_.backend.script(
      fast("a"), {.faults = {{.method = Method::observe, .code = Code::permission_denied, .times = 3}}});
  result_ = world_.run(plan_);
  EXPECT_EQ(told(plan_, result_), "delete Fast a: done\n");
  EXPECT_EQ(changes_of(world_.backend, fast("a"), Method::remove), 1);
}

TEST_F(Scheduler, WhatStaysUnknownIsNotCreated) {
  plan_ = world_.plan({resource(fast("a"))});
  world_.backend.script(fast("a"), {.faults = {{.method = Method::observe, .times = 1000}}});
  result_ = world_.run(plan_);
  EXPECT_NE(told(plan_, result_).find("create Fast a: failed: no progress for 2 min"), std::string::npos)
      << told(plan_, result_);
  EXPECT_TRUE(world_.backend.effects().empty());
}

// The requirement is lost between the plan and the call.
TEST_F(Scheduler, AGuardIsObservedAgainBeforeTheCall) {
  apply({resource(slow("disk"))});
  plan_ = world_.plan({resource(slow("disk")), resource(fast("vm"), {{"slow", {"disk"}}})});
  world_.backend.script(slow("disk"), {.ready_after = seconds(60)});
  world_.backend.change([&](FakeWorld& world) { world.at(slow("disk")).work_began = world_.clock.now(); });
  const Time began = world_.clock.now();
  result_ = world_.run(plan_);
  EXPECT_EQ(told(plan_, result_), "create Fast vm: done\n");
  EXPECT_GE(world_.clock.now() - began, seconds(60));
  const auto waited = std::find_if(result_.events.begin(), result_.events.end(), [](const StepEvent& event) {
    return event.status == StepStatus::waiting &&
           event.text.find("Slow disk is Working") != std::string::npos;
  });
  EXPECT_NE(waited, result_.events.end());
}

TEST_F(Scheduler, AnUpdateIsSentAndRecorded) {
  apply({resource(fast("a"), {{"size", 1}})});
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 2}})}), "update Fast a: done\n");
  EXPECT_EQ(row(fast("a"))->applied, Json({{"size", 2}}));
  EXPECT_EQ(world_.backend.world().at(fast("a")).spec, Json({{"size", 2}}));
}

TEST_F(Scheduler, ADeleteEndsWhenItIsObservedAbsent) {
  world_.backend.script(fast("a"), {.gone_after = seconds(20)});
  apply({resource(fast("a"))});
  const Time began = world_.clock.now();
  EXPECT_EQ(apply({}, {}, {.approved = {fast("a")}, .destroy = true}), "delete Fast a: done\n");
  EXPECT_GE(world_.clock.now() - began, seconds(20));
  EXPECT_EQ(row(fast("a")), std::nullopt);
}

TEST_F(Scheduler, DependantsAreDeletedFirst) {
  const std::vector<Resource> both = {resource(fast("vm"), {{"slow", {"disk"}}}), resource(slow("disk"))};
  apply(both);
  world_.backend.script(fast("vm"), {.gone_after = seconds(20)});
  bool vm_there = true;
  world_.backend.on_effect([&](const FakeEffect& effect, const FakeBackend& backend) {
    if (effect.address == slow("disk")) vm_there = backend.world().contains(fast("vm"));
  });
  apply({}, {}, {.approved = {fast("vm"), slow("disk")}, .destroy = true});
  EXPECT_FALSE(vm_there);
  EXPECT_TRUE(world_.backend.world().empty());
  EXPECT_TRUE(world_.inventory.owned()->empty());
}

TEST_F(Scheduler, ANewUserHoldsADeleteBack) {
  apply({resource(fast("a"))});
  plan_ = world_.plan({}, {.approved = {fast("a")}, .destroy = true});
  world_.backend.change([](FakeWorld& world) { world.at(fast("a")).users = {"domain x"}; });
  result_ = world_.run(plan_);
  EXPECT_NE(told(plan_, result_).find("still used by domain x"), std::string::npos) << told(plan_, result_);
  EXPECT_TRUE(world_.backend.world().contains(fast("a")));
}

TEST_F(Scheduler, AnObjectThatAppearsFromElsewhereIsRefusedByNameOfItsOwner) {
  plan_ = world_.plan({resource(fast("a"))});
  world_.backend.change([](FakeWorld& world) {
    world[fast("a")].mark = {
        .inventory = "other", .address = "test/Fast/default/a", .nonce = "n", .generation = "g"};
  });
  result_ = world_.run(plan_);
  EXPECT_NE(told(plan_, result_).find("belongs to test/Fast/default/a of inventory other"),
            std::string::npos);
  EXPECT_TRUE(world_.backend.effects().empty());
}

// Another run has deleted it and made it again.
TEST_F(Scheduler, AnObjectThatWasMadeAnewSinceThePlanIsNotTouched) {
  for (const bool destroy : {false, true}) {
    Simulation world;
    world.run(world.plan({resource(fast("a"), {{"size", 1}})}));
    const Plan plan = destroy ? world.plan({}, {.approved = {fast("a")}, .destroy = true})
                              : world.plan({resource(fast("a"), {{"size", 2}})});
    world.backend.change([](FakeWorld& objects) { objects.at(fast("a")).mark.nonce = "another"; });
    const size_t before = world.backend.effects().size();

    const Simulated result = world.run(plan);

    ASSERT_EQ(result.steps.size(), 1u);
    EXPECT_EQ(result.steps[0].status, StepStatus::failed);
    EXPECT_NE(result.steps[0].reason.find("another object than the one"), std::string::npos)
        << result.steps[0].reason;
    EXPECT_EQ(world.backend.effects().size(), before);
  }
}

TEST_F(Scheduler, AnObjectWithoutAMarkIsNotTouched) {
  plan_ = world_.plan({resource(fast("a"))});
  world_.backend.change([](FakeWorld& world) { world[fast("a")].identity = "x"; });
  result_ = world_.run(plan_);
  EXPECT_NE(told(plan_, result_).find("carries no mark"), std::string::npos) << told(plan_, result_);
  EXPECT_TRUE(world_.backend.effects().empty());
}

TEST_F(Scheduler, ValuesAreFilledInFromWhatWasJustCreated) {
  const Json from = {{"tenon.dev/ref", "test/Fast/default/a"}, {"path", "/path"}};
  EXPECT_EQ(apply({resource(fast("b"), {{"from", from}}), resource(fast("a"))}),
            "create Fast a: done\ncreate Fast b: done\n");
  const FakeWorld world = world_.backend.world();
  const std::string path = "/fake/a/" + world.at(fast("a")).mark.nonce;
  EXPECT_EQ(world.at(fast("b")).spec, Json({{"from", path}}));
  EXPECT_EQ(row(fast("b"))->applied, Json({{"from", path}}));
}

TEST_F(Scheduler, AValueThatIsNotThereAsksForAnotherPlan) {
  const Json from = {{"tenon.dev/ref", "test/Fast/default/a"}, {"path", "/nothing"}};
  const std::string said = apply({resource(fast("b"), {{"from", from}}), resource(fast("a"))});
  EXPECT_NE(said.find("create Fast b: failed: the value at /from"), std::string::npos) << said;
  EXPECT_NE(said.find("plan again"), std::string::npos) << said;
}

TEST_F(Scheduler, AValueOfTheWrongTypeIsNotSent) {
  const Json from = {{"tenon.dev/ref", "test/Fast/default/a"}, {"path", "/path"}};
  const std::string said = apply({resource(fast("b"), {{"size", from}}), resource(fast("a"))});
  EXPECT_NE(said.find("is not accepted: /size"), std::string::npos) << said;
  EXPECT_FALSE(world_.backend.world().contains(fast("b")));
}

TEST_F(Scheduler, ADeadWorkerIsReplacedWithinTheRun) {
  world_.backend.script(slow("disk"), {.ready_after = seconds(10), .worker_deaths = 2});
  EXPECT_EQ(apply({resource(slow("disk"))}), "create Slow disk: done\nawait Slow disk: done\n");
  std::set<std::string> nonces;
  for (const Call& call : result_.calls)
    if (call.kind == CallKind::create) nonces.insert(call.requests.front().nonce);
  EXPECT_EQ(calls_of(result_, CallKind::create), 3);
  EXPECT_EQ(nonces.size(), 1u);
  EXPECT_EQ(changes_of(world_.backend, slow("disk"), Method::create), 1);
}

TEST_F(Scheduler, AWorkerThatAlwaysDiesFailsTheAwait) {
  world_.backend.script(slow("disk"), {.ready_after = seconds(10), .worker_deaths = 1000});
  EXPECT_NE(apply({resource(slow("disk"))}).find("its worker ended again and again"), std::string::npos);
}

TEST_F(Scheduler, StoppingLetsCallsReturnAndLeavesTheRestPending) {
  world_.backend.script(slow("disk"), {.ready_after = seconds(100)});
  bool stop = false;
  world_.backend.on_effect([&](const FakeEffect&, const FakeBackend&) { stop = true; });
  const std::vector<Resource> both = {resource(fast("vm"), {{"slow", {"disk"}}}), resource(slow("disk"))};
  apply(both, {.stopping = [&] { return stop; }});
  for (const StepRecord& step : result_.steps) EXPECT_EQ(step.status, StepStatus::pending);
  EXPECT_TRUE(row(slow("disk"))->intent);
  EXPECT_TRUE(world_.inventory.last_run().value()->ended);
  EXPECT_EQ(calls_of(result_, CallKind::create), 1);

  stop = false;
  EXPECT_EQ(apply(both).find("failed"), std::string::npos);
  EXPECT_EQ(changes_of(world_.backend, slow("disk"), Method::create), 1);
  EXPECT_TRUE(world_.backend.world().contains(fast("vm")));
  world_.backend.on_effect(nullptr);
  EXPECT_EQ(apply(both), "");
}

TEST_F(Scheduler, MakesNoMoreCallsAtOnceThanAllowed) {
  std::vector<Resource> many;
  for (int i = 0; i < 40; ++i) many.push_back(resource(fast("n" + std::to_string(i))));
  apply(many, {.parallelism = 3});
  EXPECT_EQ(result_.most_calls, 3);
  EXPECT_EQ(world_.backend.world().size(), 40u);
}

TEST_F(Scheduler, WhatExistsHoldsWhatItWasMadeWithUntilAChangeHasSucceeded) {
  const std::vector<Resource> both = {resource(fast("base")), resource(slow("user"), {{"fast", {"base"}}})};
  world_.backend.script(slow("user"), {.ready_after = seconds(4), .worker_deaths = 1});
  apply(both, {.kill_after = 20});
  ASSERT_TRUE(row(slow("user")));
  world_.clock.advance(seconds(60));
  // Its worker is dead; it is to go on without the base, and that fails.
  world_.backend.script(slow("user"), {.ready_after = seconds(4),
                                       .faults = {{.method = Method::create, .code = Code::internal}}});
  const std::vector<Resource> alone = {resource(slow("user"))};
  const PlanOptions options{.approved = {fast("base")}, .prune = true};
  for (int attempt = 0; attempt < 2; ++attempt) {
    plan_ = world_.plan(alone, options);
    const auto deletes = [](const Step& step) { return step.kind == StepKind::remove; };
    const auto removal = std::find_if(plan_.steps.begin(), plan_.steps.end(), deletes);
    ASSERT_NE(removal, plan_.steps.end());
    EXPECT_FALSE(removal->after.empty()) << "attempt " << attempt;
    if (attempt == 0) world_.run(plan_);
  }
}

TEST_F(Scheduler, TheRunIsRecordedWithItsPlan) {
  apply({resource(fast("a"))});
  const auto run = world_.inventory.last_run().value();
  ASSERT_TRUE(run);
  EXPECT_EQ(Json::parse(run->plan).at("steps").size(), 1u);
  EXPECT_EQ(run->steps[0].status, StepStatus::done);
  EXPECT_TRUE(run->ended);
}

TEST_F(Scheduler, WhatNobodyWroteIsRecordedAsSuch) {
  Plan plan = world_.plan({resource(fast("a"), {{"size", 1}})});
  plan.steps[0].defaulted = {"/size"};
  world_.run(plan);
  EXPECT_EQ(row(fast("a"))->defaulted, std::vector<std::string>{"/size"});
}

// What becomes of a call that fails once, how often it is made, and whether the world is as it was asked for.
std::string fate(Method method, Code code, bool after_effect) {
  Simulation world;
  if (method != Method::create) world.run(world.plan({resource(fast("a"), {{"size", 1}})}));
  const bool removes = method == Method::remove;
  const Plan plan = removes ? world.plan({}, {.approved = {fast("a")}, .destroy = true})
                            : world.plan({resource(fast("a"), {{"size", 2}})});
  world.backend.script(fast("a"),
                       {.faults = {{.method = method, .code = code, .after_effect = after_effect}}});
  const Simulated result = world.run(plan);
  const FakeWorld left = world.backend.world();
  const bool there = left.contains(fast("a"));
  const bool as_asked = removes ? !there : there && left.at(fast("a")).spec == Json({{"size", 2}});
  const auto calls = std::count_if(result.calls.begin(), result.calls.end(), [](const Call& call) {
    return call.kind != CallKind::observe && call.kind != CallKind::check;
  });
  return std::to_string(calls) + " " + std::string(to_string(result.steps[0].status)) +
         (as_asked ? ", as asked" : "");
}

class EveryCall : public testing::TestWithParam<Method> {};

TEST_P(EveryCall, EveryErrorCodeIsOfItsClass) {
  const Method method = GetParam();
  // What has changed is changed once more, which is harmless; what is made, and what is gone, shows.
  const std::string when_done = method == Method::update ? "2 done, as asked" : "1 done, as asked";
  for (Code code : {Code::invalid_argument, Code::not_found, Code::already_exists, Code::failed_precondition,
                    Code::permission_denied, Code::unauthenticated, Code::unimplemented, Code::internal}) {
    EXPECT_EQ(fate(method, code, false), "1 failed") << to_string(code);
    EXPECT_EQ(fate(method, code, true), "1 failed, as asked") << to_string(code);
  }
  for (Code code : {Code::unavailable, Code::resource_exhausted, Code::aborted, Code::deadline_exceeded,
                    Code::cancelled, Code::crashed}) {
    EXPECT_EQ(fate(method, code, false), "2 done, as asked") << to_string(code);
    EXPECT_EQ(fate(method, code, true), when_done) << to_string(code);
  }
}

std::string name_of(const testing::TestParamInfo<Method>& info) {
  return info.param == Method::create ? "Create" : info.param == Method::update ? "Update" : "Delete";
}

INSTANTIATE_TEST_SUITE_P(Scheduler, EveryCall,
                         testing::Values(Method::create, Method::update, Method::remove), name_of);

TEST_F(Scheduler, AnEmptyPlanEndsAtOnce) {
  EXPECT_EQ(apply({}), "");
  EXPECT_TRUE(result_.calls.empty());
}

}  // namespace
}  // namespace tenon
