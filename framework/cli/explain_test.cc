// `explain` and `validate` on kinds that have a bit of everything, of a plugin that must not be opened.
#include "framework/cli/commands_testing.h"
#include "framework/cli/exit_code.h"

namespace tenon {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "lab", "version": "1",
  "capabilities": ["expand", "convert"],
  "kinds": [
    {"group": "lab.example", "kind": "Disk", "plural": "disks", "shortNames": ["dk"], "versions": ["v2", "v1"],
     "ready": {"phases": ["Ready", "Idle"]},
     "requirements": [{"name": "on", "path": "/parts/*/on", "target": "lab.example/Disk", "phases": ["Ready"],
                       "guards": ["create"]}],
     "outputs": {"type": "object", "properties": {"path": {"type": "string", "description": "Where it is."}}},
     "schema": {"type": "object", "description": "A place for bytes.", "required": ["size"], "properties": {
       "size": {"type": "string", "format": "quantity", "minimum": 1, "x-decrease": "refuse",
                "description": "How much."},
       "running": {"type": "boolean", "default": true, "x-operation": {"true": "start", "false": "stop"}},
       "password": {"type": "string", "x-secret": true, "minLength": 8},
       "layout": {"type": "object", "x-update": "replace", "x-exactly-one-of": ["raid", "flat"], "properties": {
         "raid": {"type": "string", "enum": ["r1", "r5"]}, "flat": {"type": "object", "properties": {}}}},
       "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                 "items": {"type": "object", "properties": {
                   "name": {"type": "string"}, "on": {"type": "string", "x-update": "refuse-once-populated"}}}},
       "seen": {"type": "integer", "x-computed": true, "x-volatile": true}}},
     "schemas": {"v1": {"type": "object", "properties": {"gigabytes": {"type": "integer"}}}}},
    {"group": "lab.example", "kind": "Host", "versions": ["v1"], "scope": "Cluster",
     "schema": {"type": "object", "properties": {
       "disks": {"type": "array", "items": {"type": "object", "x-template": "lab.example/Disk"}}}}},
    {"group": "other.example", "kind": "Host", "versions": ["v1"], "schema": {"type": "object"}}
  ]
})";

class LabPlugins final : public PluginSource {
 public:
  Result<std::shared_ptr<const Manifest>> manifest(const std::string&) override {
    return std::make_shared<const Manifest>(*parse_manifest(kManifest));
  }
  Result<std::vector<Library>> libraries(const std::string&) override { return std::vector<Library>(); }
  Result<std::unique_ptr<Backend>> open(const InstanceConfiguration&) override {
    ADD_FAILURE() << "nothing is to be opened";
    return Error{Code::internal, "opened"};
  }
};

class Explain : public CommandLine {
 protected:
  std::unique_ptr<PluginSource> plugins(const PluginOptions&) override {
    return std::make_unique<LabPlugins>();
  }
  std::string of(const std::string& path) {
    const Done done = run({"explain", path});
    EXPECT_EQ(done.status, kSuccess) << done.err;
    return done.out;
  }
  std::string refusal(const std::string& path) {
    const Done done = run({"explain", path});
    EXPECT_EQ(done.status, kFailure);
    return done.err;
  }
};

TEST_F(Explain, AKindTellsItsVersionsAndWhatItWaitsFor) {
  EXPECT_EQ(of("dk"), R"(GROUP:      lab.example
KIND:       Disk
VERSION:    v2
VERSIONS:   v2, v1
SHORT:      dk
SCOPE:      Namespaced
INSTANCES:  world
READY:      Ready, Idle

DESCRIPTION:
    A place for bytes.

REQUIRES:
    Disk.lab.example that spec.parts.*.on names, until Ready, for create

FIELDS:
  apiVersion	<string> -required-
    lab.example/v2

  kind	<string> -required-
    Disk

  metadata	<Object> -required-
    Who it is

  outputs	<Object>
    computed: set by the backend, not compared

  spec	<Object> -required-
    A place for bytes.
)");
}

TEST_F(Explain, AFieldTellsWhatItMayBeAndWhatChangingItDoes) {
  EXPECT_EQ(of("disk.spec"), R"(GROUP:      lab.example
KIND:       Disk
VERSION:    v2
VERSIONS:   v2, v1

FIELD: spec <Object> -required-

DESCRIPTION:
    A place for bytes.

FIELDS:
  layout	<Object>
    exactly one of: raid, flat
    change: replace (deletes it and makes it anew)

  parts	<[]Object>
    list: a map by name

  password	<string>
    at least 8 long
    change: live (applied while it runs)
    secret: shown nowhere

  running	<boolean>
    default: true
    change: live (applied while it runs)
    false: stop
    true: start

  seen	<integer>
    computed: set by the backend, not compared
    volatile: changes by itself, not compared

  size	<string> -required-
    How much.
    a quantity, such as 500m or 10Gi
    at least 1
    change: live (applied while it runs)
    change: may grow, not shrink
)");
}

TEST_F(Explain, TheStrictestRuleOnTheWayDecides) {
  EXPECT_NE(of("disk.spec.layout.raid").find("change: replace"), std::string::npos);
  EXPECT_NE(of("disk.spec.layout.raid").find("one of: r1, r5"), std::string::npos);
  EXPECT_NE(of("Disk.lab.example.spec.parts[0].on").find("change: refuse-once-populated"), std::string::npos);
}

TEST_F(Explain, RecursiveGoesAllTheWayDownALineForEachField) {
  const std::string text = run({"explain", "disk", "--recursive"}).out;
  EXPECT_EQ(text.substr(std::min(text.find("  outputs"), text.size())),
            R"(  outputs	<Object>	computed
    path	<string>
  spec	<Object> -required-
    layout	<Object>	replace
      flat	<Object>	replace
      raid	<string>	replace
    parts	<[]Object>
      name	<string>
      on	<string>	refuse-once-populated
    password	<string>	secret
    running	<boolean>	default true
    seen	<integer>	computed, volatile
    size	<string> -required-
)");
}

TEST_F(Explain, ATemplateHasTheFieldsOfItsKind) {
  EXPECT_NE(of("Host.lab.example.spec.disks.spec.size").find("How much."), std::string::npos);
}

TEST_F(Explain, AnotherVersionHasItsOwnFields) {
  for (const char* version : {"v1", "lab.example/v1"}) {
    const Done done = run({"explain", "disk.spec", "--api-version", version});
    EXPECT_NE(done.out.find("gigabytes\t<integer>"), std::string::npos) << done.out;
  }
  const Done done = run({"explain", "disk", "--api-version", "v3"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("served: v2, v1"), std::string::npos) << done.err;
}

TEST_F(Explain, AnUnknownNameGetsTheNearest) {
  EXPECT_EQ(refusal("dsik"), "error: no instance serves a kind 'dsik'; did you mean 'Disk'?\n");
  EXPECT_EQ(refusal("disk.spec.siez"), "error: Disk.spec has no field 'siez'; did you mean 'size'?\n");
  EXPECT_EQ(refusal("disk.running"), "error: Disk has no field 'running'; did you mean 'spec.running'?\n");
  EXPECT_EQ(refusal("disk.spec.size.x"), "error: Disk.spec.size has no field 'x'; it has no fields\n");
  EXPECT_EQ(refusal("host"),
            "error: 'host' can mean several kinds; say which: Host.lab.example, Host.other.example\n");
}

TEST_F(Explain, ProgramsGetTheSameAsJson) {
  const Done done = run({"explain", "disk.spec.size", "-o", "json"});
  const Json document = Json::parse(done.out);
  EXPECT_EQ(document["path"], "spec.size");
  EXPECT_EQ(document["field"], Json::parse(R"({"type": "string", "required": true, "description": "How much.",
    "format": "quantity", "minimum": 1.0, "update": "live", "decrease": "refuse"})"));
}

class Validate : public Explain {
 protected:
  std::string problems_of(const std::string& text) {
    write("lab.yaml", text);
    const Done done = run({"validate", "-f", "lab.yaml"});
    EXPECT_EQ(done.status, done.err.empty() ? kSuccess : kFailure);
    return done.err.substr(0, done.err.find('\n'));
  }
};

TEST_F(Validate, ChecksTemplatesWithoutExpandingThem) {
  const std::string host = "apiVersion: lab.example/v1\nkind: Host\nmetadata: {name: h}\nspec:\n  disks:\n";
  EXPECT_EQ(problems_of(host + "  - metadata: {name: d}\n    spec: {size: 1Gi}\n"), "");
  EXPECT_EQ(problems_of(host + "  - metadata: {name: d}\n    spec: {size: 1Gi, runing: true}\n"),
            "lab.yaml:7:23: error: unknown field 'runing' (lab.example/Host/-/h)");
}

TEST_F(Validate, ChecksAnotherVersionAsItIsWrittenWithoutConvertingIt) {
  const std::string disk = "apiVersion: lab.example/v1\nkind: Disk\nmetadata: {name: d}\n";
  EXPECT_EQ(problems_of(disk + "spec: {gigabytes: 3}\n"), "");
  EXPECT_EQ(problems_of(disk + "spec: {gigabyte: 3}\n"),
            "lab.yaml:4:8: error: unknown field 'gigabyte' (lab.example/Disk/default/d)");
}

}  // namespace
}  // namespace tenon
