#include "framework/kube/crd.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

// The manifest of one kind: these members besides group, kind, versions and, where it is not given, schema.
std::vector<Json> definitions(const std::string& group, Json kind) {
  kind["group"] = group;
  kind.emplace("kind", "VolumeGroup");
  kind.emplace("versions", Json::array({"v1"}));
  kind.emplace("schema", Json::parse(R"({"type": "object"})"));
  const Json manifest = {{"manifestVersion", 1}, {"name", "disks"}, {"kinds", {kind}}};
  const Result<Manifest> parsed = parse_manifest(manifest.dump());
  EXPECT_TRUE(parsed) << parsed.error().message;
  return custom_resource_definitions(parsed.value_or({}));
}

Json definition(const Json& kind) { return definitions("test.dev", kind).at(0); }

Json version(const Json& kind) { return definition(kind)["spec"]["versions"][0]; }

Json with_schema(const char* text) { return {{"schema", Json::parse(text)}}; }

// "Name type jsonPath", one line each; "*" after the name of a wide one.
std::string columns(const Json& kind) {
  std::string text;
  const Json list = version(kind)["additionalPrinterColumns"];
  for (const Json& column : list)
    text += column["name"].get<std::string>() + (column.value("priority", 0) == 1 ? "* " : " ") +
            column["type"].get<std::string>() + " " + column["jsonPath"].get<std::string>() + "\n";
  return text;
}

TEST(Crd, CarriesTheNames) {
  const Json crd = definition({{"shortNames", {"vg"}}, {"plural", "volumegroups"}});
  EXPECT_EQ(crd["apiVersion"], "apiextensions.k8s.io/v1");
  EXPECT_EQ(crd["kind"], "CustomResourceDefinition");
  EXPECT_EQ(crd["metadata"]["name"], "volumegroups.test.dev");
  EXPECT_EQ(crd["metadata"]["annotations"]["tenon.dev/plugin"], "disks");
  EXPECT_EQ(crd["spec"]["group"], "test.dev");
  EXPECT_EQ(crd["spec"]["scope"], "Namespaced");
  EXPECT_EQ(crd["spec"]["names"], Json::parse(R"({"kind": "VolumeGroup", "listKind": "VolumeGroupList",
      "plural": "volumegroups", "singular": "volumegroup", "shortNames": ["vg"]})"));
  EXPECT_FALSE(definition(Json::object())["spec"]["names"].contains("shortNames"));
  EXPECT_EQ(definition({{"scope", "Cluster"}})["spec"]["scope"], "Cluster");
}

TEST(Crd, IsNotMadeForKindsOfKubernetes) {
  for (const char* group : {"core", "apps", "storage.k8s.io"})
    EXPECT_TRUE(definitions(group, Json::object()).empty()) << group;
  EXPECT_EQ(definitions("cdi.kubevirt.io", Json::object()).size(), 1u);
}

TEST(Crd, EachVersionHasItsOwnSchema) {
  const Json kind = {
      {"versions", {"v2", "v1", "v1beta1"}},
      {"schema", Json::parse(R"({"type": "object", "required": ["size"],
                                 "properties": {"size": {"type": "integer", "description": "in bytes"}}})")},
      {"schemas",
       Json::parse(R"({"v1": {"type": "object", "properties": {"gigabytes": {"type": "integer"}}}})")}};
  const Json versions = definition(kind)["spec"]["versions"];
  ASSERT_EQ(versions.size(), 3u);
  const auto object = [&](int at) { return versions[at]["schema"]["openAPIV3Schema"]; };
  const auto fields = [&](int at) { return object(at)["properties"]["spec"]["properties"]; };
  EXPECT_TRUE(fields(0).contains("size") && !fields(0).contains("gigabytes"));
  EXPECT_TRUE(fields(1).contains("gigabytes") && !fields(1).contains("size"));
  EXPECT_EQ(fields(2), fields(0)) << "one without its own has the hub's";
  EXPECT_TRUE(object(0).contains("required") && !object(1).contains("required"));
}

TEST(Crd, ServesAllVersionsWithOneSchemaAndStoresTheHub) {
  const Json versions = definition({{"versions", {"v1beta1", "v1alpha1"}}})["spec"]["versions"];
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0]["name"], "v1beta1");
  EXPECT_EQ(versions[0]["storage"], true);
  EXPECT_EQ(versions[1]["name"], "v1alpha1");
  EXPECT_EQ(versions[1]["storage"], false);
  EXPECT_EQ(versions[0]["schema"], versions[1]["schema"]);
  for (const Json& one : versions) {
    EXPECT_EQ(one["served"], true);
    EXPECT_EQ(one["subresources"], Json::parse(R"({"status": {}})"));
  }
}

TEST(Crd, WantsASpecWhereTheSpecWantsFields) {
  const auto object = [](const char* schema) {
    return version(with_schema(schema))["schema"]["openAPIV3Schema"];
  };
  const Json wanted =
      object(R"({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}})");
  EXPECT_EQ(wanted["required"], Json::array({"spec"}));
  EXPECT_FALSE(wanted["properties"]["spec"].contains("default"));
  EXPECT_EQ(
      object(R"({"type": "object", "x-exactly-one-of": ["a"], "properties": {"a": {"type": "string"}}})")
          ["required"],
      Json::array({"spec"}));
  const Json free = object(R"({"type": "object", "properties": {"a": {"type": "string"}}})");
  EXPECT_FALSE(free.contains("required"));
  EXPECT_EQ(free["properties"]["spec"]["default"], Json::object());
}

TEST(Crd, ANewObjectHasBeenObservedAtNoGeneration) {
  const Json status = version(Json::object())["schema"]["openAPIV3Schema"]["properties"]["status"];
  EXPECT_EQ(status["default"], Json::object());
  EXPECT_EQ(status["properties"]["observedGeneration"]["default"], -1);
  EXPECT_EQ(status["properties"]["conditions"]["x-kubernetes-list-map-keys"], Json::array({"type"}));
}

TEST(Crd, OnlyClaimsHaveContents) {
  const auto has_contents = [](const Json& kind) {
    return version(kind)["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"].contains(
        "contents");
  };
  EXPECT_TRUE(has_contents({{"claim", true}}));
  EXPECT_FALSE(has_contents(Json::object()));
}

TEST(Crd, ShowsWhatGetShows) {
  EXPECT_EQ(columns(Json::object()),
            "Phase string .status.phase\n"
            "Progress string .status.progress\n"
            "Ready string .status.conditions[?(@.type==\"Ready\")].status\n"
            "Age date .metadata.creationTimestamp\n"
            "Reason* string .status.reason\n");
}

TEST(Crd, ShowsTheKindsColumnsAroundTheAge) {
  EXPECT_EQ(columns(with_schema(R"({"type": "object", "properties": {
              "size": {"format": "quantity"}, "cores": {"type": "integer"}, "running": {"type": "boolean"},
              "labels": {"type": "object", "additionalProperties": {"type": "string"}},
              "disks": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}}},
              "x-columns": [{"name": "Node", "path": "/status/node", "wide": true},
                            {"name": "Size", "path": "/spec/size"}, {"name": "Cores", "path": "/spec/cores"},
                            {"name": "Running", "path": "/spec/running"},
                            {"name": "Since", "path": "/status/conditions/Ready/lastTransitionTime"},
                            {"name": "Tier", "path": "/spec/labels/test.dev~1tier"},
                            {"name": "First", "path": "/spec/disks/0/n"}]})")),
            "Size string .spec.size\n"
            "Cores integer .spec.cores\n"
            "Running boolean .spec.running\n"
            "Since date .status.conditions[?(@.type==\"Ready\")].lastTransitionTime\n"
            "Tier string .spec.labels.test\\.dev/tier\n"
            "First integer .spec.disks[0].n\n"
            "Age date .metadata.creationTimestamp\n"
            "Node* string .status.node\n");
}

}  // namespace
}  // namespace tenon
