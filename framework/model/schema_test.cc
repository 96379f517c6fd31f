#include "framework/model/schema.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

Schema schema_of(const char* text) {
  Result<Schema> schema = parse_schema(Json::parse(text));
  EXPECT_TRUE(schema) << schema.error().message;
  return schema.value_or({});
}

const char* const kVolume = R"({
  "type": "object",
  "required": ["size"],
  "properties": {
    "size": {"type": "string", "format": "quantity", "minimum": 1, "x-decrease": "refuse", "description": "how large"},
    "mode": {"type": "string", "enum": ["Block", "Filesystem"], "default": "Filesystem", "x-update": "replace"},
    "name": {"type": "string", "minLength": 2, "pattern": "^[a-z]+$"},
    "copies": {"type": "integer", "minimum": 1, "maximum": 3},
    "ratio": {"type": "number"},
    "running": {"type": "boolean", "x-operation": {"true": "start", "false": "stop"}},
    "password": {"type": "string", "x-secret": true, "pattern": "^.{8}$"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "source": {"type": "object", "x-exactly-one-of": ["http", "pvc"],
               "properties": {"http": {"type": "object", "required": ["url"],
                                       "properties": {"url": {"type": "string"}, "retries": {"type": "integer", "default": 3}}},
                              "pvc": {"type": "string"}}},
    "disks": {"type": "array", "minItems": 1, "maxItems": 2, "x-kubernetes-list-type": "map",
              "x-kubernetes-list-map-keys": ["name"],
              "items": {"type": "object", "required": ["name"],
                        "properties": {"name": {"type": "string"}, "size": {"type": "string", "format": "quantity"}}}},
    "networks": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    "claim": {"x-template": "core/PersistentVolumeClaim"}
  }
})";

// "pointer: summary | detail", one line each; "@" after the pointer of a key.
std::string problems_of(const char* value_text, Json* completed = nullptr) {
  Json value = Json::parse(value_text);
  std::vector<SchemaProblem> problems;
  complete_value(schema_of(kVolume), value, problems);
  std::string text;
  for (const SchemaProblem& p : problems) {
    text += p.pointer + (p.at_key ? "@" : "") + ": " + p.summary;
    if (!p.detail.empty()) text += " | " + p.detail;
    text += "\n";
  }
  if (completed) *completed = std::move(value);
  return text;
}

TEST(Schema, FillsInDefaultsOnlyWhereTheObjectIsThere) {
  Json value;
  EXPECT_EQ(problems_of(R"({"size": "1Gi"})", &value), "");
  EXPECT_EQ(value, Json::parse(R"({"size": "1Gi", "mode": "Filesystem"})"));
  EXPECT_EQ(problems_of(R"({"size": 5, "mode": "Block", "source": {"http": {"url": "u"}}})", &value), "");
  EXPECT_EQ(value,
            Json::parse(R"({"size": 5, "mode": "Block", "source": {"http": {"url": "u", "retries": 3}}})"));
}

TEST(Schema, TellsWhatNobodyWrote) {
  Json value = {{"size", "1Gi"}, {"source", {{"http", {{"url", "u"}}}}}};
  std::vector<SchemaProblem> problems;
  std::vector<std::string> defaulted;
  complete_value(schema_of(kVolume), value, problems, &defaulted);
  EXPECT_EQ(defaulted, (std::vector<std::string>{"/mode", "/source/http/retries"}));
}

TEST(Schema, TakesNullForNotSet) {
  Json value;
  EXPECT_EQ(problems_of(R"({"size": "1Gi", "mode": null, "name": null})", &value), "");
  EXPECT_EQ(value, Json::parse(R"({"size": "1Gi", "mode": "Filesystem"})"));
  EXPECT_EQ(problems_of(R"({"size": null})"), ": required field 'size' is missing | how large\n");
}

TEST(Schema, ReportsAllProblemsInTheOrderOfThePointers) {
  EXPECT_EQ(
      problems_of(R"({"zzz": 1, "copies": 7, "running": "yes", "disks": [{"name": 1}, {"siez": "1Gi"}]})"),
      ": required field 'size' is missing | how large\n"
      "/copies: expected at most 3, got 7\n"
      "/disks/0/name: expected a string, got the number 1 | put it in quotes\n"
      "/disks/1: required field 'name' is missing\n"
      "/disks/1/siez@: unknown field 'siez' | did you mean 'size'?\nknown fields: name, size\n"
      "/running: expected true or false, got 'yes' | write true\n"
      "/zzz@: unknown field 'zzz' | known fields: claim, copies, disks, free, labels, mode, name, networks, "
      "password, ratio, running, size, source\n");
}

TEST(Schema, SaysWhichQuantityItExpects) {  // S0-6
  EXPECT_EQ(problems_of(R"({"size": "abc"})").substr(0, 57),
            "/size: expected a quantity such as 64Mi, got 'abc' | the ");
  EXPECT_EQ(problems_of(R"({"size": "0"})"), "/size: expected at least 1, got 0\n");
  EXPECT_EQ(problems_of(R"({"size": "-1Gi"})"), "/size: expected at least 1, got -1Gi\n");
  EXPECT_EQ(problems_of(R"({"size": "1m"})"), "/size: expected at least 1, got 1m\n");
  EXPECT_TRUE(std::string(problems_of(R"({"size": {}})"))
                  .starts_with("/size: expected a quantity such as 64Mi, got an object | "));
}

TEST(Schema, TellsHowToWriteAValueOfTheWrongYamlType) {
  EXPECT_EQ(problems_of(R"({"size": 1, "name": true})"),
            "/name: expected a string, got the boolean true | put it in quotes\n");
  EXPECT_EQ(problems_of(R"({"size": 1, "copies": "2"})"),
            "/copies: expected a whole number, got '2' | write it without quotes: 2\n");
  EXPECT_EQ(problems_of(R"({"size": 1, "copies": 1.5})"),
            "/copies: expected a whole number, got the number 1.5\n");
  EXPECT_EQ(problems_of(R"({"size": 1, "labels": {"a": 1}, "disks": {}})"),
            "/disks: expected a list, got an object\n"
            "/labels/a: expected a string, got the number 1 | put it in quotes\n");
  Json value;
  EXPECT_EQ(problems_of(R"({"size": 1, "copies": 2.0, "ratio": 1})", &value), "");
  EXPECT_TRUE(value["copies"].is_number_integer());
}

TEST(Schema, ListsWhatAnEnumerationAllows) {
  EXPECT_EQ(problems_of(R"({"size": 1, "mode": "block"})"),
            "/mode: expected one of Block, Filesystem, got 'block' | did you mean 'Block'?\n");
}

TEST(Schema, ChecksLengthAndForm) {
  EXPECT_EQ(
      problems_of(R"({"size": 1, "name": "A"})"),
      "/name: expected at least 2 characters, got 1\n/name: expected a text of the form ^[a-z]+$, got 'A'\n");
  const std::string long_name = R"({"size": 1, "name": ")" + std::string(1000000, 'a') + "\"}";
  EXPECT_EQ(problems_of(long_name.c_str()), "/name: expected at most 4096 bytes, got 1000000\n");
}

TEST(Schema, NeverShowsASecret) {
  EXPECT_EQ(problems_of(R"({"size": 1, "password": "hunter2"})"),
            "/password: expected a text of the form ^.{8}$, got a text\n");
  EXPECT_EQ(problems_of(R"({"size": 1, "password": 4711})"),
            "/password: expected a string, got a value of another type | put it in quotes\n");
}

TEST(Schema, WantsExactlyOneOfTheAlternatives) {  // S1-16
  EXPECT_EQ(problems_of(R"({"size": 1, "source": {}})"),
            "/source: expected exactly one of http, pvc, got none\n");
  EXPECT_EQ(problems_of(R"({"size": 1, "source": {"pvc": "a", "http": {"url": "u"}}})"),
            "/source: expected exactly one of http, pvc, got http, pvc\n");
  EXPECT_EQ(problems_of(R"({"size": 1, "source": {"pvc": "a", "http": null}})"), "");
}

TEST(Schema, WantsKeysAndMembersOfSetsOnce) {
  EXPECT_EQ(problems_of(R"({"size": 1, "disks": [{"name": "a"}, {"name": "a"}]})"),
            "/disks/1: expected each name once, got a twice\n");
  EXPECT_EQ(problems_of(R"({"size": 1, "networks": ["x", "y", "x"]})"),
            "/networks/2: expected each value once, got x twice\n");
  EXPECT_EQ(problems_of(R"({"size": 1, "disks": []})"), "/disks: expected at least 1 item, got 0\n");
}

TEST(Schema, AcceptsAValueReferenceAnywhere) {
  EXPECT_EQ(problems_of(R"({"size": {"tenon.dev/ref": "a/B/c/d", "path": "/size"},
                            "disks": [{"tenon.dev/ref": "a/B/c/d", "path": "/disk"}],
                            "copies": {"tenon.dev/ref": "a/B/c/d", "path": "/n"}})"),
            "");
}

TEST(Schema, LeavesFreeFormAloneAndKnowsTheFrameOfATemplate) {
  Json value;
  EXPECT_EQ(
      problems_of(
          R"({"size": 1, "free": {"a": {"b": [null]}}, "claim": {"metadata": {"name": "x"}, "spec": {}}})",
          &value),
      "");
  EXPECT_EQ(value["free"].dump(), R"({"a":{"b":[null]}})");
  EXPECT_EQ(problems_of(R"({"size": 1, "claim": {"speck": {}}})"),
            "/claim/speck@: unknown field 'speck' | did you mean 'spec'?\nknown fields: metadata, spec\n");
}

TEST(Schema, IsFoundByPointer) {
  const Schema schema = schema_of(kVolume);
  EXPECT_EQ(find_schema(schema, ""), &schema);
  EXPECT_EQ(find_schema(schema, "/mode")->update, UpdateRule::replace);
  EXPECT_TRUE(find_schema(schema, "/disks/1/size")->quantity);
  EXPECT_EQ(find_schema(schema, "/labels/a~1b")->type, ValueType::string);
  EXPECT_EQ(find_schema(schema, "/running")->operations.at("true"), "start");
  EXPECT_TRUE(find_schema(schema, "/size")->refuse_decrease);
  EXPECT_EQ(find_schema(schema, "/claim")->template_of, "core/PersistentVolumeClaim");
  EXPECT_EQ(find_schema(schema, "/free/a"), nullptr);
  EXPECT_EQ(find_schema(schema, "/nothing/at/all"), nullptr);
}

bool same(const char* a, const char* b) {
  return equivalent(schema_of(kVolume), Json::parse(a), Json::parse(b));
}

TEST(Schema, ComparesByMeaning) {
  EXPECT_TRUE(same(R"({"size": "1Gi"})", R"({"size": 1073741824})"));
  EXPECT_FALSE(same(R"({"size": "1G"})", R"({"size": "1Gi"})"));
  EXPECT_TRUE(same(R"({"networks": ["a", "b"]})", R"({"networks": ["b", "a"]})"));
  EXPECT_FALSE(same(R"({"networks": ["a", "b"]})", R"({"networks": ["b", "b"]})"));
  EXPECT_FALSE(
      same(R"({"disks": [{"name": "a"}, {"name": "b"}]})", R"({"disks": [{"name": "b"}, {"name": "a"}]})"));
  EXPECT_TRUE(
      same(R"({"disks": [{"name": "a", "size": "1Ki"}]})", R"({"disks": [{"name": "a", "size": "1024"}]})"));
  EXPECT_TRUE(same(R"({"name": null})", R"({})"));
  EXPECT_FALSE(same(R"({"name": "a"})", R"({})"));
  EXPECT_FALSE(same(R"({})", R"({"name": "a"})"));
  EXPECT_FALSE(same(R"({"free": {"x": "1Ki"}})", R"({"free": {"x": "1024"}})"));
}

TEST(ParseSchema, NamesThePlaceOfAMistake) {
  const auto message = [](const char* text) {
    const Result<Schema> schema = parse_schema(Json::parse(text));
    return schema ? std::string("none") : schema.error().message;
  };
  EXPECT_EQ(message(R"({"properties": {"a/b": {"type": "text"}}})"),
            "'/properties/a~1b/type': expected one of object, array, string, integer, number, boolean");
  EXPECT_EQ(message(R"({"items": {"x-update": "later"}})"),
            "'/items/x-update': expected one of live, restart, replace, refuse-once-populated, refuse");
  EXPECT_EQ(message(R"({"items": {}, "x-ordered": true})"),
            "'/x-ordered': expected a list of type set or map: an atomic one is ordered anyway");
  EXPECT_EQ(message(R"({"x-computed": "sometimes"})"), "'/x-computed': expected true, false or \"update\"");
  EXPECT_EQ(message(R"({"properties": 5})"), "'/properties': expected an object");
  EXPECT_EQ(message(R"({"type": "object", "required": ["a"]})"),
            "'/required': expected names of properties, not a");
  EXPECT_EQ(message(R"({"pattern": "("})").substr(0, 43), "'/pattern': expected a regular expression: ");
  EXPECT_EQ(message("[]"), "'': expected an object");
  EXPECT_EQ(message(R"({"x-unknown": 1, "type": "string"})"), "none");
}

}  // namespace
}  // namespace tenon
