// The order of what is done, row by row: planned, carried out, and asked of the world.
#include <gtest/gtest.h>

#include <algorithm>

#include "framework/run/simulation.h"

namespace tenon {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class OrderTest : public testing::Test {
 protected:
  OrderTest() {
    // Whatever is made, changed or deleted finds its requirements as they must be.
    world_.backend.on_effect([this](const FakeEffect& effect, const FakeBackend& backend) {
      if (effect.method == Method::remove || !effect.changed) return;
      const auto required = requires_.find(effect.address);
      if (required == requires_.end()) return;
      for (const Address& target : required->second)
        EXPECT_EQ(backend.look(target).phase, "Ready") << to_string(target);
    });
  }

  void plan(std::vector<Resource> desired, PlanOptions options = {}) {
    for (const char* name : {"a", "b", "a1", "a2"})
      for (const Address& address : {slow(name), fast(name)}) options.approved.insert(address);
    plan_ = world_.plan(std::move(desired), options);
  }

  // Plans and runs. What was done to the world meanwhile: "create a, update b".
  std::string apply(const std::vector<Resource>& desired, const PlanOptions& options = {},
                    const SimulationOptions& how = {}) {
    const size_t before = world_.backend.effects().size();
    requires_.clear();
    for (const Resource& resource : desired) {
      for (const Json& name : resource.spec.value("slow", Json::array()))
        requires_[resource.address].push_back(slow(name));
      for (const Json& name : resource.spec.value("fast", Json::array()))
        requires_[resource.address].push_back(fast(name));
    }
    plan(desired, options);
    EXPECT_FALSE(plan_.refused());
    result_ = world_.run(plan_, how);
    EXPECT_FALSE(result_.stuck);
    return done_since(before);
  }

  std::string done_since(size_t before) const {
    static const std::map<Method, std::string> kWords = {
        {Method::create, "create "}, {Method::update, "update "}, {Method::remove, "delete "}};
    std::string text;
    const auto effects = world_.backend.effects();
    for (size_t i = before; i < effects.size(); ++i)
      if (effects[i].changed)
        text += (text.empty() ? "" : ", ") + kWords.at(effects[i].method) + effects[i].address.name;
    return text;
  }

  // Why steps failed or were skipped; "": none was.
  std::string failures() const {
    std::string text;
    for (const StepRecord& step : result_.steps)
      if (step.status == StepStatus::failed || step.status == StepStatus::skipped) text += step.reason + "\n";
    return text;
  }

  size_t awaits() const {
    return static_cast<size_t>(std::count_if(plan_.steps.begin(), plan_.steps.end(),
                                             [](const Step& step) { return step.kind == StepKind::await; }));
  }

  static Resource b(Json spec) { return resource(fast("b"), std::move(spec)); }
  void takes_a_while(const Address& address) {
    world_.backend.script(address, {.ready_after = seconds(20), .gone_after = seconds(5)});
  }
  void lose(const Address& address) {
    world_.backend.change([&](FakeWorld& world) { world.erase(address); });
  }

  Simulation world_;
  std::map<Address, std::vector<Address>> requires_;
  Plan plan_;
  Simulated result_;
};

TEST_F(OrderTest, WhatIsRequiredIsMadeFirstAndAwaited) {
  takes_a_while(slow("a"));
  EXPECT_EQ(apply({b({{"slow", {"a"}}}), resource(slow("a"))}), "create a, create b");
  EXPECT_EQ(awaits(), 1U);
}

TEST_F(OrderTest, ADependantIsGoneBeforeWhatItRequiresIsDeleted) {
  takes_a_while(fast("b"));
  apply({b({{"slow", {"a"}}}), resource(slow("a"))});
  world_.backend.on_effect([](const FakeEffect& effect, const FakeBackend& backend) {
    if (effect.address != slow("a")) return;
    EXPECT_EQ(backend.look(fast("b")).existence, Existence::absent);
  });
  EXPECT_EQ(apply({}, {.destroy = true}), "delete b, delete a");
  EXPECT_TRUE(world_.backend.world().empty());
}

TEST_F(OrderTest, ARequirementIsDroppedBeforeItsTargetIsDeleted) {
  apply({b({{"slow", {"a"}}}), resource(slow("a"))});
  EXPECT_EQ(apply({b(Json::object())}, {.prune = true}), "update b, delete a");
}

TEST_F(OrderTest, ARequirementIsGainedOnceItsTargetIsReady) {
  apply({b(Json::object())});
  takes_a_while(slow("a"));
  EXPECT_EQ(apply({b({{"slow", {"a"}}}), resource(slow("a"))}), "create a, update b");
}

TEST_F(OrderTest, AMoveMakesTheNewBeforeItLetsGoOfTheOld) {
  apply({b({{"slow", {"a1"}}}), resource(slow("a1"))});
  takes_a_while(slow("a2"));
  EXPECT_EQ(apply({b({{"slow", {"a2"}}}), resource(slow("a2"))}, {.prune = true}),
            "create a2, update b, delete a1");
}

TEST_F(OrderTest, WhatIsRequiredIsUpdatedInPlace) {
  apply({b({{"slow", {"a"}}}), resource(slow("a"), {{"size", 1}})});
  EXPECT_EQ(apply({b({{"slow", {"a"}}}), resource(slow("a"), {{"size", 2}})}), "update a");
}

TEST_F(OrderTest, WhatIsLostIsMadeAgainBeforeItsDependantIsTouched) {
  apply({b({{"slow", {"a"}}, {"size", 1}}), resource(slow("a"))});
  lose(slow("a"));
  takes_a_while(slow("a"));
  EXPECT_EQ(apply({b({{"slow", {"a"}}, {"size", 2}}), resource(slow("a"))}), "create a, update b");
}

TEST_F(OrderTest, WhatIsLostAndNotDeclaredBlocksItsDependant) {
  apply({b({{"slow", {"a"}}, {"size", 1}}), resource(slow("a"))});
  lose(slow("a"));
  EXPECT_EQ(apply({b({{"slow", {"a"}}, {"size", 2}})}, {.prune = true}), "");
  EXPECT_TRUE(plan_.blocked());
}

TEST_F(OrderTest, WhatIsHeldIsNotReplaced) {
  apply({b({{"fast", {"a"}}}), resource(fast("a"), {{"fixed", 1}})});
  plan({b({{"fast", {"a"}}}), resource(fast("a"), {{"fixed", 2}})});
  EXPECT_TRUE(plan_.refused());
}

TEST_F(OrderTest, AReplaceDeletesBeforeItCreates) {
  apply({resource(fast("a"), {{"fixed", 1}})});
  world_.backend.script(fast("a"), {.gone_after = seconds(5)});
  EXPECT_EQ(apply({resource(fast("a"), {{"fixed", 2}})}), "delete a, create a");
  EXPECT_EQ(world_.backend.world().at(fast("a")).spec, Json({{"fixed", 2}}));
}

TEST_F(OrderTest, AnExternalIsOnlyWaitedFor) {
  takes_a_while(slow("a"));
  world_.backend.change([this](FakeWorld& world) {
    world[slow("a")] = {.mark = {"another", "theirs", "n", "g"},
                        .spec = Json::object(),
                        .identity = "given",
                        .work_began = world_.clock.now()};
  });
  EXPECT_EQ(apply({b({{"slow", {"a"}}})}), "create b");
  EXPECT_EQ(plan_.externals, std::vector<Address>{slow("a")});
  EXPECT_EQ(awaits(), 1U);
}

TEST_F(OrderTest, AllWhoWaitForTheSameShareOneAwait) {
  takes_a_while(slow("a"));
  EXPECT_EQ(apply({b({{"slow", {"a"}}}), resource(fast("c"), {{"slow", {"a"}}}), resource(slow("a"))}),
            "create a, create b, create c");
  EXPECT_EQ(awaits(), 1U);
}

TEST_F(OrderTest, ARequirementMayGiveUpEarlierThanItsTargetsKind) {
  apply({resource(slow("a"))});
  world_.backend.script(slow("a"), {.final_phase = "Stuck"});
  EXPECT_EQ(apply({b({{"hasty", "a"}})}), "");
  EXPECT_NE(failures().find("no progress for 90 s"), std::string::npos) << failures();
}

TEST_F(OrderTest, ARequirementMayHaveFailingPhasesOfItsOwn) {
  apply({resource(slow("a"))});
  world_.backend.script(slow("a"), {.final_phase = "Odd"});
  const Time before = world_.clock.now();
  EXPECT_EQ(apply({b({{"hasty", "a"}})}), "");
  EXPECT_NE(failures().find("Slow a is Odd"), std::string::npos) << failures();
  EXPECT_LT(world_.clock.now() - before, seconds(90));
}

TEST_F(OrderTest, WhatCouldNotBeMadeAnewIsNotDeleted) {
  apply({b({{"hasty", "a"}, {"fixed", 1}}), resource(slow("a"))});
  world_.backend.script(slow("a"), {.final_phase = "Odd"});
  const std::vector<Resource> desired = {b({{"hasty", "a"}, {"fixed", 2}}), resource(slow("a"))};

  EXPECT_EQ(apply(desired), "");
  EXPECT_TRUE(plan_.blocked());

  world_.backend.script(slow("a"), {});
  EXPECT_EQ(apply(desired), "delete b, create b");
}

TEST_F(OrderTest, TwoWhoFindOneDeadWorkerDoNotBothCall) {
  world_.backend.script(slow("a"), {.ready_after = seconds(10), .worker_deaths = 3});
  EXPECT_EQ(apply({resource(slow("a")), b({{"hasty", "a"}}), resource(fast("c"), {{"slow", {"a"}}})}),
            "create a, create b, create c");
  EXPECT_EQ(awaits(), 2u);
  EXPECT_FALSE(result_.overlapped);
}

// The kind waits an hour. An interrupted run has waited, too.
TEST_F(OrderTest, TimeWithoutProgressCountsAcrossRuns) {
  const std::vector<Resource> desired = {b({{"slow", {"a"}}}), resource(slow("a"))};
  apply({resource(slow("a"))});
  world_.backend.script(slow("a"), {.final_phase = "Stuck"});
  const Time begin = world_.clock.now();
  apply(desired, {}, {.stopping = [&] { return world_.clock.now() >= begin + minutes(40); }});
  EXPECT_EQ(failures(), "");
  apply(desired);
  EXPECT_NE(failures().find("no progress for 60 min"), std::string::npos) << failures();
  EXPECT_EQ(world_.clock.now() - begin, minutes(60));

  // That run has said so; whoever tries again waits again.
  apply(desired);
  EXPECT_EQ(world_.clock.now() - begin, minutes(120));
}

TEST_F(OrderTest, ProgressBetweenTwoRunsCounts) {
  const std::vector<Resource> desired = {b({{"slow", {"a"}}}), resource(slow("a"))};
  apply({resource(slow("a"))});
  world_.backend.script(slow("a"), {.final_phase = "Stuck"});
  const Time begin = world_.clock.now();
  apply(desired, {}, {.stopping = [&] { return world_.clock.now() >= begin + minutes(40); }});
  world_.backend.script(slow("a"), {.final_phase = "Moved"});
  apply(desired);
  EXPECT_GE(world_.clock.now() - begin, minutes(100));
  EXPECT_LT(world_.clock.now() - begin, minutes(101));
}

}  // namespace
}  // namespace tenon
