#include "framework/kube/structural_schema.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

const std::string kNoChange = " | changing it is not possible\n";

Json structural(const std::string& text) {
  const Result<Schema> schema = parse_schema(Json::parse(text));
  EXPECT_TRUE(schema) << schema.error().message;
  return structural_schema(schema.value_or({}));
}

// As the only property of an object, `a`.
Json property(const std::string& text) {
  return structural(R"({"type": "object", "properties": {"a": )" + text + "}}")["properties"]["a"];
}

// "fieldPath rule | message", one line each.
std::string rules(const Json& schema) {
  std::string text;
  for (const Json& rule : schema.value("x-kubernetes-validations", Json::array()))
    text += rule.value("fieldPath", "") + " " + rule["rule"].get<std::string>() + " | " +
            rule["message"].get<std::string>() + "\n";
  return text;
}

TEST(StructuralSchema, KeepsTheWordsThatKubernetesHas) {
  for (const char* text :
       {R"({"type": "string", "description": "words", "enum": ["a", "b"], "default": "a"})",
        R"({"type": "string", "minLength": 1, "pattern": "^[a-z]+$"})",
        R"({"type": "integer", "minimum": 1, "maximum": 4096})", R"({"type": "number", "minimum": 0.5})",
        R"({"type": "boolean", "default": false})",
        R"({"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "string"}})",
        R"({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"})",
        R"({"type": "object", "additionalProperties": {"type": "string"}})",
        R"({"type": "object", "x-kubernetes-preserve-unknown-fields": true})",
        R"({"type": "object", "required": ["b"], "properties": {"b": {"type": "boolean"}}})"})
    EXPECT_EQ(property(text), Json::parse(text));
}

TEST(StructuralSchema, HasNoWordOfTenonsOwn) {
  const std::string text = structural(R"({
    "type": "object", "x-columns": [{"name": "A", "path": "/spec/a"}], "x-unknown": 1, "properties": {
      "a": {"type": "string", "x-update": "replace", "x-secret": true, "x-volatile": true, "x-computed": true},
      "b": {"type": "boolean", "x-operation": {"true": "start"}},
      "c": {"x-template": "core/PersistentVolumeClaim"}}})")
                               .dump();
  for (size_t at = 0; (at = text.find("\"x-", at)) != std::string::npos; ++at)
    EXPECT_EQ(text.substr(at, 14), "\"x-kubernetes-");
}

TEST(StructuralSchema, TakesQuantitiesAsNumberOrText) {
  const Json quantity = property(R"({"type": "string", "format": "quantity", "description": "how large"})");
  EXPECT_EQ(quantity["anyOf"], Json::parse(R"([{"type": "integer"}, {"type": "string"}])"));
  EXPECT_EQ(quantity["x-kubernetes-int-or-string"], true);
  EXPECT_EQ(quantity["description"], "how large");
  EXPECT_FALSE(quantity.contains("type"));  // Kubernetes refuses both
  EXPECT_FALSE(quantity.contains("format"));
  EXPECT_EQ(rules(quantity), "");
  const std::regex pattern(quantity["pattern"].get<std::string>());
  for (const char* good :
       {"64Mi", "1.5Gi", ".5", "5.", "500m", "+1", "-1", "1e3", "1E", "1E-3", "100n", "8Ei"})
    EXPECT_TRUE(std::regex_match(good, pattern)) << good;
  for (const char* bad : {"", "Mi", ".", "64mi", "64 Mi", "1e", "1e1.5", "0x10", "1Kib"})
    EXPECT_FALSE(std::regex_match(bad, pattern)) << bad;
}

TEST(StructuralSchema, BoundsQuantitiesByRule) {
  const Json quantity = property(R"({"format": "quantity", "minimum": 1, "maximum": 1e12})");
  EXPECT_EQ(
      rules(quantity),
      " quantity(string(self)).compareTo(quantity('1')) >= 0 | expected at least 1\n"
      " quantity(string(self)).compareTo(quantity('1000000000000')) <= 0 | expected at most 1000000000000\n");
  EXPECT_FALSE(quantity.contains("minimum"));
}

TEST(StructuralSchema, WantsKeysInElementsOfAMap) {
  const Json list = property(R"({"type": "array", "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name", "port"], "items": {"type": "object", "properties":
      {"name": {"type": "string"}, "port": {"type": "integer", "default": 80}}}})");
  EXPECT_EQ(list["x-kubernetes-list-type"], "map");
  EXPECT_EQ(list["x-kubernetes-list-map-keys"], Json({"name", "port"}));
  EXPECT_EQ(list["items"]["required"], Json::array({"name"}));
}

TEST(StructuralSchema, SaysWhatIsMissingForKubernetes) {
  EXPECT_EQ(property("{}"), Json::parse(R"({"x-kubernetes-preserve-unknown-fields": true})"));
  EXPECT_EQ(property(R"({"type": "array"})")["items"],
            Json::parse(R"({"x-kubernetes-preserve-unknown-fields": true})"));
  EXPECT_EQ(property(R"({"type": "array", "x-kubernetes-list-type": "set",
                         "items": {"type": "object", "properties": {}}})")["items"]["x-kubernetes-map-type"],
            "atomic");
  const Json mixed = property(
      R"({"type": "object", "properties": {"b": {"type": "string"}}, "additionalProperties": {"type": "integer"}})");
  EXPECT_FALSE(mixed.contains("additionalProperties"));  // not beside properties
  EXPECT_EQ(mixed["x-kubernetes-preserve-unknown-fields"], true);
}

TEST(StructuralSchema, RefusesChangesFromWhereTheFieldCannotBeMissing) {
  const Json spec = structural(R"({"type": "object", "properties": {
    "source": {"type": "object", "properties": {
      "image": {"type": "string", "x-update": "refuse"}, "size": {"format": "quantity", "x-update": "refuse"}}},
    "storage-class": {"type": "string", "x-update": "refuse"},
    "free": {"type": "string", "x-update": "replace"}}})");
  EXPECT_EQ(rules(spec),
            ".source.image (has(self.source) && has(self.source.image)) == "
            "(has(oldSelf.source) && has(oldSelf.source.image))" +
                kNoChange +
                ".source.size (has(self.source) && has(self.source.size)) == "
                "(has(oldSelf.source) && has(oldSelf.source.size))" +
                kNoChange +
                "['storage-class'] has(self.storage__dash__class) == "
                "has(oldSelf.storage__dash__class)" +
                kNoChange);
  const Json source = spec["properties"]["source"]["properties"];
  EXPECT_EQ(rules(source["image"]), " self == oldSelf" + kNoChange);
  EXPECT_EQ(rules(source["size"]), " quantity(string(self)) == quantity(string(oldSelf))" + kNoChange);
}

TEST(StructuralSchema, AsksForPresenceOnlyWhereAFieldMayBeMissing) {
  EXPECT_EQ(rules(structural(R"({"type": "object", "required": ["a"], "properties": {
              "a": {"type": "string", "x-update": "refuse"},
              "b": {"type": "string", "x-update": "refuse", "default": "x"},
              "c": {"type": "object", "default": {}, "properties": {
                "d": {"type": "string", "x-update": "refuse"}}}}})")),
            ".c.d has(self.c.d) == has(oldSelf.c.d)" + kNoChange);
}

TEST(StructuralSchema, LeavesAloneWhatKubernetesDoesNotSee) {
  const Json spec = structural(R"({"type": "object", "x-exactly-one-of": ["any", "list"], "properties": {
    "any": {"x-update": "refuse"}, "list": {"type": "array", "x-update": "refuse"},
    "map": {"type": "object", "x-update": "refuse", "additionalProperties": {}},
    "computed": {"type": "string", "x-update": "refuse", "x-computed": true}}})");
  EXPECT_EQ(spec.dump().find("validations"), std::string::npos);
}

TEST(StructuralSchema, RefusesChangesOnceForAllBelow) {
  const Json spec = structural(R"({"type": "object", "properties": {"a": {
    "type": "object", "x-update": "refuse", "properties": {
      "b": {"type": "string", "x-update": "refuse"}, "c": {"type": "integer", "x-decrease": "refuse"}}}}})");
  EXPECT_EQ(rules(spec), ".a has(self.a) == has(oldSelf.a)" + kNoChange);
  EXPECT_EQ(rules(spec["properties"]["a"]), " self == oldSelf" + kNoChange);
  EXPECT_EQ(spec["properties"]["a"]["properties"].dump().find("validations"), std::string::npos);
}

TEST(StructuralSchema, RefusesDecreases) {
  EXPECT_EQ(
      rules(property(R"({"format": "quantity", "x-decrease": "refuse"})")),
      " quantity(string(self)).compareTo(quantity(string(oldSelf))) >= 0 | decreasing it is not possible\n");
  EXPECT_EQ(rules(property(R"({"type": "integer", "x-decrease": "refuse"})")),
            " self >= oldSelf | decreasing it is not possible\n");
}

// The word in elements of a list of this type.
std::string rules_in_list(const std::string& type, const std::string& words) {
  const Json list = property(
      R"({"type": "array", "x-kubernetes-list-type": ")" + type + "\"" +
      (type == "map" ? R"(, "x-kubernetes-list-map-keys": ["n"])" : "") +
      R"(, "items": {"type": "object", "properties": {"n": {"type": "string"}, "v": {)" + words + "}}}}");
  return rules(list["items"]) + rules(list["items"]["properties"]["v"]);
}

TEST(StructuralSchema, ComparesWithTheOldElementOnlyInMaps) {
  const std::string refused = R"("type": "string", "x-update": "refuse")";
  const std::string growing = R"("type": "integer", "x-decrease": "refuse")";
  EXPECT_EQ(rules_in_list("map", refused),
            ".v has(self.v) == has(oldSelf.v)" + kNoChange + " self == oldSelf" + kNoChange);
  EXPECT_EQ(rules_in_list("map", growing), " self >= oldSelf | decreasing it is not possible\n");
  EXPECT_EQ(rules_in_list("atomic", refused), "");
  EXPECT_EQ(rules_in_list("set", growing), "");
  EXPECT_EQ(rules_in_list("atomic", R"("format": "quantity", "minimum": 1)"),
            " quantity(string(self)).compareTo(quantity('1')) >= 0 | expected at least 1\n");
}

TEST(StructuralSchema, ComparesElementsOfObjectsByName) {
  const Json free = structural(R"({"type": "object", "additionalProperties": {
    "type": "object", "properties": {"b": {"type": "string", "x-update": "refuse"}}}})");
  EXPECT_EQ(free["additionalProperties"]["properties"]["b"]["maxLength"], 4096);
  EXPECT_EQ(rules(free["additionalProperties"]), ".b has(self.b) == has(oldSelf.b)" + kNoChange);
  const Json refused = structural(R"({"type": "object", "properties": {"labels": {
        "type": "object", "additionalProperties": {"type": "string", "x-update": "refuse"}}}})");
  EXPECT_EQ(rules(refused), ".labels has(self.labels) == has(oldSelf.labels)" + kNoChange);
  EXPECT_EQ(rules(refused["properties"]["labels"]), " self == oldSelf" + kNoChange);
}

TEST(StructuralSchema, BoundsWhatHasRules) {
  const std::string quantity = R"({"format": "quantity", "minimum": 1})";
  EXPECT_EQ(property(R"({"type": "array", "items": )" + quantity + "}")["maxItems"], 1000);
  EXPECT_EQ(property(R"({"type": "array", "maxItems": 3, "items": )" + quantity + "}")["maxItems"], 3);
  EXPECT_EQ(property(R"({"type": "object", "additionalProperties": )" + quantity + "}")["maxProperties"],
            1000);
  EXPECT_FALSE(property(R"({"type": "array", "items": {"type": "string"}})").contains("maxItems"));
}

TEST(StructuralSchema, WantsExactlyOneOfTheAlternatives) {
  EXPECT_EQ(
      rules(property(R"({"type": "object", "x-exactly-one-of": ["http", "in"],
                               "properties": {"http": {"type": "object"}, "in": {"type": "object"}}})")),
      " [has(self.http), has(self.__in__)].exists_one(given, given) | expected exactly one of http, in\n");
  EXPECT_EQ(rules(property(R"({"type": "object", "x-exactly-one-of": ["http", "blank"],
                               "x-kubernetes-preserve-unknown-fields": true})")),
            "");
}

}  // namespace
}  // namespace tenon
