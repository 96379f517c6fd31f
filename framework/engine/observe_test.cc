#include "framework/engine/observe.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>

#include "framework/base/clock.h"
#include "framework/engine/engine.h"
#include "framework/inventory/memory.h"

namespace tenon {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "world", "version": "1", "limits": {"batch": 2},
  "capabilities": ["expand"],
  "kinds": [
    {"group": "test", "kind": "Disk", "plural": "disks", "versions": ["v1"], "schema": {"type": "object"}},
    {"group": "test", "kind": "Rack", "plural": "racks", "versions": ["v1"], "schema": {"type": "object"},
     "composite": true},
    {"group": "test", "kind": "Machine", "plural": "machines", "versions": ["v1"],
     "schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
     "requirements": [{"name": "disk", "path": "/disk", "target": "test/Disk"}]}
  ]
})";

// A world that answers from a function and remembers what it was asked.
class FakeWorld final : public Backend {
 public:
  std::function<Observation(const Request&)> answer = [](const Request&) { return Observation(); };
  std::vector<std::vector<Request>> batches;
  std::mutex mutex;

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext&) override {
    const std::lock_guard guard(mutex);
    batches.push_back(requests);
    if (broken) return Error{Code::unavailable, "the world is away"};
    std::vector<Observation> observations;
    for (const Request& request : requests) observations.push_back(answer(request));
    return Observed(std::move(observations));
  }
  Result<Outcome> create(const Request&, const CallContext&) override { return Outcome(); }
  Result<Outcome> update(const Request&, const CallContext&) override { return Outcome(); }
  Result<Outcome> remove(const Request&, const CallContext&) override { return Outcome(); }
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                             const CallContext&) override {
    std::vector<Result<std::vector<ChildSpec>>> children;
    for (const Request& request : requests)
      children.push_back(request.address.name == crashing
                             ? Result<std::vector<ChildSpec>>(Error{Code::crashed, ""})
                             : std::vector<ChildSpec>());
    return children;
  }

  bool broken = false;
  std::string crashing;  // the name of what cannot be expanded
};

Address disk(const std::string& name) { return {"test", "Disk", "default", name}; }
Address rack(const std::string& name) { return {"test", "Rack", "default", name}; }
Address machine(const std::string& name) { return {"test", "Machine", "default", name}; }

struct Fixture {
  Fixture()
      : manifest(std::make_shared<Manifest>(*parse_manifest(kManifest))),
        catalog({{"world", manifest}}, {}) {}

  Graph graph(std::vector<Resource> desired) {
    for (Resource& resource : desired) resource.instance = "world";
    Graph graph = resolve(std::move(desired), owned, catalog, diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << to_string(diagnostics.front());
    return graph;
  }

  Observations look(const Graph& graph) {
    return observe(graph, owned, "uuid", catalog, {{"world", &world}});
  }

  const Request& request_for(const Address& address) {
    for (const auto& batch : world.batches)
      for (const Request& request : batch)
        if (request.address == address) return request;
    throw std::out_of_range(to_string(address));
  }

  std::shared_ptr<const Manifest> manifest;
  Catalog catalog;
  FakeWorld world;
  std::vector<Owned> owned;
  Diagnostics diagnostics;
};

TEST(Observe, AsksInBatchesOfTheLimit) {
  Fixture f;
  f.look(f.graph({{.address = disk("a")}, {.address = disk("b")}, {.address = disk("c")}}));
  ASSERT_EQ(f.world.batches.size(), 2u);
  EXPECT_EQ(f.world.batches[0].size() + f.world.batches[1].size(), 3u);
}

TEST(Observe, GivesAResourceWhatItsRequirementsPutOut) {
  Fixture f;
  f.world.answer = [](const Request& request) {
    Observation observation{.existence = Existence::present, .identity = request.address.name};
    observation.outputs = {{"path", "/disks/" + request.address.name}};
    return observation;
  };
  f.look(f.graph({{.address = machine("m"), .spec = {{"disk", "a"}}}, {.address = disk("a")}}));
  const Request& request = f.request_for(machine("m"));
  ASSERT_EQ(request.dependencies.count(disk("a")), 1u);
  EXPECT_EQ(request.dependencies.at(disk("a")).outputs["path"], "/disks/a");
}

TEST(Observe, FillsInReferencesOnceTheirTargetIsKnown) {
  Fixture f;
  const Json spec = {{"path", {{"tenon.dev/ref", "test/Disk/default/a"}, {"path", "/path"}}}};
  f.world.answer = [](const Request& request) {
    Observation observation;
    if (request.address.kind == "Disk") observation.existence = Existence::present;
    observation.outputs = {{"path", "/disks/a"}};
    return observation;
  };
  f.look(f.graph({{.address = machine("m"), .spec = spec}, {.address = disk("a")}}));
  EXPECT_EQ(f.request_for(machine("m")).desired["path"], "/disks/a");
}

TEST(Observe, LeavesOutASpecThatIsNotKnownYet) {
  Fixture f;
  const Json spec = {{"path", {{"tenon.dev/ref", "test/Disk/default/a"}, {"path", "/path"}}}};
  f.look(f.graph({{.address = machine("m"), .spec = spec}, {.address = disk("a")}}));
  EXPECT_TRUE(f.request_for(machine("m")).desired.is_null());
}

TEST(Observe, TellsWhatWasSentLast) {
  Fixture f;
  f.owned.push_back({.address = disk("a"),
                     .instance = "world",
                     .nonce = "n1",
                     .generation = "g1",
                     .applied = {{"size", 1}}});
  f.owned[0].intent = Intent{.nonce = "n2", .generation = "g2", .spec = {{"size", 2}}};
  f.look(f.graph({}));
  const Request& request = f.request_for(disk("a"));
  EXPECT_EQ(request.nonce, "n2");
  EXPECT_EQ(request.generation, "g2");
  EXPECT_EQ(request.desired, (Json{{"size", 2}}));
  EXPECT_EQ(request.applied, (Json{{"size", 1}}));
}

TEST(Observe, WhatCouldNotBeLookedAtIsUnknown) {
  Fixture f;
  f.world.broken = true;
  const Observations seen = f.look(f.graph({{.address = disk("a")}}));
  EXPECT_EQ(seen.at(disk("a")).existence, Existence::unknown);
  EXPECT_EQ(seen.at(disk("a")).error->code, Code::unavailable);
}

TEST(Observe, AnInstanceThatIsNotConfiguredIsUnknown) {
  Fixture f;
  f.owned.push_back({.address = disk("a"), .instance = "gone"});
  const Observations seen = f.look(f.graph({}));
  EXPECT_EQ(seen.at(disk("a")).existence, Existence::unknown);
  EXPECT_NE(seen.at(disk("a")).error->message.find("'gone'"), std::string::npos);
}

TEST(Observe, AsksInstancesAtTheSameTime) {
  Fixture f;
  FakeWorld other;
  f.catalog = Catalog({{"world", f.manifest}, {"other", f.manifest}}, {});
  // Each answers only once both were asked.
  std::mutex mutex;
  std::condition_variable arrived;
  int asked = 0;
  const auto meet = [&](const Request&) {
    std::unique_lock lock(mutex);
    ++asked;
    arrived.notify_all();
    arrived.wait(lock, [&] { return asked == 2; });
    return Observation();
  };
  f.world.answer = other.answer = meet;
  f.owned.push_back({.address = disk("a"), .instance = "world"});
  f.owned.push_back({.address = disk("b"), .instance = "other"});
  Diagnostics diagnostics;
  const Graph graph = resolve(std::vector<Resource>{}, f.owned, f.catalog, diagnostics);
  const Observations seen =
      observe(graph, f.owned, "uuid", f.catalog, {{"world", &f.world}, {"other", &other}});
  EXPECT_EQ(seen.size(), 2u);
}

TEST(MakePlan, HasTheInstancesOfDeclaredResourcesOpenedAndNoOthers) {
  Fixture f;
  FakeWorld other;
  f.catalog = Catalog({{"world", f.manifest}, {"other", f.manifest}},
                      {{.kind = {"test", "Disk"}, .instance = "world"}});
  MemoryInventory inventory;
  const SystemClock clock;
  const Backends backends{{"world", &f.world}, {"other", &other}};
  const World world{f.catalog, backends, inventory, clock};
  const auto planned = make_plan(world, {{.address = disk("a"), .version = "v1"}}, {}, f.diagnostics);
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->plan.steps.size(), 1u);
  EXPECT_TRUE(other.batches.empty());
  ASSERT_EQ(f.world.batches.size(), 2u);
  EXPECT_EQ(f.world.batches[0].size() + f.world.batches[1].size(), 1u);
}

TEST(MakePlan, SaysOnceWhatAnInstanceThatCannotBeOpenedSays) {
  Fixture f;
  f.world.broken = true;
  MemoryInventory inventory;
  const SystemClock clock;
  const Backends backends{{"world", &f.world}};
  const World world{f.catalog, backends, inventory, clock};
  const auto planned = make_plan(world, {{.address = disk("a"), .version = "v1"}}, {}, f.diagnostics);
  ASSERT_TRUE(planned);
  EXPECT_TRUE(f.diagnostics.empty());
  ASSERT_EQ(planned->plan.changes.size(), 1u);
  EXPECT_EQ(planned->plan.changes[0].action, Action::blocked);
}

// Racks that may have taken over the disks of others; what they consist of cannot be asked.
class BrokenRacks : public testing::Test {
 public:
  BrokenRacks() {
    f_.world.answer = [](const Request& request) {
      Observation seen;
      seen.existence = request.identity.empty() ? Existence::absent : Existence::present;
      seen.identity = request.identity;
      seen.actual = Json::object();
      return seen;
    };
  }

 protected:
  void own(const Address& address, std::optional<Address> parent = {}) {
    Owned row{.address = address, .instance = "world", .identity = to_string(address), .generation = "g"};
    row.applied = SharedJson::object();
    row.parent = std::move(parent);
    EXPECT_TRUE(inventory_.commit({PutOwned{row}}));
  }
  Plan plan(std::vector<Resource> declared, const PlanOptions& options = {}) {
    for (Resource& resource : declared) resource.version = "v1";
    Diagnostics diagnostics;
    auto planned = make_plan(world_, std::move(declared), options, diagnostics);
    EXPECT_TRUE(planned && diagnostics.empty());
    return std::move(planned->plan);
  }
  // What becomes of the disk.
  Action fate(const std::vector<Resource>& declared, const PlanOptions& options = {}) {
    for (const Change& change : plan(declared, options).changes)
      if (change.address == disk("x")) return change.action;
    return Action::none;
  }

  Fixture f_;
  MemoryInventory inventory_;
  const SystemClock clock_;
  const Backends backends_{{"world", &f_.world}};
  const World world_{f_.catalog, backends_, inventory_, clock_};
};

TEST_F(BrokenRacks, TakeNothingFromARackThatNoLongerHasIt) {
  own(rack("a"));
  own(disk("x"), rack("a"));
  const std::vector<Resource> declared = {{.address = rack("a")}, {.address = rack("b")}};
  EXPECT_EQ(fate(declared), Action::remove);
  f_.world.crashing = "b";
  EXPECT_EQ(fate(declared), Action::blocked);
}

TEST_F(BrokenRacks, TakeNothingFromTheRackThatTheyMoveFrom) {
  own(rack("a"));
  own(disk("x"), rack("a"));
  const std::vector<Resource> declared = {
      {.address = rack("b"), .annotations = {{"tenon.dev/moved-from", to_string(rack("a"))}}}};
  EXPECT_EQ(fate(declared), Action::remove);
  f_.world.crashing = "b";
  EXPECT_EQ(fate(declared), Action::blocked);
}

TEST_F(BrokenRacks, PruneNothing) {
  own(disk("x"));
  const std::vector<Resource> declared = {{.address = rack("b")}};
  EXPECT_EQ(fate(declared, {.prune = true}), Action::remove);
  f_.world.crashing = "b";
  EXPECT_EQ(fate(declared, {.prune = true}), Action::blocked);
  EXPECT_EQ(fate(declared), Action::none) << "without --prune nobody wanted to delete it";
}

// They may be expanded when it is applied.
TEST_F(BrokenRacks, MakeNoSavedPlanStale) {
  const std::vector<Resource> declared = {{.address = rack("a")}, {.address = rack("b")}};
  EXPECT_TRUE(plan(declared).fingerprints.contains(rack("b")));
  f_.world.crashing = "b";
  const Plan broken = plan(declared);
  EXPECT_TRUE(broken.fingerprints.contains(rack("a")));
  EXPECT_FALSE(broken.fingerprints.contains(rack("b")));
}

TEST_F(BrokenRacks, DoNotKeepWhatIsToBeDestroyed) {
  own(disk("x"));
  f_.world.crashing = "b";
  EXPECT_EQ(fate({{.address = rack("b")}}, {.destroy = true}), Action::remove);
}

}  // namespace
}  // namespace tenon
