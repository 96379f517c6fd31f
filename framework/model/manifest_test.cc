#include "framework/model/manifest.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

const char* const kText = R"({
  "manifestVersion": 1, "name": "cdi-import", "version": "0.1.0", "capabilities": ["expand"],
  "limits": {"parallel": 4}, "configuration": {"type": "object", "properties": {"root": {"type": "string"}}},
  "needs": [{"program": "qemu-img", "setting": "/qemuImg", "package": "qemu-utils", "for": "images"}, {"service": "d"}],
  "kinds": [{
    "group": "cdi.kubevirt.io", "kind": "DataVolume", "versions": ["v1beta1", "v1alpha1"], "shortNames": ["dv"],
    "schema": {"type": "object", "properties": {"pvc": {"type": "object"}},
               "x-columns": [{"name": "Claim", "path": "/spec/pvc"}, {"name": "Why", "path": "/status/reason", "wide": true}]},
    "ready": {"phases": ["Succeeded"], "failing": ["Failed"], "later": true, "timeout": "1h30m"},
    "populates": "claim", "somethingNew": 5,
    "requirements": [{"name": "claim", "path": "", "target": "core/PersistentVolumeClaim"},
                     {"name": "origin", "path": "/source/pvc/name", "target": "core/PersistentVolumeClaim",
                      "phases": ["Bound"], "contents": ["populated"], "guards": ["create"]}]
  }, {"group": "core", "kind": "Node", "versions": ["v1"], "plural": "nodes", "scope": "Cluster", "claim": true, "schema": {}}]
})";

TEST(Manifest, IsReadWhole) {
  const Result<Manifest> manifest = parse_manifest(kText);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->name, "cdi-import");
  EXPECT_TRUE(manifest->capabilities.contains("expand"));
  EXPECT_EQ(manifest->parallel, 4);
  EXPECT_EQ(manifest->batch, 1000);
  ASSERT_EQ(manifest->needs.size(), 2u);
  EXPECT_EQ(manifest->needs[0].name, "qemu-img");
  EXPECT_EQ(manifest->needs[0].setting, "/qemuImg");
  EXPECT_EQ(manifest->needs[0].package, "qemu-utils");
  EXPECT_EQ(manifest->needs[0].reason, "images");
  EXPECT_EQ(manifest->needs[1].what, Need::What::service);
  const KindManifest* kind = manifest->find({"cdi.kubevirt.io", "DataVolume"});
  ASSERT_NE(kind, nullptr);
  EXPECT_EQ(kind->versions, (std::vector<std::string>{"v1beta1", "v1alpha1"}));
  EXPECT_EQ(kind->plural, "datavolumes");
  EXPECT_EQ(kind->ready.timeout, std::chrono::minutes(90));
  EXPECT_TRUE(kind->ready.later);
  EXPECT_EQ(kind->populates, "claim");
  EXPECT_EQ(kind->requirements[0].guards, (std::set<std::string>{"create", "update"}));
  EXPECT_EQ(kind->requirements[1].guards, (std::set<std::string>{"create"}));
  EXPECT_EQ(kind->requirements[1].contents, (std::vector<Contents>{Contents::populated}));
  ASSERT_EQ(kind->columns.size(), 2u);
  EXPECT_EQ(kind->columns[0].path, "/spec/pvc");
  EXPECT_FALSE(kind->columns[0].wide);
  EXPECT_EQ(kind->columns[1].name, "Why");
  EXPECT_TRUE(kind->columns[1].wide);
  EXPECT_TRUE(manifest->find({"core", "Node"})->cluster_scoped);
  EXPECT_EQ(manifest->find({"core", "Pod"}), nullptr);
}

TEST(Manifest, NamesThePlaceOfAMistake) {
  // kText with one member changed.
  const auto message = [](const char* pointer, Json value) {
    Json json = Json::parse(kText);
    json[Json::json_pointer(pointer)] = std::move(value);
    const Result<Manifest> manifest = parse_manifest(json.dump());
    return manifest ? std::string("none") : manifest.error().message;
  };
  EXPECT_EQ(message("/manifestVersion", 2),
            "manifest: '/manifestVersion': expected 1, the only version that this Tenon reads");
  EXPECT_EQ(message("/kinds/0/ready/timeout", "soon"),
            "manifest: '/kinds/0/ready/timeout': expected a duration such as 90s, 30m or 1h30m");
  EXPECT_EQ(message("/needs/1", {{"program", "a"}, {"service", "b"}}),
            "manifest: '/needs/1/program': expected one of program, library and service");
  EXPECT_EQ(message("/kinds/0/populates", "x"),
            "manifest: '/kinds/0/populates': expected the name of one of the requirements");
  EXPECT_EQ(message("/kinds/0/requirements/0/target", "Claim"),
            "manifest: '/kinds/0/requirements/0/target': expected a kind such as core/PersistentVolumeClaim");
  EXPECT_EQ(message("/kinds/0/requirements/0/guards", {"delete"}),
            "manifest: '/kinds/0/requirements/0/guards': expected create, update or start");
  EXPECT_EQ(message("/kinds/0/requirements/1/name", "claim"),
            "manifest: '/kinds/0/requirements': expected every name once, not 'claim' twice");
  EXPECT_EQ(message("/kinds/1/scope", "Global"),
            "manifest: '/kinds/1/scope': expected Namespaced or Cluster");
  EXPECT_EQ(message("/kinds/0/schema/type", "map"),
            "manifest: '/kinds/0/schema': '/type': expected one of object, array, string, integer, number, "
            "boolean");
  EXPECT_EQ(message("/needs/0/setting", "/a~5"),
            "manifest: '/needs/0/setting': expected a JSON pointer into the configuration");
  EXPECT_EQ(
      message("/kinds/0/requirements/0/path", "/a~"),
      "manifest: '/kinds/0/requirements/0/path': expected a JSON pointer such as /source/pvc/name, or \"\"");
  const std::string field = "expected a JSON pointer to a field, such as /spec/size or /status/phase";
  for (const char* path : {"/spec/pcv", "/spec", "/metadata/name", "phase", "/status/a~5"})
    EXPECT_EQ(message("/kinds/0/schema/x-columns/0/path", path),
              "manifest: '/kinds/0/schema/x-columns/0/path': " + field);
  EXPECT_EQ(message("/kinds/0/schema/x-columns/0/name", ""),
            "manifest: '/kinds/0/schema/x-columns/0/name': expected the column's header");
  EXPECT_EQ(message("/limits/parallel", 0), "manifest: '/limits/parallel': expected at least 1");
  EXPECT_EQ(message("/limits/parallel", -1),
            "manifest: '/limits/parallel': expected a whole number that is not negative");
  EXPECT_EQ(message("/kinds/1/kind", 7), "manifest: '/kinds/1/kind': expected a string");
}

TEST(Manifest, MayLimitTheMemoryOfItsHost) {
  const auto with = [](const std::string& limits) {
    return parse_manifest(R"({"manifestVersion": 1, "name": "p", "limits": )" + limits + "}");
  };
  EXPECT_EQ(with(R"({"memory": "64Mi"})")->memory, uint64_t{64} << 20);
  EXPECT_EQ(with("{}")->memory, 0U);
  for (const char* wrong : {R"({"memory": "1Mi"})", R"({"memory": "much"})", R"({"memory": true})"})
    EXPECT_NE(with(wrong).error().message.find("/limits/memory"), std::string::npos) << wrong;
}

Result<Manifest> with_kind_that_has(const std::string& member, const std::string& value) {
  return parse_manifest(
      R"({"manifestVersion": 1, "name": "p", "kinds": [{"group": "g", "kind": "K", "versions": ["v1"],
          "schema": {}, ")" +
      member + "\": " + value + "}]}");
}

TEST(Manifest, SaysHowObjectsComeToBe) {
  const auto with = [](const std::string& create) { return with_kind_that_has("create", create); };
  const auto rule = [&](const std::string& create) { return with(create)->kinds[0].create; };
  EXPECT_EQ(rule("{}").settle, std::nullopt);
  EXPECT_FALSE(rule("{}").marked_later);
  EXPECT_EQ(rule(R"({"idempotent": true, "marked": "atOnce"})").settle, std::nullopt);
  EXPECT_EQ(rule(R"({"idempotent": false, "settle": "30s"})").settle, std::chrono::seconds(30));
  EXPECT_TRUE(rule(R"({"marked": "later"})").marked_later);
  const auto refused = [&](const std::string& create, const std::string& why) {
    const auto manifest = with(create);
    EXPECT_FALSE(manifest) << create;
    EXPECT_NE(manifest.error().message.find("'/kinds/0/create/" + why), std::string::npos)
        << manifest.error().message;
  };
  refused(R"({"idempotent": false})", "settle': expected how long it takes at most");
  refused(R"({"idempotent": false, "settle": "0s"})", "settle': expected how long it takes at most");
  refused(R"({"idempotent": false, "settle": "soon"})", "settle': expected a duration");
  refused(R"({"settle": "30s"})", "settle': expected nothing, since create is idempotent");
  refused(R"({"idempotent": "no"})", "idempotent'");
  refused(R"({"marked": "never"})", "marked': expected atOnce or later");
}

TEST(Manifest, NamesTheActionsOfAKind) {
  const auto with = [](const std::string& actions) { return with_kind_that_has("actions", actions); };
  const auto manifest = with(R"([{"name": "scrub", "description": "d",
      "arguments": {"type": "object", "required": ["deep"], "properties": {"deep": {"type": "boolean"}}}}])");
  ASSERT_TRUE(manifest) << manifest.error().message;
  const ActionRule& action = manifest->kinds[0].actions.at(0);
  EXPECT_EQ(action.name, "scrub");
  EXPECT_EQ(action.arguments.required, std::vector<std::string>{"deep"});
  EXPECT_NE(with(R"([{"name": "a"}, {"name": "a"}])").error().message.find("'a' twice"), std::string::npos);
  EXPECT_FALSE(with(R"([{"description": "d"}])"));
}

TEST(Manifest, SaysWhereTheSecretsOfEveryConvertedVersionAre) {
  const auto with = [](const std::string& capabilities, const std::string& schemas) {
    return parse_manifest(
        R"({"manifestVersion": 1, "name": "m", "capabilities": [)" + capabilities +
        R"(], "kinds": [{"group": "g", "kind": "K", "plural": "ks", "versions": ["v2", "v1"],)" + schemas +
        R"("schema": {"type": "object", "properties": {"list": {"type": "array",
                            "items": {"type": "object", "properties": {"pin": {"x-secret": true}}}}}}}]})");
  };
  EXPECT_TRUE(with(R"("convert")", R"("schemas": {"v1": {"type": "object"}},)"));
  EXPECT_TRUE(with("", ""));
  const auto refused = with(R"("convert")", "");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("for every version of g/K but the hub"), std::string::npos)
      << refused.error().message;
}

TEST(Manifest, RefusesWhatIsNotJson) {
  EXPECT_EQ(parse_manifest("{").error().message, "the manifest is not JSON");
  EXPECT_EQ(parse_manifest("[]").error().message, "manifest: '': expected an object");
}

}  // namespace
}  // namespace tenon
