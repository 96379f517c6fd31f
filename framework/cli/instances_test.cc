// Several instances of one plugin: configuration, routing, and what an instance may use.
#include <filesystem>

#include "framework/backend/fake.h"
#include "framework/backend/forwarding.h"
#include "framework/cli/commands_testing.h"
#include "framework/cli/exit_code.h"

namespace tenon {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "cloud", "version": "1",
  "configuration": {"type": "object", "required": ["region"], "properties": {
    "region": {"type": "string", "enum": ["north", "south"]}}},
  "kinds": [
    {"group": "test", "kind": "Disk", "plural": "disks", "versions": ["v1"], "schema": {"type": "object"}},
    {"group": "test", "kind": "Net", "plural": "nets", "versions": ["v1"], "schema": {"type": "object"}}]
})";

// One world for each region.
struct Clouds {
  std::map<std::string, std::shared_ptr<FakeBackend>> regions;
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
    return std::unique_ptr<Backend>(
        std::make_unique<ForwardingBackend>(*clouds_.regions.at(instance.configuration.at("region"))));
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

TEST_F(Instances, AConfigurationIsCheckedAgainstTheManifest) {
  for (const auto& [configuration, words] :
       {std::pair("{region: east}", "tenon.yaml:2:65: error: expected one of north, south"),
        {"{}", "required field 'region'"},
        {"{region: north, zone: a}", "unknown field 'zone'"}}) {
    write("tenon.yaml", std::string("instances:\n- {name: north, plugin: cloud, configuration:          ") +
                            configuration + "}\n");
    const Done done = run({"get"});
    EXPECT_EQ(done.status, kFailure) << configuration;
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
  for (const char* limit : {"callsPerSecond: 0", "callsPerSecond: 0.05", "callsPerSecond: often", "burst: 0",
                            "burst: 4294967295", "parallel: 0", "parallel: 4294967296", "speed: 1"}) {
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
