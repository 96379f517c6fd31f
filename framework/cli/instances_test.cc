// Several instances of one plugin: configuration, routing, and what an instance may use.
#include <filesystem>

#include "framework/backend/fake.h"
#include "framework/backend/forwarding.h"
#include "framework/cli/commands_testing.h"
#include "framework/cli/exit_code.h"
#include "framework/inventory/sqlite.h"

namespace tenon {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "cloud", "version": "1", "capabilities": ["list"],
  "configuration": {"type": "object", "required": ["region"], "properties": {
    "region": {"type": "string", "enum": ["north", "south", "midday"], "x-place": true}}},
  "kinds": [
    {"group": "test", "kind": "Disk", "plural": "disks", "versions": ["v1"], "schema": {"type": "object"}},
    {"group": "test", "kind": "Net", "plural": "nets", "versions": ["v1"], "schema": {"type": "object"}}]
})";

// One world for each region; midday is another name of south.
struct Clouds {
  std::map<std::string, std::shared_ptr<FakeBackend>> regions;
  std::map<std::string, std::string> names;      // of regions that have another one
  std::map<std::string, InstanceLimits> limits;  // by instance
};

class CloudPlugin final : public PluginSource {
 public:
  explicit CloudPlugin(Clouds& clouds) : clouds_(clouds) {}
  Result<std::shared_ptr<const Manifest>> manifest(const std::string&) override {
    return std::shared_ptr<const Manifest>(std::make_shared<Manifest>(*parse_manifest(kManifest)));
  }
  Result<std::unique_ptr<Backend>> open(const InstanceConfiguration& instance) override {
    clouds_.limits[instance.name] = instance.limits;
    const std::string region = instance.configuration.at("region");
    const auto name = clouds_.names.find(region);
    return std::unique_ptr<Backend>(std::make_unique<ForwardingBackend>(
        *clouds_.regions.at(name == clouds_.names.end() ? region : name->second)));
  }
  Result<std::vector<Library>> libraries(const std::string&) override { return std::vector<Library>(); }

 private:
  Clouds& clouds_;
};

constexpr const char* kTwo =
    "instances:\n"
    "- {name: north, plugin: cloud, configuration: {region: north}}\n"
    "- {name: south, plugin: cloud, configuration: {region: south}}\n";

class Instances : public CommandLine {
 protected:
  Instances() {
    for (const char* region : {"north", "south"})
      clouds_.regions[region] = std::make_shared<FakeBackend>(backend_clock_);
    clouds_.names["midday"] = "south";
  }
  std::unique_ptr<PluginSource> plugins(const PluginOptions&) override {
    return std::make_unique<CloudPlugin>(clouds_);
  }

  // configuration: what follows the two instances in tenon.yaml. metadata: of a Disk d.
  Done apply(const std::string& configuration, const std::string& metadata = "",
             const std::string& kind = "Disk") {
    write("tenon.yaml", kTwo + configuration);
    write("job.yaml",
          "apiVersion: test/v1\nkind: " + kind + "\nmetadata: {name: d" + metadata + "}\nspec: {}\n");
    return run({"apply", "-f", "job.yaml", "--yes"});
  }
  // The regions that have something.
  std::string where() const {
    std::string names;
    for (const auto& [name, backend] : clouds_.regions)
      if (!backend->world().empty()) names += name;
    return names;
  }

  SystemClock backend_clock_;
  Clouds clouds_;
};

constexpr const char* kAnnotated = ", annotations: {tenon.dev/backend: south}";

TEST_F(Instances, ARouteByKindDecides) {
  const Done done =
      apply("routes: [{kind: test/Net, instance: north}, {kind: test/Disk, instance: south}]\n");
  EXPECT_EQ(done.status, kSuccess) << done.err;
  EXPECT_EQ(where(), "south");
}

TEST_F(Instances, ARouteByNamespaceComesBeforeOneForTheRest) {
  const std::string routes =
      "routes: [{kind: test/Disk, namespace: blue, instance: south}, {kind: test/Disk, instance: north}]\n";
  EXPECT_EQ(apply(routes, ", namespace: blue").status, kSuccess);
  EXPECT_EQ(where(), "south");
  EXPECT_EQ(apply(routes).status, kSuccess);
  EXPECT_EQ(where(), "northsouth");
}

TEST_F(Instances, TheAnnotationComesBeforeEveryRoute) {
  EXPECT_EQ(apply("routes: [{kind: test/Disk, instance: north}]\n", kAnnotated).status, kSuccess);
  EXPECT_EQ(where(), "south");
}

TEST_F(Instances, AnAnnotationThatNamesNoCandidateIsRefused) {
  const Done done = apply("", ", annotations: {tenon.dev/backend: east}");
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("candidates are north, south"), std::string::npos) << done.err;
}

TEST_F(Instances, TwoCandidatesWithoutARuleAreRefusedAndNamed) {
  const Done done = apply("");
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("several instances serve test/Disk (north, south)"), std::string::npos) << done.err;
  EXPECT_EQ(where(), "");
}

TEST_F(Instances, WhereSomethingIsIsRecordedAndAnotherRouteIsRefused) {
  ASSERT_EQ(apply("", kAnnotated).status, kSuccess);
  EXPECT_EQ(Json::parse(run({"get", "-o", "json"}).out)["items"][0]["instance"], "south");
  const Done moved = apply("routes: [{kind: test/Disk, instance: north}]\n");
  EXPECT_EQ(moved.status, kRefused);
  EXPECT_NE(moved.out.find("lives in instance south and cannot move to north"), std::string::npos)
      << moved.out;
  EXPECT_EQ(where(), "south");
}

TEST_F(Instances, WhatIsOwnedIsDeletedWhereItIsWhateverTheRoutesSay) {
  ASSERT_EQ(apply("", kAnnotated).status, kSuccess);
  write("tenon.yaml", std::string(kTwo) + "routes: [{kind: test/Disk, instance: north}]\n");
  EXPECT_EQ(run({"destroy", "--yes", "--approve", "test/Disk/default/d"}).status, kSuccess);
  EXPECT_EQ(where(), "");
}

// One instance, which has made a Disk d in region south.
class MovedInstance : public Instances {
 protected:
  void SetUp() override {
    Instances::SetUp();
    look_at("south");
    write("d.yaml", "apiVersion: test/v1\nkind: Disk\nmetadata: {name: d}\nspec: {}\n");
    ASSERT_EQ(run({"apply", "-f", "d.yaml", "--yes"}).status, kSuccess);
  }
  void look_at(const std::string& region) {
    write("tenon.yaml",
          "instances:\n- {name: cloud, plugin: cloud, configuration: {region: " + region + "}}\n");
  }
  // As an older program leaves it.
  void forget_places() {
    const auto inventory = open_inventory(".tenon/inventory.db", OpenMode::write);
    ASSERT_TRUE(inventory);
    ASSERT_TRUE((*inventory)->commit({PutPlaces{}}));
  }
  std::string nonce() const { return clouds_.regions.at("south")->world().begin()->second.mark.nonce; }
  void expect_blocked() {
    const Done planned = run({"plan", "-f", "d.yaml"});
    EXPECT_EQ(planned.status, kPartial) << planned.out << planned.err;
    EXPECT_NE(planned.out.find(kMoved), std::string::npos) << planned.out;
  }

  static constexpr const char* kMoved =
      "instance 'cloud' looks at region north now; what it owns was made at region south";
};

TEST_F(MovedInstance, DoublesNothing) {
  look_at("north");
  expect_blocked();
  write("e.yaml", "apiVersion: test/v1\nkind: Disk\nmetadata: {name: e}\nspec: {}\n");
  EXPECT_EQ(run({"apply", "--yes", "-f", "d.yaml", "-f", "e.yaml"}).status, kPartial);
  EXPECT_EQ(where(), "south");
  look_at("south");
  EXPECT_NE(run({"plan", "-f", "d.yaml"}).out.find("No changes."), std::string::npos);
}

TEST_F(MovedInstance, DropsNoRecord) {
  look_at("north");
  EXPECT_EQ(run({"destroy", "--yes", "--approve", "test/Disk/default/d"}).status, kPartial);
  EXPECT_EQ(run({"apply", "--prune", "--yes", "-f", "e.yaml"}).status, kFailure);
  EXPECT_EQ(run({"get", "-o", "name"}).out, "test/Disk/default/d\n");
  look_at("south");
  EXPECT_EQ(run({"destroy", "--yes", "--approve", "test/Disk/default/d"}).status, kSuccess);
  EXPECT_EQ(where(), "");
}

TEST_F(MovedInstance, IsNotRebuiltFromElsewhere) {
  look_at("north");
  const Done done = run({"rebuild", "--yes"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find(kMoved), std::string::npos) << done.err;
}

TEST_F(MovedInstance, MayLookAnywhereOnceItOwnsNothing) {
  ASSERT_EQ(run({"destroy", "--yes", "--approve", "test/Disk/default/d"}).status, kSuccess);
  look_at("north");
  EXPECT_EQ(run({"apply", "--yes", "-f", "d.yaml"}).status, kSuccess);
  EXPECT_EQ(where(), "north");
  look_at("south");
  EXPECT_EQ(run({"apply", "--yes", "-f", "d.yaml"}).status, kPartial);
  EXPECT_EQ(where(), "north");
}

TEST_F(MovedInstance, OfAnOlderInventoryIsKnownFromItsNextApplyOn) {
  forget_places();
  EXPECT_NE(run({"apply", "--yes", "-f", "d.yaml"}).out.find("No changes."), std::string::npos);
  look_at("north");
  expect_blocked();
}

// An unreachable place that was named by mistake is not taken for the one where everything was made.
TEST_F(MovedInstance, IsNotKnownFromWhereNothingCanBeSeen) {
  forget_places();
  look_at("north");
  clouds_.regions.at("north")->script({"test", "Disk", "default", "d"},
                                      {.faults = {{.method = Method::observe, .times = 100}}});
  EXPECT_EQ(run({"apply", "--yes", "-f", "d.yaml"}).status, kPartial);
  look_at("south");
  EXPECT_NE(run({"plan", "-f", "d.yaml"}).out.find("No changes."), std::string::npos);
}

TEST_F(MovedInstance, OfARebuiltInventoryIsKnown) {
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(std::string(".tenon/inventory.db") + suffix);
  const Done done = run({"rebuild", "--yes"});
  ASSERT_EQ(done.status, kSuccess) << done.err;
  look_at("north");
  expect_blocked();
}

TEST_F(MovedInstance, ThatOnlyHasAnotherNameIsFoundByItsMarks) {
  const std::string before = nonce();
  look_at("midday");
  EXPECT_EQ(run({"plan", "-f", "d.yaml"}).status, kPartial);
  ASSERT_EQ(run({"forget", "--record-only", "--yes", "test/Disk/default/d"}).status, kSuccess);
  const Done done = run({"apply", "--yes", "-f", "d.yaml"});
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_EQ(clouds_.regions.at("south")->world().size(), 1u);
  EXPECT_EQ(nonce(), before);
  EXPECT_NE(run({"plan", "-f", "d.yaml"}).out.find("No changes."), std::string::npos);
}

TEST_F(Instances, AConfigurationIsCheckedAgainstTheManifest) {
  for (const auto& [configuration, words] :
       {std::pair("{region: east}", "tenon.yaml:2:65: error: expected one of north, south, midday"),
        {"{}", "required field 'region'"},
        {"{region: north, zone: a}", "unknown field 'zone'"}}) {
    write("tenon.yaml", std::string("instances:\n- {name: north, plugin: cloud, configuration:          ") +
                            configuration + "}\n");
    const Done done = run({"get"});
    EXPECT_EQ(done.status, kFailure) << configuration;
    EXPECT_NE(done.err.find(words), std::string::npos) << done.err;
  }
}

// Its log is a file of this name.
TEST_F(Instances, HaveNamesThatAreNoPaths) {
  for (const std::string& name : {std::string("../../x"), std::string("a/b"), std::string(64, 'a'),
                                  std::string("a b"), std::string("a\\nb"), std::string()}) {
    write("tenon.yaml",
          "instances:\n- name: \"" + name + "\"\n  plugin: cloud\n  configuration: {region: north}\n");
    const Done done = run({"get"});
    EXPECT_EQ(done.status, kFailure) << name;
    EXPECT_NE(done.err.find("tenon.yaml:2:9: error: expected a text of the form ^[A-Za-z0-9._-]{1,63}$"),
              std::string::npos)
        << done.err;
  }
}

TEST_F(Instances, ThatAreNotThereAreMissedInTheConfiguration) {
  write("d.yaml", "apiVersion: test/v1\nkind: Disk\nmetadata: {name: d}\nspec: {}\n");
  for (const auto& [text, words] :
       {std::pair("", "tenon.yaml: error: the configuration is empty\n  write its instances"),
        {"instances: []\n", "no plugin serves test/Disk; tenon.yaml has no instance of a plugin"},
        {"instances:\n- {name: north, plugin: cloud, configuration: {region: north}}\n"
         "routes:\n- {kind: other/Thing, instance: north}\n",
         "tenon.yaml:4:10: error: instance 'north' does not serve other/Thing\n  it serves test/Disk"}}) {
    write("tenon.yaml", text);
    const Done done = run({"plan", "-f", "d.yaml"});
    EXPECT_EQ(done.status, kFailure) << text;
    EXPECT_NE(done.err.find(words), std::string::npos) << done.err;
  }
}

TEST_F(Instances, HaveLimitsOfTheirOwn) {
  write("tenon.yaml",
        "instances:\n"
        "- {name: north, plugin: cloud, configuration: {region: north},\n"
        "   limits: {callsPerSecond: 2.5, burst: 4, parallel: 2, memory: 64Mi}}\n"
        "- {name: south, plugin: cloud, configuration: {region: south}}\n");
  EXPECT_EQ(run({"get"}).status, kSuccess);
  const InstanceLimits& north = clouds_.limits["north"];
  EXPECT_EQ(north.rate.per_second, 2.5);
  EXPECT_EQ(north.rate.burst, 4);
  EXPECT_EQ(north.parallel, 2);
  EXPECT_EQ(north.memory, uint64_t{64} << 20);
  EXPECT_EQ(clouds_.limits["south"].rate.per_second, 0);
}

TEST_F(Instances, ALimitThatMakesNoSenseIsRefusedAtItsPlace) {
  for (const char* limit :
       {"callsPerSecond: 0", "callsPerSecond: 0.05", "callsPerSecond: often", "burst: 0", "burst: 4294967295",
        "memory: 1Ki", "parallel: 0", "parallel: 4294967296", "speed: 1"}) {
    write("tenon.yaml",
          "instances:\n- {name: north, plugin: cloud, configuration: {region: north}, limits: {" +
              std::string(limit) + "}}\n");
    const Done done = run({"get"});
    EXPECT_EQ(done.status, kFailure) << limit;
    EXPECT_NE(done.err.find("tenon.yaml:2:"), std::string::npos) << done.err;
  }
}

}  // namespace
}  // namespace tenon
