#include "framework/load/yaml.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

// The JSON text, or "line:column: summary" of every problem.
std::string parsed(std::string_view text) {
  std::vector<YamlProblem> problems;
  const std::optional<Json> value = parse_yaml(text, problems);
  EXPECT_EQ(value.has_value(), problems.empty());
  if (value) return value->dump();
  std::string joined;
  for (const YamlProblem& p : problems)
    joined += (joined.empty() ? "" : "\n") + std::to_string(p.place.line) + ":" +
              std::to_string(p.place.column) + ": " + p.summary;
  return joined;
}

TEST(Yaml, BecomesJson) {
  EXPECT_EQ(parsed("a: 1\nb: [x, 'true', \"2\", ~]\nc:\n  d: |\n    e\n    f\n"),
            R"({"a":1,"b":["x","true","2",null],"c":{"d":"e\nf\n"}})");
  EXPECT_EQ(parsed("1: one\ntrue: yes\n"), R"({"1":"one","true":"yes"})");
  EXPECT_EQ(parsed("- - a\n  - b\n- c:\n"), R"([["a","b"],{"c":null}])");
  EXPECT_EQ(parsed(""), "null");
  EXPECT_EQ(parsed("--- >\n folded\n text\n"), R"("folded text\n")");
  EXPECT_EQ(parsed("a: |+\n  x\n\n"), R"({"a":"x\n\n"})");
  EXPECT_EQ(parsed("a: |-\n  x\n\n"), R"({"a":"x"})");
  EXPECT_EQ(parsed("a: plain\n  goes on\n"), R"({"a":"plain goes on"})");
  EXPECT_EQ(parsed("%YAML 1.2\n---\na: b\n...\n"), R"({"a":"b"})");
}

TEST(Yaml, TakesLineEndsOfWindowsAndAByteOrderMark) {
  EXPECT_EQ(parsed("\xEF\xBB\xBF"
                   "a: 1\r\nb: |\r\n  x\r\n  y\r\nc: z\r\n"),
            R"({"a":1,"b":"x\ny\n","c":"z"})");
}

TEST(Yaml, ExpandsAliasesAndMergeKeys) {
  EXPECT_EQ(parsed("a: &x {b: 1}\nc: *x\n"), R"({"a":{"b":1},"c":{"b":1}})");
  EXPECT_EQ(parsed("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n"), R"({"a":{"b":1,"c":2},"d":{"b":1,"c":3}})");
  EXPECT_EQ(parsed("a: &x {b: 1}\nc: &y {b: 2, d: 2}\ne:\n  <<: [*x, *y]\n  f: 1\n"),
            R"({"a":{"b":1},"c":{"b":2,"d":2},"e":{"b":1,"d":2,"f":1}})");
  EXPECT_EQ(parsed("a: &x key\n*x : value\n"), R"({"a":"key","key":"value"})");
  EXPECT_EQ(parsed("a: {'<<': 1}"), R"({"a":{"<<":1}})");
  EXPECT_EQ(parsed("a: {<<: 1}"), "1:5: '<<' needs a map or a list of maps");
  EXPECT_EQ(parsed("a: &x [*x]"), "1:8: an alias stands inside of what it is an alias of");
  EXPECT_EQ(parsed("a: *x"), "1:4: the referenced anchor is not defined");
}

TEST(Yaml, ObeysCoreTagsAndRefusesOthers) {
  EXPECT_EQ(parsed("a: !!str 1\nb: !!int '2'\nc: !!float 3\nd: ! 4\n"), R"({"a":"1","b":2,"c":3.0,"d":"4"})");
  EXPECT_EQ(parsed("a: !!int x"), "1:4: the value is not what its tag says");
  EXPECT_EQ(parsed("a: !secret x"), "1:4: this tag is not supported");
  EXPECT_EQ(parsed("a: !!binary aGk="), "1:4: this tag is not supported");
  EXPECT_EQ(parsed("a: !!map [x]"), "1:4: the tag of a list says that it is something else");
}

TEST(Yaml, RefusesKeysThatAreThereTwiceWithTheFirstPlace) {
  std::vector<YamlProblem> problems;
  EXPECT_FALSE(parse_yaml("a: 1\nb:\n  c: [{d: 1, d: 2}]\n  c: {e: 1, e: 2}\na: 3\n", problems));
  ASSERT_EQ(problems.size(), 4u);
  const std::pair<Place, Place> expected[] = {
      {{3, 14}, {3, 8}}, {{4, 3}, {3, 3}}, {{4, 13}, {0, 0}}, {{5, 1}, {1, 1}}};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(problems[i].place.line, expected[i].first.line);
    EXPECT_EQ(problems[i].place.column, expected[i].first.column);
    if (i == 2) continue;
    ASSERT_TRUE(problems[i].first);
    EXPECT_EQ(problems[i].first->line, expected[i].second.line);
    EXPECT_EQ(problems[i].first->column, expected[i].second.column);
  }
  EXPECT_EQ(parsed(R"({"a": 1, "a": 2})"), "1:10: the key 'a' is there twice");
  EXPECT_EQ(parsed("{<<: {a: 1}, <<: {b: 1}}"), "1:14: the key '<<' is there twice");
}

TEST(Yaml, AcceptsJsonAsItIs) {
  EXPECT_EQ(parsed("{\n\t\"a\":\t[1, 2.5, \"\\ud83d\\ude00\\/\"],\n\t\"b\": null\n}\n"),
            "{\"a\":[1,2.5,\"\xF0\x9F\x98\x80/\"],\"b\":null}");
  EXPECT_EQ(parsed("{\n\t\"a\": 1,\n\t\"b\": yes\n}"), R"({"a":1,"b":"yes"})");
  EXPECT_EQ(parsed("{\"a\": 18446744073709551616}").substr(0, 6), "1:7: t");
  EXPECT_EQ(parsed("{\"a\": 1} x"), "1:10: unexpected content after the end of the document");
}

TEST(Yaml, RefusesKeysThatAreNoTexts) {
  EXPECT_EQ(parsed("{a: 1}: b"), "1:1: a key must be a text, not a list or a map");
  EXPECT_EQ(parsed(": b"), "1:1: a key is missing before ':'");
}

TEST(Yaml, SaysThatATabIndents) {
  EXPECT_EQ(parsed("a:\n\tb: 1\n"), "2:1: a tab is used as indentation");
  EXPECT_EQ(parsed("a:\n  b: 1\n \tc: 1\n"), "3:2: a tab is used as indentation");
}

TEST(Yaml, SaysWhereTheSyntaxIsWrong) {
  EXPECT_EQ(parsed("a: b: c"), "1:5: illegal map value");
  EXPECT_EQ(parsed("a: [1, 2\nb: 3\n").substr(0, 2), "2:");
  EXPECT_EQ(parsed("a: 'x\n"), "2:2: illegal EOF in scalar");
  EXPECT_EQ(parsed("a: 'x"), "1:6: illegal EOF in scalar");
  EXPECT_EQ(parsed("a: \"\\q\"").substr(0, 2), "1:");
}

TEST(Yaml, NamesTheBracketOfJsonThatIsNeverClosed) {
  EXPECT_EQ(parsed("{\"a\": 1,\n \"b\": {\"c\": \"}\"}\n"), "1:1: this { is never closed");
  EXPECT_EQ(parsed("{\"a\": 1,\n \"b\": [{\"c\": 1}\n"), "2:7: this [ is never closed");
  EXPECT_EQ(parsed("[{\"a\": \"\\\"{\", \"b\":"), "1:2: this { is never closed");
  // What is YAML is judged as such.
  EXPECT_EQ(parsed("{\"a\": '{'}"), R"({"a":"{"})");
  EXPECT_EQ(parsed("{\"a\": b} # {"), R"({"a":"b"})");
  EXPECT_EQ(parsed("{\"a\": \"b").find("never closed"), std::string::npos);
}

TEST(Yaml, BoundsDepth) {
  std::string deep(kMaximumDepth, '['), deeper(kMaximumDepth + 1, '[');
  EXPECT_EQ(parsed(deep + std::string(kMaximumDepth, ']')), deep + std::string(kMaximumDepth, ']'));
  EXPECT_EQ(parsed(deeper + std::string(kMaximumDepth + 1, ']')),
            "1:129: lists and maps are nested deeper than 128");
  for (const char* repeated : {"[", "{", "- ", "? ", "{a: ", "[a, "}) {
    std::string text;
    while (text.size() < 300000) text += repeated;
    EXPECT_EQ(parsed(text).substr(0, 2), "1:") << repeated;
  }
}

TEST(Yaml, BoundsWhatAliasesExpandTo) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 1; k < 10; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_NE(parsed(bomb).find("aliases expand to more than 16 MiB"), std::string::npos);
  std::string long_text = "a: &a " + std::string(1000000, 'x') + "\nb: [";
  for (int i = 0; i < 1000; ++i) long_text += "*a, ";
  EXPECT_NE(parsed(long_text + "]").find("aliases expand to more than 16 MiB"), std::string::npos);
}

TEST(Places, AreThoseOfKeysAndValues) {
  const PlaceMap places = find_places("a:\n  b/c: 1\n  d:\n  - x\n  - e: &n {f: 1}\n    g: *n\n");
  const auto at = [&](const char* pointer) {
    const auto found = places.find(pointer);
    if (found == places.end()) return std::string("none");
    const auto& [key, value] = found->second;
    return std::to_string(key.line) + ":" + std::to_string(key.column) + " " + std::to_string(value.line) +
           ":" + std::to_string(value.column);
  };
  EXPECT_EQ(at("/a"), "1:1 2:3");
  EXPECT_EQ(at("/a/b~1c"), "2:3 2:8");
  EXPECT_EQ(at("/a/d/0"), "4:5 4:5");
  EXPECT_EQ(at("/a/d/1/e/f"), "5:12 5:15");
  EXPECT_EQ(at("/a/d/1/g"), "6:5 6:8");
  EXPECT_EQ(at("/a/d/1/g/f"), "none");
}

}  // namespace
}  // namespace tenon
