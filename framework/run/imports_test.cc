// An import writes over what is in its claim: what becomes of it when that changes after the plan was made.
#include <gtest/gtest.h>

#include <algorithm>

#include "framework/run/simulation.h"

namespace tenon {
namespace {

using std::chrono::seconds;

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "fake", "version": "1", "kinds": [
    {"group": "test", "kind": "Claim", "plural": "claims", "versions": ["v1"], "claim": true,
     "ready": {"phases": ["Ready"]}, "schema": {"type": "object"}},
    {"group": "test", "kind": "Import", "plural": "imports", "versions": ["v1"], "populates": "target",
     "requirements": [{"name": "target", "path": "/target", "target": "test/Claim", "guards": ["create"]}],
     "ready": {"phases": ["Ready"], "later": true},
     "schema": {"type": "object", "properties": {
       "target": {"type": "string"}, "source": {"type": "string", "x-update": "replace"}}}},
    {"group": "test", "kind": "Machine", "plural": "machines", "versions": ["v1"],
     "requirements": [{"name": "disk", "path": "/disk", "target": "test/Claim", "guards": ["create"]}],
     "ready": {"phases": ["Ready"]},
     "schema": {"type": "object", "properties": {"disk": {"type": "string"}}}}]})";

Address of(const std::string& kind, const std::string& name) { return {"test", kind, "default", name}; }
Address claim() { return of("Claim", "disk"); }
Address import() { return of("Import", "image"); }
Address machine() { return of("Machine", "vm"); }

class Imports : public testing::Test {
 protected:
  Imports() {
    world_.backend.on_claims([](const Address& address) { return address.kind == "Claim"; },
                             [](const Address& address, const Json& spec) {
                               return address.kind == "Import" ? std::optional(of("Claim", spec["target"]))
                                                               : std::nullopt;
                             });
  }

  static Resource disk() { return resource(claim()); }
  static Resource image(const std::string& source) {
    return resource(import(), {{"target", "disk"}, {"source", source}});
  }
  static Resource vm() { return resource(machine(), {{"disk", "disk"}}); }

  void apply(const std::vector<Resource>& desired, const PlanOptions& options = {}) {
    const Plan plan = world_.plan(desired, options);
    ASSERT_FALSE(plan.refused());
    world_.run(plan);
  }

  // Whatever any step says.
  std::string run(const Plan& plan) {
    std::string told;
    for (const StepRecord& step : world_.run(plan).steps) told += step.reason + "\n";
    return told;
  }

  std::string filled_from() const {
    const Json contents = world_.backend.look(claim()).outputs.value("contents", Json::object());
    return contents.value("generation", "");
  }

  static std::string generation_from(const std::string& source) { return generation_of(image(source).spec); }

  Simulation world_{Catalog({{"fake", std::make_shared<const Manifest>(*parse_manifest(kManifest))}}, {})};
};

TEST_F(Imports, WriteOverNothingThatCameAfterThePlan) {
  apply({disk()});
  const Plan plan = world_.plan({disk(), image("new")});
  world_.backend.change([](FakeWorld& world) { world.at(claim()).filled_by = "somebody else"; });
  EXPECT_NE(run(plan).find("was filled after the plan was made"), std::string::npos);
  EXPECT_FALSE(world_.backend.world().contains(import()));
}

TEST_F(Imports, DoNotGoOnOverWhatCameAfterThePlan) {
  world_.backend.script(import(), {.ready_after = seconds(60), .worker_deaths = 1});
  apply({disk()});
  for (int steps = 1; !world_.backend.world().contains(import()); ++steps)
    world_.run(world_.plan({disk(), image("new")}), {.kill_after = steps});
  world_.clock.advance(seconds(60));
  ASSERT_TRUE(world_.backend.look(import()).resumable);
  const Plan plan = world_.plan({disk(), image("new")});
  world_.backend.change([](FakeWorld& world) {
    world.at(import()).fills.reset();
    world.at(claim()).filled_by = "somebody else";
  });
  EXPECT_NE(run(plan).find("was filled after the plan was made"), std::string::npos);
  EXPECT_TRUE(world_.backend.look(import()).resumable);
}

class ImportsOverOlderContents : public Imports {
 protected:
  void SetUp() override {
    apply({disk(), image("old"), vm()});
    apply({disk(), vm()}, approved_);
    ASSERT_EQ(filled_from(), generation_from("old"));
  }

  // Ready machines count as data here.
  const PlanOptions approved_{.approved = {import(), machine()}, .prune = true};
};

TEST_F(ImportsOverOlderContents, WaitForTheEndOfWhoeverUsedThem) {
  world_.backend.script(machine(), {.gone_after = seconds(20)});
  bool machine_there = true;
  world_.backend.on_effect([&](const FakeEffect& effect, const FakeBackend& backend) {
    if (effect.address == import()) machine_there = backend.world().contains(machine());
  });
  apply({disk(), image("new")}, approved_);
  EXPECT_FALSE(machine_there);
  EXPECT_EQ(filled_from(), generation_from("new"));
}

TEST_F(ImportsOverOlderContents, AreNotMadeWhereTheirUserCannotBeDeleted) {
  world_.backend.script(machine(), {.faults = {{Method::remove, Code::invalid_argument}}});
  apply({disk(), image("new")}, approved_);
  EXPECT_EQ(filled_from(), generation_from("old"));
}

TEST_F(ImportsOverOlderContents, AreNotMadeUnderANewUser) {
  apply({disk()}, approved_);
  const Plan plan = world_.plan({disk(), image("new")}, approved_);
  world_.backend.change([](FakeWorld& world) { world.at(claim()).users = {"domain x"}; });
  EXPECT_NE(run(plan).find("still used by domain x"), std::string::npos);
  EXPECT_EQ(filled_from(), generation_from("old"));
}

TEST_F(ImportsOverOlderContents, AreRecordedUnderAUserIfTheyAreTheOnesAskedFor) {
  const Plan plan = world_.plan({disk(), image("old"), vm()});
  ASSERT_FALSE(plan.refused());
  world_.backend.change([](FakeWorld& world) { world.at(claim()).users = {"domain x"}; });
  run(plan);
  EXPECT_TRUE(world_.backend.world().contains(import()));
  EXPECT_EQ(filled_from(), generation_from("old"));
}

}  // namespace
}  // namespace tenon
