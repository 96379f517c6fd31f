// Creates of backends that cannot make a thing twice harmlessly, or not with its mark; and what a call
// reports.
#include <gtest/gtest.h>

#include <algorithm>

#include "framework/run/simulation.h"

namespace tenon {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "fake", "version": "1", "kinds": [
    {"group": "test", "kind": "Odd", "versions": ["v1"], "ready": {"phases": ["Ready"]},
     "create": {"idempotent": false, "settle": "30s"}, "schema": SCHEMA,
     "requirements": [{"name": "fast", "path": "/fast", "target": "test/Fast", "timeout": "90s"}]},
    {"group": "test", "kind": "Late", "versions": ["v1"], "ready": {"phases": ["Ready"]},
     "create": {"marked": "later"}, "schema": SCHEMA},
    {"group": "test", "kind": "Fast", "versions": ["v1"], "ready": {"phases": ["Ready"]}, "schema": SCHEMA}]})";

Catalog kinds() {
  std::string text = kManifest;
  const std::string word = "SCHEMA";
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word))
    text.replace(
        at, word.size(),
        R"({"type": "object", "properties": {"size": {"type": "integer"}, "fast": {"type": "string"}}})");
  return Catalog({{"fake", std::make_shared<const Manifest>(parse_manifest(text).value())}}, {});
}

Address odd(const std::string& name) { return {"test", "Odd", "default", name}; }
Address late(const std::string& name) { return {"test", "Late", "default", name}; }

class Creates : public testing::Test {
 protected:
  // Plans and runs; what became of the steps, one line each.
  std::string apply(std::vector<Resource> desired, const SimulationOptions& options = {},
                    const PlanOptions& plan_options = {}) {
    const Plan plan = world_.plan(std::move(desired), plan_options);
    EXPECT_FALSE(plan.refused());
    result_ = world_.run(plan, options);
    EXPECT_FALSE(result_.stuck);
    std::string text;
    for (const StepRecord& record : result_.steps)
      text += std::string(to_string(plan.steps[static_cast<size_t>(record.step)].kind)) + ": " +
              std::string(to_string(record.status)) + (record.reason.empty() ? "" : ": " + record.reason) +
              "\n";
    return text;
  }
  void script(const Address& address, Script script) {
    script.doubles = address.kind == "Odd";
    script.marks_later = address.kind == "Late";
    world_.backend.script(address, std::move(script));
  }
  // A run that dies as soon as its create has been made, or on the way there.
  void die_creating(const Address& address) {
    const Plan plan = world_.plan({resource(address)});
    for (int after = 1; world_.backend.effects().empty(); ++after) {
      ASSERT_LT(after, 500);
      std::mt19937 random(static_cast<unsigned>(after));
      world_.run(plan, {.random = &random, .kill_after = after});
    }
  }
  std::vector<Call> creates() const {
    std::vector<Call> calls;
    for (const Call& call : result_.calls)
      if (call.kind == CallKind::create) calls.push_back(call);
    return calls;
  }
  std::optional<Owned> row() {
    const auto owned = world_.inventory.owned().value();
    return owned.empty() ? std::nullopt : std::optional<Owned>(owned.front());
  }
  bool waited_for(const std::string& reason) const {
    return std::any_of(result_.events.begin(), result_.events.end(), [&](const StepEvent& event) {
      return event.status == StepStatus::waiting && event.text.find(reason) != std::string::npos;
    });
  }

  Simulation world_{kinds()};
  Simulated result_;
};

constexpr const char* kMayBeThere =
    "test/Odd/default/a may have been made by an earlier create and does not show yet; what does not show 30 "
    "s after it was not made";

TEST_F(Creates, WhatShowsLateIsNotMadeTwice) {
  for (const Code code : {Code::crashed, Code::deadline_exceeded, Code::unavailable, Code::aborted}) {
    Simulation world(kinds());
    world.backend.script(odd("a"),
                         {.appears_after = seconds(20),
                          .doubles = true,
                          .faults = {{.method = Method::create, .code = code, .after_effect = true}}});
    const Simulated result = world.run(world.plan({resource(odd("a"))}));
    EXPECT_EQ(result.steps[0].status, StepStatus::done) << result.steps[0].reason;
    EXPECT_EQ(result.steps[0].attempts, 1) << to_string(code);
    EXPECT_EQ(world.backend.world().at(odd("a")).copies, 0) << to_string(code);
  }
}

TEST_F(Creates, WhatDoesNotShowUntilItSettledIsMadeOnceMore) {
  script(odd("a"), {.faults = {{.method = Method::create, .code = Code::crashed}}});
  const Time began = world_.clock.now();
  EXPECT_EQ(apply({resource(odd("a"))}), "create: done\n");
  ASSERT_EQ(creates().size(), 2u);
  EXPECT_EQ(creates()[0].requests[0].nonce, creates()[1].requests[0].nonce);
  EXPECT_GE(world_.clock.now() - began, seconds(30));
  EXPECT_LT(world_.clock.now() - began, seconds(33));
  EXPECT_TRUE(waited_for(kMayBeThere));
}

// The object of a call that was given up may show when the run gives up, too.
TEST_F(Creates, ASecondUnknownOutcomeIsSettledBeforeItFails) {
  script(odd("a"), {.appears_after = seconds(20),
                    .faults = {{.method = Method::create, .code = Code::crashed},
                               {.method = Method::create, .code = Code::crashed, .after_effect = true}}});
  EXPECT_EQ(apply({resource(odd("a"))}), "create: done\n");
  EXPECT_EQ(creates().size(), 2u);
}

// However long that took, or a clock that jumped says that it took.
TEST_F(Creates, TheTimeCountsFromTheEndOfTheCall) {
  for (const Duration takes : {seconds(60), seconds(3600)}) {
    Simulation world(kinds());
    world.backend.script(
        odd("a"), {.appears_after = takes + seconds(20),
                   .doubles = true,
                   .faults = {{.method = Method::create, .code = Code::unavailable, .after_effect = true}}});
    const auto pass = [&](const Call& call, const Simulated&, CallResult&) {
      if (call.kind == CallKind::create) world.clock.advance(takes);
    };
    const Simulated result = world.run(world.plan({resource(odd("a"))}), {.distort = pass});
    EXPECT_EQ(result.steps[0].status, StepStatus::done) << result.steps[0].reason;
    EXPECT_EQ(result.steps[0].attempts, 1);
    EXPECT_EQ(world.backend.world().at(odd("a")).copies, 0);
  }
}

TEST_F(Creates, ARunAfterAKilledOneMakesNothingTwice) {
  int made = 0;
  for (int after = 0; after < 12; ++after) {
    Simulation world(kinds());
    world.backend.script(odd("a"), {.appears_after = seconds(20), .doubles = true});
    std::mt19937 random(static_cast<unsigned>(after));
    const Simulated killed =
        world.run(world.plan({resource(odd("a"))}), {.random = &random, .kill_after = after});
    made += killed.killed && !world.backend.effects().empty();
    const Simulated result = world.run(world.plan({resource(odd("a"))}));
    EXPECT_TRUE(result.steps.empty() || result.steps[0].status == StepStatus::done) << result.steps[0].reason;
    EXPECT_EQ(world.backend.world().at(odd("a")).copies, 0) << "killed after " << after;
    EXPECT_EQ(world.backend.effects().size(), 1u) << "killed after " << after;
  }
  EXPECT_GT(made, 0);
}

// The killed run's call may have ended only now.
TEST_F(Creates, ARunAfterAKilledOneWaitsFromItsBeginningWhateverClocksSay) {
  for (const Duration sent : {seconds(-60), seconds(0), seconds(3600), seconds(3600000)}) {
    Simulation world(kinds());
    Owned row{.address = odd("a"), .instance = "fake"};
    row.intent = Intent{.nonce = "n",
                        .generation = generation_of(Json::object()),
                        .spec = Json::object(),
                        .since = world.clock.now() - sent};
    ASSERT_TRUE(world.inventory.commit({PutOwned{row}}));
    const Time began = world.clock.now();
    const Simulated result = world.run(world.plan({resource(odd("a"))}));
    EXPECT_EQ(result.steps[0].status, StepStatus::done) << result.steps[0].reason;
    const Duration took = world.clock.now() - began;
    EXPECT_GE(took, seconds(30));
    EXPECT_LT(took, seconds(33));
  }
}

// An earlier create of a may have made what does not show: of a run that was killed, or of this one. What a
// requires is not ready from then on until `ready`.
class SettlingCreates : public Creates, public testing::WithParamInterface<const char*> {
 protected:
  SettlingCreates() {
    apply({resource(fast("b"))});
    if (is_killed())
      intend();
    else
      script(odd("a"), {.faults = {{.method = Method::create, .code = Code::crashed}}});
  }

  // How long that took.
  Duration run(Duration ready) {
    const Plan plan = world_.plan({resource(odd("a"), spec_), resource(fast("b"))});
    const Time began = world_.clock.now();
    if (is_killed()) script(fast("b"), {.final_phase = "Away"});
    const auto pass = [&](const Call& call, const Simulated&, CallResult&) {
      if (world_.clock.now() >= began + ready)
        script(fast("b"), {});
      else if (call.kind == CallKind::create)
        script(fast("b"), {.final_phase = "Away"});
    };
    result_ = world_.run(plan, {.distort = pass});
    EXPECT_FALSE(result_.stuck);
    return world_.clock.now() - began;
  }
  static bool is_killed() { return GetParam() == std::string("killed"); }

 private:
  void intend() {
    Owned row{.address = odd("a"), .instance = "fake"};
    row.intent = Intent{.nonce = "n", .generation = generation_of(spec_), .spec = spec_};
    ASSERT_TRUE(world_.inventory.commit({PutOwned{row}}));
  }

  const Json spec_{{"fast", "b"}};
};

TEST_P(SettlingCreates, WhatIsWaitedForBesidesDoesNotBeginTheTimeAnew) {
  const Duration took = run(seconds(40));
  EXPECT_EQ(result_.steps.front().status, StepStatus::done) << result_.steps.front().reason;
  EXPECT_EQ(creates().size(), is_killed() ? 1U : 2U);
  EXPECT_GE(took, seconds(40));
  EXPECT_LT(took, seconds(43));
}

TEST_P(SettlingCreates, GiveUpWhenWhatIsRequiredDoesNotMoveForItsTimeout) {
  const Duration took = run(hours(10));
  EXPECT_EQ(result_.steps.front().status, StepStatus::failed);
  EXPECT_EQ(result_.steps.front().reason.find("no progress for 90 s: "), 0U) << result_.steps.front().reason;
  EXPECT_EQ(creates().size(), is_killed() ? 0U : 1U);
  EXPECT_GE(took, seconds(120));
  EXPECT_LT(took, seconds(123));
}

INSTANTIATE_TEST_SUITE_P(Runs, SettlingCreates, testing::Values("killed", "this"),
                         [](const auto& param) { return std::string(param.param); });

TEST_F(Creates, AnIntentKeepsTheTimeOfItsFirstCall) {
  const Time began = world_.clock.now();
  Time since{};
  world_.backend.on_effect([&](const FakeEffect&, const FakeBackend&) { since = row()->intent->since; });
  script(odd("a"), {.faults = {{.method = Method::create, .code = Code::crashed}}});
  apply({resource(odd("a"))});
  EXPECT_GE(world_.clock.now() - began, seconds(30));
  EXPECT_EQ(since, began);
}

TEST_F(Creates, ACreateThatIsSentAgainWritesNoRowAnew) {
  const auto rows = [](int failures) {
    Simulation world(kinds());
    world.backend.script(fast("a"), {.faults = {{.method = Method::create, .times = failures}}});
    const Simulated result = world.run(world.plan({resource(fast("a"))}));
    EXPECT_EQ(result.steps[0].attempts, failures + 1);
    return result.rows;
  };
  EXPECT_EQ(rows(3), rows(0));
}

// Whatever becomes of the call, the row says then what it was made with.
TEST_F(Creates, WhatTheRecordSaysBesidesIsWrittenBeforeTheSameCreateIsSentAgain) {
  script(late("a"), {.faults = {{.method = Method::create, .code = Code::invalid_argument}}});
  EXPECT_EQ(apply({resource(late("a"))}), "create: failed: as the test wants it: invalid_argument\n");
  ASSERT_TRUE(row() && row()->intent);
  Resource again = resource(late("a"));
  again.annotations["tenon.dev/depends-on"] = "test/Fast/default/b";
  again.labels["tier"] = "web";
  std::optional<Owned> then;
  world_.backend.on_effect([&](const FakeEffect& effect, const FakeBackend&) {
    const auto all = world_.inventory.owned().value();
    for (const Owned& owned : all)
      if (effect.address == late("a") && owned.address == late("a")) then = owned;
  });
  EXPECT_EQ(apply({again, resource(fast("b"))}), "create: done\ncreate: done\n");
  ASSERT_TRUE(then && then->intent);
  EXPECT_EQ(then->dependencies, std::vector<Address>{fast("b")});
  EXPECT_EQ(then->labels.at("tier"), "web");
}

// So its intent stays open, whatever class of error that is.
TEST_F(Creates, WhatWasMadeThoughItsCallWasRefusedIsFoundByTheNextRun) {
  script(odd("a"),
         {.appears_after = seconds(20),
          .faults = {{.method = Method::create, .code = Code::permission_denied, .after_effect = true}}});
  EXPECT_EQ(apply({resource(odd("a"))}), "create: failed: as the test wants it: permission_denied\n");
  EXPECT_EQ(apply({resource(odd("a"))}), "create: done\n");
  EXPECT_TRUE(creates().empty());
  EXPECT_EQ(world_.backend.world().at(odd("a")).copies, 0);
  EXPECT_EQ(row()->nonce, world_.backend.world().at(odd("a")).mark.nonce);
}

TEST_F(Creates, WhatMayStillShowIsNotGivenUp) {
  script(odd("a"), {.appears_after = seconds(20), .final_phase = "Empty"});
  die_creating(odd("a"));
  ASSERT_TRUE(row());
  EXPECT_EQ(apply({}, {}, {.approved = {odd("a")}, .destroy = true}), "delete: done\n");
  EXPECT_TRUE(world_.backend.world().empty());
  EXPECT_EQ(row(), std::nullopt);
}

TEST_F(Creates, TwoObjectsOfOneNonceAreToldAndLeft) {
  script(odd("a"), {});
  const Plan older = world_.plan({resource(odd("a"), {{"size", 1}})});
  apply({resource(odd("a"))});
  world_.backend.change([](FakeWorld& world) { world.at(odd("a")).copies = 1; });
  for (const bool destroy : {false, true}) {
    const Plan plan =
        world_.plan({resource(odd("a"), {{"size", 1}})}, {.approved = {odd("a")}, .destroy = destroy});
    EXPECT_TRUE(plan.blocked() && plan.empty());
    EXPECT_NE(plan.changes[0].reasons[0].find("two objects carry its mark"), std::string::npos);
  }
  const Simulated result = world_.run(older);
  EXPECT_EQ(result.steps[0].status, StepStatus::failed);
  EXPECT_NE(result.steps[0].reason.find("two objects carry its mark"), std::string::npos);
  EXPECT_EQ(world_.backend.world().at(odd("a")).copies, 1);
}

TEST_F(Creates, WhatAnOpenCreateHasNotMarkedIsMarkedByTheSameCreate) {
  script(late("a"), {.faults = {{.method = Method::create, .code = Code::crashed, .after_effect = true}}});
  EXPECT_EQ(apply({resource(late("a"), {{"size", 1}})}), "create: done\n");
  ASSERT_EQ(creates().size(), 2u);
  EXPECT_EQ(creates()[0].requests[0].nonce, creates()[1].requests[0].nonce);
  const FakeObject object = world_.backend.world().at(late("a"));
  EXPECT_EQ(object.mark.inventory, world_.inventory.uuid());
  EXPECT_EQ(row()->nonce, object.mark.nonce);
  EXPECT_EQ(row()->intent, std::nullopt);
  EXPECT_EQ(apply({resource(late("a"), {{"size", 1}})}), "");
}

TEST_F(Creates, WhatAKilledRunHasNotMarkedIsMarkedAsItIsAskedForNow) {
  script(late("a"), {.faults = {{.method = Method::create, .code = Code::crashed, .after_effect = true}}});
  die_creating(late("a"));
  ASSERT_TRUE(world_.backend.world().at(late("a")).mark.inventory.empty());
  EXPECT_EQ(apply({resource(late("a"), {{"size", 2}})}), "create: done\n");
  const FakeObject object = world_.backend.world().at(late("a"));
  EXPECT_EQ(object.mark.inventory, world_.inventory.uuid());
  EXPECT_EQ(object.spec, Json({{"size", 2}}));
  EXPECT_EQ(apply({resource(late("a"), {{"size", 2}})}), "");
}

TEST_F(Creates, WhatHasNoMarkThoughItsKindIsBornWithOneIsSomebodyElses) {
  world_.backend.script(
      fast("a"), {.marks_later = true,
                  .faults = {{.method = Method::create, .code = Code::crashed, .after_effect = true}}});
  EXPECT_NE(apply({resource(fast("a"))}).find("carries no mark"), std::string::npos);
  EXPECT_EQ(creates().size(), 1u);
}

TEST_F(Creates, PrivateStateThatIsTooLargeFailsTheStepAndLosesNothing) {
  bool large = true;
  const SimulationOptions options{.distort = [&](const Call& call, const Simulated&, CallResult& result) {
    if (call.kind != CallKind::create && call.kind != CallKind::update) return;
    auto& outcome = std::get<Result<Outcome>>(result.answer);
    outcome->private_state = large ? Json(std::string(4095, 'x')) : Json(std::string(4094, 'x'));
  }};
  const std::vector<Resource> desired = {resource(fast("a"), {{"size", 1}})};
  EXPECT_NE(apply(desired, options).find("failed: test/Fast/default/a: its plugin returned 4097 bytes of"),
            std::string::npos);
  const std::string identity = world_.backend.world().at(fast("a")).identity;
  ASSERT_TRUE(row() && row()->intent);
  EXPECT_EQ(row()->identity, identity);
  EXPECT_TRUE(row()->private_state.is_null());
  // It is there, so nothing is sent.
  EXPECT_EQ(apply(desired, options), "create: done\n");
  EXPECT_EQ(world_.backend.world().at(fast("a")).identity, identity);
  const auto sized = [](int size) { return std::vector{resource(fast("a"), {{"size", size}})}; };
  large = false;
  EXPECT_EQ(apply(sized(2), options), "update: done\n");
  large = true;
  EXPECT_NE(apply(sized(3), options).find("update: failed"), std::string::npos);
  EXPECT_EQ(row()->private_state, Json(std::string(4094, 'x')));
  large = false;
  EXPECT_EQ(apply(sized(3), options), "update: done\n");
  EXPECT_EQ(apply(sized(3)), "");
}

}  // namespace
}  // namespace tenon
