// What is legal in a manifest and a mistake: each is found.
#include <gtest/gtest.h>

#include <functional>

#include "framework/plugin/conformance/conformance.h"

namespace tenon {
namespace {

constexpr char kManifest[] = R"({
  "manifestVersion": 1, "name": "faulty", "version": "1.0.0",
  "kinds": [{"group": "test.tenon.dev", "kind": "Thing", "plural": "things", "versions": ["v1"],
             "ready": {"phases": ["Ready"]},
             "schema": {"type": "object", "properties": {
               "size": {"type": "integer"}, "password": {"type": "string", "x-secret": true}}}}]
})";

// Each line mends nothing but the manifest of one kind; the check that it must fail is named.
TEST(ManifestChecks, EachMistakeIsFound) {
  const Manifest fine = parse_manifest(kManifest).value();
  EXPECT_EQ(failures(check_manifest(fine)), "");
  const std::vector<std::pair<std::string, std::function<void(Manifest&)>>> mistakes = {
      {"the manifest serves kinds", [](Manifest& m) { m.kinds.clear(); }},
      {"the plugin's name is one", [](Manifest& m) { m.name = "My Plugin"; }},
      {"the plugin's version is one", [](Manifest& m) { m.version = "newest"; }},
      {"its limits are sane", [](Manifest& m) { m.parallel = 1000; }},
      {"its configuration has a schema", [](Manifest& m) { m.configuration.type = ValueType::string; }},
      {"every setting is described", [](Manifest& m) { m.configuration.properties["uri"]; }},
      {"where an instance looks is no secret",
       [](Manifest& m) {
         Schema& key = m.configuration.properties["key"];
         key.description = "opens it", key.place = key.secret = true;
       }},
      {"no two kinds share a name", [](Manifest& m) { m.kinds[0].short_names = {"things"}; }},
      {"every action can be called",
       [](Manifest& m) {
         m.kinds[0].actions = {{"shake", "", {}}};
       }},
      {"every older version can be converted",
       [](Manifest& m) {
         m.kinds[0].versions = {"v2", "v1"};
         m.kinds[0].schemas["v1"];
       }},
      {"the group is a domain name", [](Manifest& m) { m.kinds[0].name.group = "Test_"; }},
      {"the kind is in CamelCase", [](Manifest& m) { m.kinds[0].name.kind = "thing"; }},
      {"the plural is a DNS label", [](Manifest& m) { m.kinds[0].plural = "Things"; }},
      {"the versions are versions", [](Manifest& m) { m.kinds[0].versions = {"1.0"}; }},
      {"the spec is an object", [](Manifest& m) { m.kinds[0].schema.type = ValueType::any; }},
      {"a phase is ready or failing", [](Manifest& m) { m.kinds[0].ready.failing = {"Ready"}; }},
      {"what becomes ready later", [](Manifest& m) { m.kinds[0].ready = {.later = true}; }},
      {"it is given time", [](Manifest& m) { m.kinds[0].ready.timeout = Duration(1); }},
      {"a claim does not fill itself",
       [](Manifest& m) { m.kinds[0].claim = true, m.kinds[0].populates = "x"; }},
      {"requirements lead to names",
       [](Manifest& m) { m.kinds[0].requirements = {{.name = "r", .path = "/none", .guards = {"create"}}}; }},
      {"requirements guard something", [](Manifest& m) { m.kinds[0].requirements = {{.name = "r"}}; }},
      {"defaults are valid", [](Manifest& m) { m.kinds[0].schema.properties["size"].default_value = "x"; }},
      {"what is required is a property", [](Manifest& m) { m.kinds[0].schema.required = {"none"}; }},
      {"what is required has no default",
       [](Manifest& m) {
         m.kinds[0].schema.required = {"size"};
         m.kinds[0].schema.properties["size"].default_value = 1;
       }},
      {"x-exactly-one-of names properties", [](Manifest& m) { m.kinds[0].schema.exactly_one_of = {"none"}; }},
      {"list maps have keys",
       [](Manifest& m) { m.kinds[0].schema.properties["l"].list_type = ListType::map; }},
      {"lists say what they consist of",
       [](Manifest& m) { m.kinds[0].schema.properties["l"].type = ValueType::array; }},
      {"something is between minimum",
       [](Manifest& m) {
         m.kinds[0].schema.properties["size"].minimum = 2, m.kinds[0].schema.properties["size"].maximum = 1;
       }},
      {"x-operation starts or stops",
       [](Manifest& m) {
         m.kinds[0].schema.properties["size"].operations = {{"1", "explode"}};
       }},
      {"x-decrease is on something",
       [](Manifest& m) { m.kinds[0].schema.properties["password"].refuse_decrease = true; }},
      {"an enum names each value once",
       [](Manifest& m) {
         m.kinds[0].schema.properties["size"].enumeration = {1, 1};
       }},
      {"what looks like a secret",
       [](Manifest& m) { m.kinds[0].schema.properties["password"].secret = false; }},
      {"what is said of settings", [](Manifest& m) { m.kinds[0].schema.properties["size"].place = true; }},
  };
  for (const auto& [check, make] : mistakes) {
    Manifest wrong = fine;
    make(wrong);
    EXPECT_NE(failures(check_manifest(wrong)).find(check), std::string::npos) << check;
  }
}

}  // namespace
}  // namespace tenon
