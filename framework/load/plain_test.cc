#include "framework/load/plain.h"

#include <gtest/gtest.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <optional>
#include <random>
#include <sstream>

namespace tenon {
namespace {

// Writes all events down, with their marks.
class Recorder final : public YAML::EventHandler {
 public:
  std::string text;

  void OnDocumentStart(const YAML::Mark&) override { text += "document\n"; }
  void OnDocumentEnd() override { text += "end\n"; }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add("null", mark, "", ""); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { add("alias", mark, "", ""); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    add("scalar", mark, tag, value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value style) override {
    add("list", mark, tag, style == YAML::EmitterStyle::Flow ? "flow" : "block");
  }
  void OnSequenceEnd() override { text += "]\n"; }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value style) override {
    add("map", mark, tag, style == YAML::EmitterStyle::Flow ? "flow" : "block");
  }
  void OnMapEnd() override { text += "}\n"; }

 private:
  void add(const char* what, const YAML::Mark& mark, const std::string& tag, const std::string& value) {
    text += std::string(what) + " " + std::to_string(mark.line) + ":" + std::to_string(mark.column) + " " +
            tag + " " + value + "\n";
  }
};

// Nothing: the scanner left it to yaml-cpp.
std::optional<std::string> plain_events(const std::string& text) {
  Recorder recorder;
  return scan_plain(text, recorder) ? std::optional(recorder.text) : std::nullopt;
}

std::string full_events(const std::string& text) {
  Recorder recorder;
  std::istringstream stream(text);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(recorder)) continue;
  } catch (const YAML::Exception& wrong) {
    return std::string("error: ") + wrong.what();
  }
  return recorder.text;
}

TEST(PlainScanner, GivesTheEventsOfTheFullOne) {
  for (const char* text : {
           "a: 1\n",
           "a: 1",
           "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n  labels: {a: b, c: 'd'}\nspec: {}\n",
           "# head\n--- # separator\na: b # comment\n\n  # indented comment\nc:   d   \n",
           "a:\n- x\n- y: 1\n  z: 2\n-\n  w: 3\nb:\n  - - 1\n    - 2\n  - []\n",
           "a:\n    b:\n     c: \"quoted: # text\"\n    d: 'it {is}'\n",
           "a: b#c\nd: e:f\ng: h - i\nj: -1\nk: .5\nl: /dev/x\nm: [a, -2, \"b, c\", {d: e}, [], {}]\n",
           "a: null\nb: ~\nc: Null\nd: nulls\ne: ~x\nf: [null, ~]\n",
           "a: b [c] {d}, 'e' \"f\" & * ! | > % @ `\n",
           "- a\n- b\n",
           "text\n",
           "a: 2001-12-14 12:30\nb: http://x/y?z=1\n",
       }) {
    const auto events = plain_events(text);
    ASSERT_TRUE(events) << text;
    EXPECT_EQ(*events, full_events(text)) << text;
  }
}

TEST(PlainScanner, LeavesEverythingElse) {
  for (const char* text : {
           "",
           "a: &x 1\n",
           "a: *x\n",
           "a: !!str 1\n",
           "a: |\n  b\n",
           "a: >\n  b\n",
           "a: b\n  c\n",
           "a:\n",
           "a: \n",
           "-\n",
           "? a\n: b\n",
           "\"a\": b\n",
           "a: \"\\n\"\n",
           "a: 'it''s'\n",
           "a: \"b\n  c\"\n",
           "a: \xC3\xA4\n",
           "a: b\r\n",
           "\xEF\xBB\xBF"
           "a: b\n",
           "%YAML 1.2\n---\na: b\n",
           "a: b\n...\n",
           "a: [b\n",
           "a: [b,\n c]\n",
           "a: [b, ]\n",
           "a: [b c]\n",
           "a: [b: c]\n",
           "a: {b}\n",
           "a: {b: }\n",
           "a: b: c\n",
           "a: b:\n",
           "\ta: b\n",
           "a:\tb\n",
           "a: b\tc\n",
           "a: b\n  c: d\n",
           "  a: b\n c: d\n",
           "a:\n  - b\n c: d\n",
           "a: 'b' c\n",
           "a: 'b'#c\n",
           "a: @b\n",
           "a: - b\n",
           "<<: b\n",
           "null: a\n",
           "--- a\n",
           "a: b\n---\nc: d\n",
           "a: [b]: c\n",
       })
    EXPECT_FALSE(plain_events(text)) << text;
}

TEST(PlainScanner, LeavesWhatIsNestedTooDeeply) {
  EXPECT_FALSE(plain_events("a: " + std::string(100000, '[')));
  std::string steps;
  for (int i = 0; i < 1000; ++i) steps += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_FALSE(plain_events(steps));
}

class RandomDocument {
 public:
  explicit RandomDocument(unsigned seed) : random_(seed) {}

  // Mostly well indented, sometimes not; then perhaps some characters are changed.
  std::string make() {
    text_ = chance(3) ? "---\n" : "";
    block(0, 0);
    for (size_t i = 0; chance(2) && i < 3 && !text_.empty(); ++i)
      text_[random_() % text_.size()] = "\n :-#'\"[]{},&*!|>%@`?\\\tax0~\r"[random_() % 29];
    return text_;
  }

 private:
  bool chance(unsigned one_in) { return random_() % one_in == 0; }

  template <size_t N>
  const char* one_of(const char* const (&words)[N]) {
    return words[random_() % N];
  }

  void block(size_t indent, int depth) {
    const bool list = chance(3);
    for (unsigned left = 1 + random_() % 4; left > 0; --left) {
      if (chance(8)) text_ += one_of({"\n", "# note\n", "  # note\n", "   \n"});
      text_ += std::string(chance(30) ? indent + 1 : indent, ' ') + (list ? "- " : key());
      if (list && chance(3)) text_ += key();
      if (depth < 4 && chance(3)) {
        text_ += chance(6) ? "# note\n" : "\n";
        block(chance(4) ? indent : indent + 2, depth + 1);
      } else {
        text_ += value() + std::string(one_of({"\n", "\n", "\n", " # note\n", "  \n"}));
      }
    }
  }

  std::string key() { return std::string(one_of({"a", "b", "name", "x-y", "a.b/c", "k8s", "1"})) + ": "; }

  std::string value() {
    return one_of({"text",
                   "some text",
                   "12",
                   "-3",
                   "0644",
                   "true",
                   "null",
                   "~",
                   "\"quoted # text\"",
                   "'single'",
                   "[]",
                   "{}",
                   "[a, 'b', 3]",
                   "{a: b, c: [1]}",
                   "http://x/y",
                   "a#b",
                   "it's",
                   "64Mi",
                   "",
                   "&n x",
                   "*n",
                   "|",
                   "a: b",
                   "[a, b",
                   "\"open",
                   "@x",
                   "- y",
                   "a b: c",
                   "!!str 1"});
  }

  std::mt19937 random_;
  std::string text_;
};

TEST(PlainScanner, AgreesWithTheFullOneOnRandomDocuments) {
  int plain = 0;
  for (unsigned seed = 0; seed < 20000; ++seed) {
    const std::string text = RandomDocument(seed).make();
    const auto events = plain_events(text);
    if (!events) continue;
    ++plain;
    ASSERT_EQ(*events, full_events(text)) << "seed " << seed << ":\n" << text;
  }
  EXPECT_GT(plain, 2000);
}

}  // namespace
}  // namespace tenon
