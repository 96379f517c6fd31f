#include "framework/base/yaml_text.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(YamlText, QuotesWhereAReaderCouldTakeTextForSomethingElse) {
  const OrderedJson value = {{"plain", "some words"}, {"number", "64"},       {"exponent", "1e3"},
                             {"boolean", "No"},       {"path", ".spec.size"}, {"form", "^[a]+$"},
                             {"empty", ""},           {"colon", "a: b"},      {"y", true},
                             {"date", "2020-01-01"}};
  EXPECT_EQ(to_yaml(value, Quotes::where_needed),
            "plain: some words\n"
            "number: \"64\"\n"
            "exponent: \"1e3\"\n"
            "boolean: \"No\"\n"
            "path: \".spec.size\"\n"
            "form: \"^[a]+$\"\n"
            "empty: \"\"\n"
            "colon: \"a: b\"\n"
            "\"y\": true\n"
            "date: \"2020-01-01\"\n");
}

TEST(YamlText, QuotesAllTextOrNone) {
  const OrderedJson value = {{"b", "true"}, {"a", 1}};
  EXPECT_EQ(to_yaml(value, Quotes::always), "b: \"true\"\na: 1\n");
  EXPECT_EQ(to_yaml(value, Quotes::never), "b: true\na: 1\n");
}

TEST(YamlText, EmptyCollectionsStayCollections) {
  const OrderedJson value = {
      {"a", OrderedJson::object()}, {"b", OrderedJson::array()}, {"c", {{{"d", nullptr}}}}};
  EXPECT_EQ(to_yaml(value, Quotes::where_needed), "a: {}\nb: []\nc:\n  - d: ~\n");
}

}  // namespace
}  // namespace tenon
