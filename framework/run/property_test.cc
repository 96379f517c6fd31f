// What must hold for every graph, whatever fails and wherever a run dies. TENON_SEED=n runs one seed alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "framework/run/simulation.h"

namespace tenon {
namespace {

constexpr int kSeeds = 60;

std::vector<int> seeds() {
  if (const char* one = std::getenv("TENON_SEED")) return {std::atoi(one)};
  std::vector<int> all(kSeeds);
  for (int i = 0; i < kSeeds; ++i) all[static_cast<size_t>(i)] = i;
  return all;
}

struct Node {
  bool slow = false;
  int size = 0;
  int fixed = 0;
  std::set<int> needs;  // smaller numbers
  int value_of = -1;    // a smaller number whose output is one of its values
};

using Nodes = std::map<int, Node>;

// Random desired states, and what may go wrong on the way to them.
class Random {
 public:
  explicit Random(int seed) : engine_(static_cast<unsigned>(seed)) {}

  int below(int limit) { return static_cast<int>(engine_() % static_cast<unsigned>(limit)); }
  bool chance(int percent) { return below(100) < percent; }
  std::mt19937& engine() { return engine_; }

  Nodes nodes() {
    Nodes nodes;
    const int count = 1 + below(12);
    for (int i = 0; i < count; ++i) {
      Node& node = nodes[i];
      node.slow = chance(40);
      node.size = below(3);
      for (int j = 0; j < i; ++j)
        if (chance(25)) node.needs.insert(j);
      if (i > 0 && chance(30)) node.value_of = below(i);
    }
    return nodes;
  }

  // Some fields change, some edges and nodes go, some come. Only what nothing requires is replaced.
  void mutate(Nodes& nodes) {
    for (auto& [number, node] : nodes) {
      if (chance(30)) node.size = below(3);
      std::erase_if(node.needs, [this](int) { return chance(20); });
    }
    for (int number = 0; number < 12; ++number)
      if (nodes.contains(number) && !is_needed(nodes, number) && chance(30))
        chance(50) ? static_cast<void>(nodes.erase(number)) : static_cast<void>(++nodes[number].fixed);
  }

  Script script(bool slow) {
    Script script;
    if (chance(40)) script.appears_after = Duration(below(3000));
    if (slow) script.ready_after = Duration(below(20000));
    if (chance(40)) script.gone_after = Duration(below(5000));
    if (slow && chance(30)) script.worker_deaths = below(3);
    for (Method method : {Method::observe, Method::create, Method::update, Method::remove})
      while (chance(30)) script.faults.push_back(fault(method));
    return script;
  }

 private:
  Fault fault(Method method) {
    constexpr Code kCodes[] = {Code::unavailable, Code::aborted, Code::resource_exhausted, Code::crashed,
                               Code::deadline_exceeded};
    return {.method = method,
            .code = kCodes[below(5)],
            .after_effect = method != Method::observe && chance(50),
            .times = 1};
  }
  static bool is_needed(const Nodes& nodes, int number) {
    return std::any_of(nodes.begin(), nodes.end(), [number](const auto& node) {
      return node.second.needs.contains(number) || node.second.value_of == number;
    });
  }

  std::mt19937 engine_;
};

Address address_of(int number, const Node& node) {
  const std::string name = "n" + std::to_string(number);
  return node.slow ? slow(name) : fast(name);
}

std::vector<Resource> resources(const Nodes& nodes) {
  std::vector<Resource> result;
  for (const auto& [number, node] : nodes) {
    Json spec = {{"size", node.size}, {"fixed", node.fixed}};
    for (int need : node.needs)
      spec[nodes.at(need).slow ? "slow" : "fast"].push_back("n" + std::to_string(need));
    if (node.value_of >= 0)
      spec["from"] = {{"tenon.dev/ref", to_string(address_of(node.value_of, nodes.at(node.value_of)))},
                      {"path", "/path"}};
    result.push_back(resource(address_of(number, node), spec));
  }
  return result;
}

// What an object requires, as its own spec in the world says.
std::vector<Address> needs_of(const FakeObject& object) {
  std::vector<Address> needs;
  for (const char* kind : {"slow", "fast"})
    for (const Json& name : object.spec.value(kind, Json::array()))
      needs.push_back(kind == std::string("slow") ? slow(name) : fast(name));
  return needs;
}

class Property : public testing::Test {
 protected:
  // Checks the order of everything that is done to the world, at the moment it is done.
  void watch(Simulation& world) {
    world.backend.on_effect([](const FakeEffect& effect, const FakeBackend& backend) {
      if (effect.method == Method::remove) {
        for (const auto& [address, object] : backend.world()) {
          const auto needs = needs_of(object);
          EXPECT_EQ(std::count(needs.begin(), needs.end(), effect.address), 0)
              << to_string(effect.address) << " is deleted while " << to_string(address) << " requires it";
        }
      }
    });
  }

  void script_all(Simulation& world, Random& random, const Nodes& nodes) {
    for (const auto& [number, node] : nodes)
      world.backend.script(address_of(number, node), random.script(node.slow));
  }

  PlanOptions approve_all() {
    PlanOptions options{.prune = true};
    for (int i = 0; i < 12; ++i) {
      options.approved.insert(slow("n" + std::to_string(i)));
      options.approved.insert(fast("n" + std::to_string(i)));
    }
    return options;
  }

  // Every create and update was sent only when what it requires was ready.
  void expect_order(const Simulated& result, const Plan& plan) {
    std::map<int, size_t> done_at;
    for (size_t i = 0; i < result.events.size(); ++i)
      if (result.events[i].status == StepStatus::done) done_at[result.events[i].step] = result.calls_at[i];
    for (size_t i = 0; i < result.calls.size(); ++i) {
      const Call& call = result.calls[i];
      if (call.kind == CallKind::observe) continue;
      const int step = call.steps.front();
      for (int before : plan.steps[static_cast<size_t>(step)].after) {
        ASSERT_TRUE(done_at.contains(before));
        EXPECT_LE(done_at[before], i);
      }
      const bool again = done_at.contains(step) && i >= done_at[step];
      EXPECT_FALSE(again) << "step " << step << " is called again after its success";
    }
  }

  // Nothing but the plan's steps, and of a finished run all of them.
  void expect_exactly(const Simulated& result, const Plan& plan) {
    for (const Call& call : result.calls) {
      if (call.kind == CallKind::observe) continue;
      const Step& step = plan.steps[static_cast<size_t>(call.steps.front())];
      EXPECT_EQ(call.requests.front().address, step.address);
      EXPECT_EQ(call.kind == CallKind::remove, step.kind == StepKind::remove);
      EXPECT_EQ(call.requests.size(), 1u);
    }
    EXPECT_FALSE(result.overlapped);
    EXPECT_FALSE(result.stuck);
  }

  // Runs until a plan is empty; the first `deaths` runs die somewhere.
  void converge(Simulation& world, Random& random, const std::vector<Resource>& desired,
                const PlanOptions& options, int deaths) {
    for (int round = 0; round < deaths + 12; ++round) {
      const Plan plan = world.plan(desired, options);
      for (const Change& change : plan.changes)
        ASSERT_FALSE(change.refusal) << to_string(change.address) << ": " << change.refusal->reason;
      if (plan.empty() && !plan.blocked()) return;
      SimulationOptions run{.random = &random.engine(), .parallelism = 1 + random.below(5)};
      if (round < deaths) run.kill_after = random.below(60);
      const Simulated result = world.run(plan, run);
      expect_exactly(result, plan);
      expect_order(result, plan);
      if (testing::Test::HasFailure()) return;
      world.clock.advance(Duration(random.below(5000)));
    }
    FAIL() << "it does not end: " << world.plan(desired, options).steps.size()
           << " steps are left: " << world.plan(desired, options).steps.front().reason;
  }

  void expect_world(Simulation& world, const Nodes& nodes) {
    const FakeWorld objects = world.backend.world();
    EXPECT_EQ(objects.size(), nodes.size());
    const auto owned = world.inventory.owned().value();
    EXPECT_EQ(owned.size(), nodes.size());
    for (const Owned& row : owned) EXPECT_FALSE(row.intent) << to_string(row.address);
    for (const auto& [number, node] : nodes) {
      const auto object = objects.find(address_of(number, node));
      ASSERT_NE(object, objects.end());
      EXPECT_EQ(object->second.spec.at("size"), node.size);
      EXPECT_EQ(object->second.spec.at("fixed"), node.fixed);
      EXPECT_EQ(world.backend.look(object->first).phase, "Ready");
    }
  }

  // Two objects never had one nonce, and nothing was made twice for one intent.
  void expect_no_twins(const Simulation& world) {
    std::set<std::pair<Address, std::string>> made;
    for (const FakeEffect& effect : world.backend.effects())
      if (effect.method == Method::create && effect.changed) {
        EXPECT_TRUE(made.emplace(effect.address, effect.nonce).second) << to_string(effect.address);
      }
  }
};

TEST_F(Property, KilledAnywhereAReRunConvergesAndTheNextPlanIsEmpty) {
  for (int seed : seeds()) {
    SCOPED_TRACE("TENON_SEED=" + std::to_string(seed));
    Random random(seed);
    Simulation world;
    watch(world);
    Nodes nodes = random.nodes();
    script_all(world, random, nodes);
    converge(world, random, resources(nodes), approve_all(), random.below(6));
    if (HasFailure()) return;
    expect_world(world, nodes);
    expect_no_twins(world);

    random.mutate(nodes);
    script_all(world, random, nodes);
    converge(world, random, resources(nodes), approve_all(), random.below(6));
    if (HasFailure()) return;
    expect_world(world, nodes);

    PlanOptions destroy = approve_all();
    destroy.destroy = true;
    script_all(world, random, nodes);
    converge(world, random, resources(nodes), destroy, random.below(4));
    EXPECT_TRUE(world.backend.world().empty());
    EXPECT_TRUE(world.inventory.owned()->empty());
    if (HasFailure()) return;
  }
}

TEST_F(Property, WithoutDeathsOneRunIsEnough) {
  for (int seed : seeds()) {
    SCOPED_TRACE("TENON_SEED=" + std::to_string(seed));
    Random random(seed);
    Simulation world;
    const Nodes nodes = random.nodes();
    for (const auto& [number, node] : nodes)
      if (node.slow)
        world.backend.script(address_of(number, node), {.ready_after = Duration(random.below(9000))});
    const Plan plan = world.plan(resources(nodes), approve_all());
    const Simulated result = world.run(plan, {.random = &random.engine()});
    expect_exactly(result, plan);
    expect_order(result, plan);
    for (const StepRecord& step : result.steps) EXPECT_EQ(step.status, StepStatus::done) << step.reason;
    EXPECT_EQ(
        static_cast<size_t>(std::count_if(result.calls.begin(), result.calls.end(),
                                          [](const Call& call) { return call.kind != CallKind::observe; })),
        nodes.size());
    expect_world(world, nodes);
    EXPECT_TRUE(world.plan(resources(nodes), approve_all()).empty());
    if (HasFailure()) return;
  }
}

TEST_F(Property, OnlyDescendantsOfAFailureAreSkipped) {
  for (int seed : seeds()) {
    SCOPED_TRACE("TENON_SEED=" + std::to_string(seed));
    Random random(seed);
    Simulation world;
    const Nodes nodes = random.nodes();
    const int failing = random.below(static_cast<int>(nodes.size()));
    const Address culprit = address_of(failing, nodes.at(failing));
    world.backend.script(culprit, {.faults = {{.method = Method::create, .code = Code::invalid_argument}}});
    const Plan plan = world.plan(resources(nodes), approve_all());
    const Simulated result = world.run(plan, {.random = &random.engine()});
    std::vector<bool> lost(plan.steps.size());
    for (size_t i = 0; i < plan.steps.size(); ++i) {
      const Step& step = plan.steps[i];
      const bool culprits = step.address == culprit && step.kind == StepKind::create;
      const bool descends = std::any_of(step.after.begin(), step.after.end(),
                                        [&](int before) { return lost[static_cast<size_t>(before)]; });
      lost[i] = culprits || descends;
      EXPECT_EQ(result.steps[i].status, culprits   ? StepStatus::failed
                                        : descends ? StepStatus::skipped
                                                   : StepStatus::done);
      EXPECT_EQ(result.steps[i].reason == "create of " + to_string(culprit) + " failed", descends);
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace tenon
