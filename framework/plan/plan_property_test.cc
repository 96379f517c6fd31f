// What must hold for every plan, on random graphs and worlds (design: properties 1, 3, 6, 10 and 11).
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <unordered_map>

#include "framework/plan/complete.h"
#include "framework/plan/plan_file.h"
#include "framework/plan/plan_testing.h"

namespace tenon {
namespace {

using testing::kInventory;

constexpr int kSeeds = 150;

Address box(int number) { return {"test.dev", "Box", "default", "b" + std::to_string(number)}; }

// Declared boxes that require and take values from boxes of smaller numbers, and a world in any state.
class Scene {
 public:
  explicit Scene(unsigned seed) : random_(seed) {
    const int count = 2 + pick(12);
    for (int i = 0; i < count; ++i) {
      if (pick(8) > 0) declared_.push_back(declare(i));
      if (pick(2) > 0) put(i);
    }
    options_.prune = pick(2) == 0;
    options_.destroy = pick(8) == 0;
  }

  int pick(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random_); }

  void shuffle() {
    std::shuffle(declared_.begin(), declared_.end(), random_);
    std::shuffle(owned_.begin(), owned_.end(), random_);
  }

  // Resolves and plans again; graph() is valid afterwards.
  Plan plan() {
    Diagnostics diagnostics;
    graph_ = resolve(complete(declared_, owned_, catalog(), testing::plugins(), diagnostics), owned_,
                     catalog(), diagnostics);
    EXPECT_FALSE(has_errors(diagnostics)) << to_string(diagnostics.front());
    Observations observations = observations_;
    for (const Address& address : graph_.order) observations.try_emplace(address);
    return make_plan(graph_, observations, owned_, kInventory, catalog(), options_);
  }

  // Every declared box requires only boxes that are declared.
  bool is_closed() const {
    return std::all_of(graph_.desired.begin(), graph_.desired.end(), [this](const auto& item) {
      const auto targets = graph_.dependencies(item.first);
      return std::all_of(targets.begin(), targets.end(),
                         [this](const Address& target) { return graph_.desired.count(target) > 0; });
    });
  }

  // Does what the plan says, as a world without faults does.
  void apply(const Plan& plan) {
    for (const Step& step : plan.steps) {
      if (step.kind == StepKind::await) continue;
      forget(step.address);
      if (step.kind != StepKind::remove)
        make(step.address, fill(plan.desired(step.address)), step.dependencies, step.defaulted);
    }
  }

  const Graph& graph() const { return graph_; }
  const Observations& observations() const { return observations_; }
  const std::vector<Owned>& owned() const { return owned_; }

  static const Catalog& catalog() {
    static const Catalog catalog = testing::catalog_from("framework/plan/testdata/manifests.json");
    return catalog;
  }

 private:
  Resource declare(int number) {
    Resource resource;
    resource.address = box(number);
    resource.version = "v1";
    resource.spec = {{"image", "v1"}, {"needs", Json::array()}};
    for (int other = 0; other < number; ++other)
      if (pick(4) == 0) resource.spec.edit()["needs"].push_back(box(other).name);
    if (number > 0 && pick(4) == 0)
      resource.spec.edit()["label"] = {{"tenon.dev/ref", to_string(box(pick(number)))}, {"path", "/name"}};
    return resource;
  }

  // Existing as declared, otherwise, unknown, half made, or without a record.
  void put(int number) {
    std::vector<Address> dependencies;
    for (int other = 0; other < number; ++other)
      if (pick(5) == 0) dependencies.push_back(box(other));
    Json spec = {{"image", pick(4) ? "v1" : "v0"}, {"size", "1"}};
    if (pick(3) == 0) spec["label"] = "x";
    make(box(number), spec, dependencies);
    Observation& seen = observations_[box(number)];
    switch (pick(10)) {
      case 0: seen = unknown_observation({Code::unavailable, "no answer"}); break;
      case 1: seen = Observation(); break;
      case 2: seen.actual.edit()["label"] = "drifted"; break;
      case 3: seen.mark->generation = "other"; break;
      case 4:
        owned_.back().intent =
            Intent{owned_.back().nonce, owned_.back().generation, spec, Existence::absent, {}};
        owned_.back().applied = Json();
        break;
      case 5: owned_.pop_back(); break;
      default: break;
    }
  }

  void make(const Address& address, const Json& spec, const std::vector<Address>& dependencies,
            const std::vector<std::string>& defaulted = {}) {
    Owned row{.address = address, .instance = "boxes"};
    row.nonce = "nonce of " + address.name;
    row.generation = generation_of(spec);
    row.applied = spec;
    row.defaulted = defaulted;
    row.dependencies = dependencies;
    Observation seen;
    seen.existence = Existence::present;
    seen.phase = "Ready";
    seen.actual = spec;
    seen.outputs = {{"name", address.name}};
    seen.mark = Mark{kInventory, to_string(address), row.nonce, row.generation};
    observations_[address] = seen;
    owned_.push_back(std::move(row));
  }

  void forget(const Address& address) {
    observations_.erase(address);
    std::erase_if(owned_, [&address](const Owned& row) { return row.address == address; });
  }

  Json fill(Json spec) const {
    const auto references = references_in(spec);
    for (const ValueReference& reference : *references)
      spec[Json::json_pointer(reference.pointer)] =
          observations_.at(reference.target).outputs.at(Json::json_pointer(reference.path));
    return spec;
  }

  std::mt19937 random_;
  std::vector<Resource> declared_;
  std::vector<Owned> owned_;
  Observations observations_;
  PlanOptions options_;
  Graph graph_;
};

// Whether step `later` comes after step `earlier`, however indirectly; -1: there is no such step.
bool follows(const Plan& plan, int later, int earlier) {
  if (later == earlier || earlier < 0) return true;
  const std::vector<int>& after = plan.steps[later].after;
  return std::any_of(after.begin(), after.end(),
                     [&](int step) { return step >= earlier && follows(plan, step, earlier); });
}

int find(const Plan& plan, const Address& address, StepKind kind) {
  for (size_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].address == address && plan.steps[i].kind == kind) return static_cast<int>(i);
  return -1;
}

void expect_order(const Plan& plan, const Graph& graph) {
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    for (int earlier : plan.steps[i].after)
      EXPECT_LT(earlier, static_cast<int>(i)) << testing::render(plan, Scene::catalog());
    if (plan.steps[i].kind == StepKind::remove || plan.steps[i].kind == StepKind::await) continue;
    for (const Address& target : graph.dependencies(plan.steps[i].address))
      for (StepKind kind : {StepKind::create, StepKind::update})
        EXPECT_TRUE(follows(plan, static_cast<int>(i), find(plan, target, kind)))
            << to_string(plan.steps[i].address) << "\n"
            << testing::render(plan, Scene::catalog());
  }
}

void expect_deletes_in_order(const Plan& plan, const std::vector<Owned>& owned) {
  for (const Owned& holder : owned)
    for (const Address& held : holder.dependencies) {
      const int first = find(plan, holder.address, StepKind::remove),
                then = find(plan, held, StepKind::remove);
      EXPECT_TRUE(then < 0 || follows(plan, then, first)) << to_string(held);
    }
}

TEST(PlanProperties, MakesWhatIsRequiredFirstAndDeletesItLast) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Scene scene(seed);
    const Plan plan = scene.plan();
    expect_order(plan, scene.graph());
    expect_deletes_in_order(plan, scene.owned());
  }
}

// Whoever holds it is deleted before, or lets go of it before.
bool is_let_go(const Plan& plan, const Graph& graph, int removal, const Address& holder) {
  const Address& held = plan.steps[removal].address;
  if (const int gone = find(plan, holder, StepKind::remove); gone >= 0) return follows(plan, removal, gone);
  const std::vector<Address> still = graph.dependencies(holder);
  const bool required = std::find(still.begin(), still.end(), held) != still.end();
  return graph.desired.count(holder) > 0 && !required;
}

TEST(PlanProperties, DeletesNothingThatIsStillHeld) {
  int judged = 0;
  for (unsigned seed = 0; seed < kSeeds * 4; ++seed) {
    SCOPED_TRACE(seed);
    Scene scene(seed);
    const Plan plan = scene.plan();
    if (plan.refused()) continue;
    for (const Owned& holder : scene.owned()) {
      if (scene.observations().at(holder.address).existence == Existence::absent) continue;
      for (const Address& held : holder.dependencies) {
        const int removal = find(plan, held, StepKind::remove);
        if (removal < 0 || scene.observations().at(held).existence == Existence::absent) continue;
        ++judged;
        EXPECT_TRUE(is_let_go(plan, scene.graph(), removal, holder.address))
            << to_string(held) << "\n"
            << testing::render(plan, Scene::catalog());
      }
    }
  }
  EXPECT_GT(judged, kSeeds / 4);
}

TEST(PlanProperties, DoesNotDependOnTheOrderOfItsInput) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Scene scene(seed);
    const std::string once = to_json(scene.plan(), Scene::catalog()).dump();
    scene.shuffle();
    EXPECT_TRUE(once == to_json(scene.plan(), Scene::catalog()).dump());
  }
}

TEST(PlanProperties, TouchesNothingThatCannotBeLookedAt) {
  int judged = 0;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Scene scene(seed);
    const Plan plan = scene.plan();
    for (const auto& [address, seen] : scene.observations())
      judged += seen.existence == Existence::unknown && !plan.empty();
    for (const Step& step : plan.steps) {
      const auto seen = scene.observations().find(step.address);
      EXPECT_TRUE(seen == scene.observations().end() || seen->second.existence != Existence::unknown)
          << to_string(step.address) << "\n"
          << testing::render(plan, Scene::catalog());
    }
  }
  EXPECT_GT(judged, kSeeds / 8);
}

TEST(PlanProperties, IsEmptyOnceItHasBeenCarriedOut) {
  int carried_out = 0;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Scene scene(seed);
    const Plan plan = scene.plan();
    if (plan.refused() || plan.blocked() || !scene.is_closed()) continue;
    ++carried_out;
    scene.apply(plan);
    const Plan second = scene.plan();
    EXPECT_TRUE(second.empty()) << testing::render(plan, Scene::catalog()) << "then\n"
                                << testing::render(second, Scene::catalog());
  }
  EXPECT_GT(carried_out, kSeeds / 4);
}

TEST(PlanProperties, EveryActionHasAReason) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Scene scene(seed);
    const Plan plan = scene.plan();
    for (const Change& change : plan.changes)
      EXPECT_TRUE(change.action == Action::none || !change.reasons.empty()) << to_string(change.address);
    for (const Step& step : plan.steps) EXPECT_NE(step.reason, "") << to_string(step.address);
  }
}

// "a cycle: Box b1 requires Box b2 requires Box b1" -> b1, b2, b1
std::vector<std::string> path_of(const std::string& summary) {
  std::vector<std::string> names;
  for (size_t at = summary.find("Box "); at != std::string::npos; at = summary.find("Box ", at + 1))
    names.push_back(summary.substr(at + 4, summary.find(' ', at + 4) - at - 4));
  return names;
}

TEST(ResolveProperties, ACycleMessageNamesARealCycle) {
  int cycles = 0;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::map<std::string, std::set<std::string>> needs;
    std::vector<Resource> resources;
    for (int i = 0; i < 8; ++i) {
      Resource resource{.address = box(i), .instance = "boxes", .spec = {{"needs", Json::array()}}};
      for (int other = 0; other < 8; ++other)
        if (random() % 7 == 0) {
          resource.spec.edit()["needs"].push_back(box(other).name);
          needs[box(i).name].insert(box(other).name);
        }
      resources.push_back(resource);
    }
    Diagnostics diagnostics;
    const Graph graph = resolve(resources, {}, Scene::catalog(), diagnostics);
    EXPECT_EQ(graph.order.size(), resources.size());
    for (const Diagnostic& diagnostic : diagnostics) {
      const std::vector<std::string> path = path_of(diagnostic.summary);
      ASSERT_GE(path.size(), 2u) << diagnostic.summary;
      EXPECT_EQ(path.front(), path.back());
      for (size_t i = 0; i + 1 < path.size(); ++i)
        EXPECT_TRUE(needs[path[i]].count(path[i + 1])) << diagnostic.summary;
      ++cycles;
    }
  }
  EXPECT_GT(cycles, kSeeds / 4);
}

}  // namespace
}  // namespace tenon
