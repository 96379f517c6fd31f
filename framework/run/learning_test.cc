// What a run learns that its plan did not know: values, and whether there is room.
#include <gtest/gtest.h>

#include <algorithm>

#include "framework/run/simulation.h"

namespace tenon {
namespace {

Json value_of(const Address& target, const char* path) {
  return {{"tenon.dev/ref", to_string(target)}, {"path", path}};
}

class Learning : public testing::Test {
 protected:
  // Plans and runs; why steps failed or were skipped.
  std::string apply(std::vector<Resource> desired) {
    PlanOptions options;
    for (const char* name : {"a", "b"}) options.approved.insert(fast(name));
    plan_ = world_.plan(std::move(desired), options);
    if (plan_.refused()) return "refused: " + refusals();
    const auto before = static_cast<std::ptrdiff_t>(world_.backend.effects().size());
    const Simulated result = world_.run(plan_);
    const auto effects = world_.backend.effects();
    effects_ = {effects.begin() + before, effects.end()};
    std::string text;
    for (const StepRecord& step : result.steps)
      if (step.status == StepStatus::failed || step.status == StepStatus::skipped) text += step.reason + "\n";
    return text;
  }

  std::string refusals() const {
    std::string text;
    for (const Change& change : plan_.changes)
      if (change.refusal) text += change.address.name + ": " + change.refusal->reason + "\n";
    return text;
  }

  int changes_of(const Address& address) const {
    return static_cast<int>(std::count_if(effects_.begin(), effects_.end(), [&](const FakeEffect& effect) {
      return effect.address == address && effect.changed;
    }));
  }

  // a is made by another plan than b, so that a run learns its size anew.
  void make(int size, Json b) {
    ASSERT_EQ(apply({resource(fast("a"), {{"size", size}}), resource(fast("b"), std::move(b))}), "");
    world_.backend.change([](FakeWorld& world) { world.erase(fast("a")); });
  }

  Simulation world_;
  Plan plan_;
  std::vector<FakeEffect> effects_;
};

TEST_F(Learning, ACallIsToldOfTheRequirementsAsTheyAreThen) {
  const std::vector<Resource> desired = {
      resource(fast("b"), {{"slow", {"a"}}, {"from", value_of(fast("c"), "/path")}}), resource(slow("a")),
      resource(fast("c"), {{"size", 3}}), resource(fast("stranger"))};
  world_.backend.script(slow("a"), {.ready_after = std::chrono::seconds(20)});
  const auto sent = [&](std::vector<Resource> wanted, CallKind kind) {
    const Plan plan = world_.plan(std::move(wanted));
    for (const Call& call : world_.run(plan).calls)
      if (call.kind == kind && call.requests[0].address == fast("b")) return call.requests[0].dependencies;
    return std::map<Address, Dependency>();
  };
  const auto expect_both = [&](const std::map<Address, Dependency>& told) {
    ASSERT_EQ(told.size(), 2u);
    for (const Address& address : {slow("a"), fast("c")}) {
      const Observation seen = world_.backend.look(address);
      const Dependency& dependency = told.at(address);
      EXPECT_EQ(dependency.identity, world_.backend.world().at(address).identity);
      EXPECT_EQ(dependency.phase, "Ready");
      EXPECT_EQ(dependency.nonce, seen.mark->nonce);
      EXPECT_EQ(*dependency.outputs, *seen.outputs);
    }
    EXPECT_EQ(told.at(fast("c")).outputs->at("size"), 3);
  };
  expect_both(sent(desired, CallKind::create));
  std::vector<Resource> changed = desired;
  changed[0].spec = {{"slow", {"a"}}, {"from", value_of(fast("c"), "/path")}, {"size", 7}};
  expect_both(sent(changed, CallKind::update));
}

TEST_F(Learning, AValueThatStaysTheSameNeedsNoCall) {
  const Json b = {{"fixed", value_of(fast("a"), "/size")}};
  make(5, b);
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 5}}), resource(fast("b"), b)}), "");
  EXPECT_EQ(changes_of(fast("a")), 1);
  EXPECT_EQ(changes_of(fast("b")), 0);
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 5}}), resource(fast("b"), b)}), "");
  EXPECT_TRUE(plan_.empty());
}

TEST_F(Learning, AValueThatChangesIsSent) {
  const Json b = {{"size", value_of(fast("a"), "/size")}};
  make(5, b);
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 6}}), resource(fast("b"), b)}), "");
  EXPECT_EQ(world_.backend.world().at(fast("b")).spec, Json({{"size", 6}}));
}

TEST_F(Learning, AValueThatNeedsAReplaceStopsAndTheNextPlanReplaces) {
  const std::vector<Resource> desired = {resource(fast("a"), {{"size", 6}}),
                                         resource(fast("b"), {{"fixed", value_of(fast("a"), "/size")}})};
  make(5, desired[1].spec);
  EXPECT_EQ(apply(desired),
            "test/Fast/default/b must be replaced, because of a value known only now; plan again\n");
  EXPECT_EQ(changes_of(fast("b")), 0);
  EXPECT_EQ(apply(desired), "");
  EXPECT_EQ(world_.backend.world().at(fast("b")).spec, Json({{"fixed", 6}}));
}

TEST_F(Learning, AValueThatIsRefusedStops) {
  const std::vector<Resource> desired = {resource(fast("a"), {{"size", 4}}),
                                         resource(fast("b"), {{"grows", value_of(fast("a"), "/size")}})};
  make(5, desired[1].spec);
  const std::string why = apply(desired);
  EXPECT_NE(why.find("decreasing /grows from 5 to 4 is not possible; plan again"), std::string::npos) << why;
  EXPECT_EQ(changes_of(fast("b")), 0);
  EXPECT_NE(apply(desired).find("refused: b: "), std::string::npos);
}

TEST_F(Learning, WhatFitsAloneAndNotTogetherIsRefusedTogether) {
  world_.backend.limit_room(10);
  const std::string both =
      "Fast a (6 units) and Fast b (6 units) together take 12 units of pool room, where 10 "
      "units of 10 units is free\n";
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 6}}), resource(fast("b"), {{"size", 6}})}),
            "refused: a: " + both + "b: " + both);
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 6}}), resource(fast("b"), {{"size", 4}})}), "");
}

TEST_F(Learning, ASecondPlanHasOnlyWhatTheFirstLeft) {
  world_.backend.limit_room(10);
  ASSERT_EQ(apply({resource(fast("a"), {{"size", 6}})}), "");
  EXPECT_NE(apply({resource(fast("a"), {{"size", 6}}), resource(fast("b"), {{"size", 5}})})
                .find("refused: b: Fast b takes 5 units of pool room, where 4 units of 10 units is free"),
            std::string::npos);
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 10}})}), "");
}

TEST_F(Learning, ASizeThatWasNotKnownIsCheckedBeforeItsCall) {
  world_.backend.limit_room(10);
  const std::vector<Resource> desired = {resource(fast("a"), {{"size", 6}}),
                                         resource(fast("b"), {{"size", value_of(fast("a"), "/size")}})};
  EXPECT_EQ(
      apply(desired),
      "Fast b takes 6 units of pool room, where 4 units of 10 units is free; make it smaller, or make room "
      "in pool room, and plan again\n");
  EXPECT_TRUE(world_.backend.world().contains(fast("a")));
  EXPECT_FALSE(world_.backend.world().contains(fast("b")));

  world_.backend.limit_room(12);
  EXPECT_EQ(apply(desired), "");
  EXPECT_TRUE(world_.backend.world().contains(fast("b")));
}

// Both are checked at the same moment, and neither shows yet when the other is.
TEST_F(Learning, SizesThatWereNotKnownAreCheckedTogether) {
  world_.backend.limit_room(15);
  const Json size = {{"size", value_of(fast("a"), "/size")}};
  EXPECT_NE(apply({resource(fast("a"), {{"size", 6}}), resource(fast("b"), size), resource(fast("c"), size)}),
            "");
  EXPECT_EQ(world_.backend.world().contains(fast("b")) + world_.backend.world().contains(fast("c")), 1);
}

// What the plan knew of is still to be taken when the other is checked.
TEST_F(Learning, ASizeThatWasNotKnownIsCheckedWithThoseThatWere) {
  world_.backend.limit_room(10);
  const std::string why = apply({resource(fast("a"), {{"size", 2}}),
                                 resource(fast("b"), {{"size", value_of(fast("a"), "/size")}}),
                                 resource(fast("c"), {{"size", 8}, {"fast", {"b"}}})});
  EXPECT_NE(why.find("together take 10 units of pool room, where 8 units"), std::string::npos) << why;
  EXPECT_FALSE(world_.backend.world().contains(fast("b")));
}

TEST_F(Learning, ALabelIsSentAlthoughTheValueStaysTheSame) {
  const Json spec = {{"fixed", value_of(fast("a"), "/size")}};
  make(5, spec);
  Resource b = resource(fast("b"), spec);
  b.labels["tier"] = "web";
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 5}}), b}), "");
  EXPECT_EQ(world_.backend.world().at(fast("b")).record.at("labels").at("tier"), "web");
}

}  // namespace
}  // namespace tenon
