// What is refused, and that all of it is told at once.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "framework/base/temporary_directory.h"
#include "framework/load/load.h"
#include "framework/load/yaml.h"

namespace tenon {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

std::string joined(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics)
    text += (text.empty() ? "" : "\n") + to_string(diagnostic.position) + ": " + diagnostic.summary;
  return text;
}

// The JSON of all documents, or what is wrong.
std::string loaded(std::string text) {
  Diagnostics diagnostics;
  const auto documents = load_text("f", std::move(text), diagnostics);
  if (!diagnostics.empty()) return joined(diagnostics);
  std::string all;
  for (const Document& document : documents) all += (all.empty() ? "" : " ") + document.value.dump();
  return all;
}

std::string repeated(const std::string& text, size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // and has mapped more than any limit
#else
constexpr bool kSanitized = false;
#endif

// From here on this process may map so much more memory, and run for so long; what needs more ends it. The
// time is many times of what is needed: it bounds work that never ends.
void limit_this_process(size_t memory, rlim_t cpu_seconds) {
  if (kSanitized) return;
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t most = pages * static_cast<size_t>(sysconf(_SC_PAGESIZE)) + memory;
  const rlimit space{most, most}, time{cpu_seconds, cpu_seconds};
  if (setrlimit(RLIMIT_AS, &space) != 0 || setrlimit(RLIMIT_CPU, &time) != 0) _exit(2);
}

// In a process of its own; ends it, and well if the text is refused.
void refuse_in_little(const std::string& text, size_t memory = 250 * kMiB) {
  limit_this_process(memory, 30);
  const std::string result = loaded(text);
  if (result.starts_with("f:")) _exit(0);
  std::cerr << "taken for " << result.substr(0, 80);
  _exit(1);
}

TEST(Limits, ADocumentHasAtMostThreeMebibytes) {
  const std::string most = "a: " + std::string(3 * kMiB - 4, 'x') + "\n";
  EXPECT_EQ(loaded(most).size(), 3 * kMiB - 4 + 8);
  EXPECT_EQ(loaded("a: x" + most.substr(3)), "f:1:1: the document is larger than 3 MiB");
  EXPECT_EQ(loaded("b: 1\n---\n" + most.substr(5)).substr(0, 8), "{\"b\":1} ");
}

TEST(Limits, ListsAndMapsAreNestedAtMost128Deep) {
  const auto lists = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  const auto blocks = [](size_t depth) {
    std::string text;
    for (size_t i = 0; i < depth; ++i) text += std::string(i, ' ') + "a:" + (i + 1 < depth ? "\n" : " 1\n");
    return text;
  };
  EXPECT_EQ(loaded(lists(128)), lists(128));
  EXPECT_EQ(loaded(lists(129)), "f:1:129: lists and maps are nested deeper than 128");
  EXPECT_EQ(loaded("a: " + lists(128)), "f:1:131: lists and maps are nested deeper than 128");
  EXPECT_EQ(loaded(blocks(128)).size(), 128 * 6 + 1);
  EXPECT_EQ(loaded(blocks(129)), "f:129:129: lists and maps are nested deeper than 128");
}

TEST(Limits, ADocumentHasAtMost500000Values) {
  const auto json = [](size_t count) { return "[" + repeated("1,", count - 2) + "1]"; };
  const auto block = [](size_t count) { return "- 1\n" + repeated("- 1\n", count - 2); };
  EXPECT_EQ(loaded(json(500000)).size(), 1 + 2 * 499999u);
  EXPECT_EQ(loaded(json(500001)), "f:1:1: the document has more than 250000 of the signs [ { and ,");
  EXPECT_EQ(loaded(block(500000)).size(), 1 + 2 * 499999u);
  EXPECT_EQ(loaded(block(500001)), "f:500000:3: the document has more than 500000 values");
}

TEST(Limits, AKeyHasAtMost1024Bytes) {
  const std::string most(1024, 'k');
  for (const char* form : {"%: 1\n", "? %\n: 1\n", "{\"%\": 1}", "{%: 1}"}) {
    const auto with = [&](const std::string& key) {
      std::string text = form;
      return text.replace(text.find('%'), 1, key);
    };
    EXPECT_EQ(loaded(with(most)), "{\"" + most + "\":1}") << form;
    EXPECT_NE(loaded(with(most + "k")).find("f:1:"), std::string::npos) << form;
  }
  EXPECT_EQ(loaded("? k" + most + "\n: 1\n"), "f:1:3: a key is longer than 1024 bytes");
}

TEST(Limits, AliasesExpandToAtMost16Mebibytes) {
  constexpr size_t kValue = 32;  // what a value counts beside its text
  const auto copies = [](size_t of_a, size_t last) {
    return "a: &a " + std::string(kMiB - kValue, 'x') + "\nb: [" + repeated("*a, ", of_a) + "]\nc: &c " +
           std::string(last - kValue, 'x') + "\n";
  };
  EXPECT_GT(loaded(copies(14, kMiB)).size(), 15 * kMiB);
  EXPECT_EQ(loaded(copies(14, kMiB + 1)), "f:3:4: aliases expand to more than 16 MiB");
  EXPECT_EQ(loaded(copies(16, kMiB)), "f:2:65: aliases expand to more than 16 MiB");
  const std::string keys = "- &k " + std::string(1000, 'k') + "\n" + repeated("- {*k : 1}\n", 30000);
  EXPECT_NE(loaded(keys).find("aliases expand to more than 16 MiB"), std::string::npos);
}

// A document whose aliases copy so much.
std::string copying(size_t mebibytes) {
  return "---\na: &a " + std::string(kMiB / 16 - 32, 'x') + "\nb:\n" + repeated("- *a\n", 16 * mebibytes - 1);
}

// What is told of all documents together comes last, after those that were taken.
struct Told {
  size_t documents;
  std::string last;
};

Told told_of(std::string text) {
  Diagnostics diagnostics;
  const size_t documents = load_text("f", std::move(text), diagnostics).size();
  return {documents, diagnostics.empty() ? "" : joined({diagnostics.back()})};
}

TEST(Limits, AliasesOfAllDocumentsTogetherExpandToAtMost128Mebibytes) {
  const Told most = told_of(repeated(copying(16), 8) + repeated("---\na: 1\n", 10));
  EXPECT_EQ(most.documents, 18u);
  EXPECT_EQ(most.last, "");
  const Told more = told_of(repeated(copying(16), 8) + "---\na: &a b\n---\na: 1\n");
  EXPECT_EQ(more.documents, 8u);
  EXPECT_EQ(more.last, "f:2065:1: the aliases of the documents expand to more than 128 MiB together");
}

// Several threads share the documents; who reads them must not see that.
TEST(Limits, TheDocumentThatIsTooMuchIsTheFirstOfTheTextThatIs) {
  const std::string small = repeated("---\na: 1\n", 2000);
  const std::string text = small + repeated(copying(10), 9) + small + repeated(copying(10), 9) + small;
  for (int run = 0; run < 3; ++run) {
    const Told told = told_of(text);
    EXPECT_EQ(told.documents, 4012u);
    EXPECT_EQ(told.last, "f:9945:1: the aliases of the documents expand to more than 128 MiB together");
  }
}

TEST(Limits, DocumentsThatAreRefusedCountAsWell) {
  const Told told = told_of(repeated(copying(17), 30));
  EXPECT_EQ(told.documents, 0u);
  EXPECT_EQ(told.last, "f:1919:1: the aliases of the documents expand to more than 128 MiB together");
}

TEST(Limits, AllDocumentsTogetherHaveAtMost10MillionValues) {
  const std::string block = "---\n" + repeated("- 1\n", 499999);
  EXPECT_EQ(told_of(repeated(block, 20)).documents, 20u);
  EXPECT_EQ(told_of(repeated(block, 20) + "---\na\n").last,
            "f:10000001:1: the documents have more than 10000000 values together");
}

TEST(Limits, ThereAreAtMostAMillionDocuments) {
  const std::string most = repeated("---\na\n", 1000000);
  EXPECT_EQ(told_of(most).documents, 1000000u);
  EXPECT_EQ(told_of(most + "---\na\n").last, "f:2000001:1: there are more than 1000000 documents");
}

TEST(Limits, OfAllDocumentsTogetherAtMost100000ProblemsAreTold) {
  Diagnostics diagnostics;
  load_text("f", repeated("---\na: [\n", 200000), diagnostics);
  ASSERT_EQ(diagnostics.size(), 100001u);
  EXPECT_EQ(joined({diagnostics.back()}),
            "f:200001:1: the documents have more than 100000 problems together");
  diagnostics.clear();
  load_text("f", repeated("---\na: \x01\n", 200000), diagnostics);
  EXPECT_EQ(diagnostics.size(), 100001u);
}

TEST(Limits, OfWhatIsNoResourceAtMost300000ProblemsAreTold) {
  Diagnostics diagnostics;
  const std::string list = "---\nkind: List\nitems:\n" + repeated("- {}\n", 60000);
  to_resources(load_text("f", list + list, diagnostics), "default", diagnostics);
  ASSERT_EQ(diagnostics.size(), 300001u);
  EXPECT_EQ(joined({diagnostics.back()}), ": there are more problems than 300000");
}

TEST(Limits, AllFilesOfACommandHaveTheBoundsOfOne) {
  TemporaryDirectory directory;
  const std::string path = directory.path().string();
  for (const char* name : {"/a.yaml", "/b.yaml", "/c.yaml", "/d.yaml"})
    std::ofstream(path + name) << repeated(copying(16), 4);
  for (const std::vector<std::string>& paths :
       {std::vector{path}, {path + "/a.yaml", path + "/b.yaml", path + "/c.yaml", path + "/d.yaml"}}) {
    Diagnostics diagnostics;
    EXPECT_EQ(load_paths(paths, diagnostics).size(), 8u);
    EXPECT_EQ(joined(diagnostics),
              path + "/c.yaml:1:1: the aliases of the documents expand to more than 128 MiB together");
  }
}

TEST(Limits, ValuesOfJsonCountAsThoseOfYamlDo) {
  TemporaryDirectory directory;
  const std::string file = directory.path().string() + "/a.json";
  std::ofstream(file) << "[" << repeated("1,", 499998) << "1]";
  Diagnostics diagnostics;
  EXPECT_EQ(load_paths(std::vector<std::string>(30, file), diagnostics).size(), 20u);
  EXPECT_EQ(joined(diagnostics), file + ":1:1: the documents have more than 10000000 values together");
}

TEST(Limits, ADocumentThatIsNoJsonHasAtMost250000FlowSigns) {
  const auto lists = [](size_t signs) { return "a: !!seq [" + repeated("x,", signs - 1) + "x]\n"; };
  EXPECT_EQ(loaded(lists(250000)).size(), 6 + 4 * size_t{250000} + 1);
  EXPECT_EQ(loaded(lists(250001)).substr(0, 80),
            "f:1:1: the document has more than 250000 of the signs [ { and ,");
}

TEST(Limits, OfADocumentAtMost10000ProblemsAreTold) {
  const auto problems = [](size_t count) {
    Diagnostics diagnostics;
    EXPECT_TRUE(load_text("f", repeated("a: 1\n", 1 + count), diagnostics).empty());
    return diagnostics;
  };
  const Diagnostics most = problems(10000), more = problems(10001);
  ASSERT_EQ(most.size(), 10000u);
  EXPECT_EQ(joined({most.back()}), "f:10001:1: the key 'a' is there twice");
  ASSERT_EQ(more.size(), 10001u);
  EXPECT_EQ(joined({more.back()}), "f:10002:1: the document has more than 10000 problems");
  EXPECT_EQ(problems(20000).size(), 10001u);
}

// Each alone in a process that has not needed more before.
TEST(Limits, BombsAreRefusedInLittleMemoryAndTime) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before +
              repeated(", " + before, 9) + "]\n";
  }
  std::string deep_keys;
  for (size_t i = 0; i < 100; ++i)
    deep_keys += std::string(i, ' ') + "? " + std::string(900, 'k') + "\n" + std::string(i, ' ') + ":\n";
  for (size_t i = 0; i < 20000; ++i) deep_keys += std::string(100, ' ') + "k: 1\n";
  const size_t size = 3 * kMiB - 10;
  const std::pair<const char*, std::string> bombs[] = {
      {"laughs", laughs},
      {"lists", repeated("[", size)},
      {"lists after a key", "a: " + repeated("[", size)},
      {"lists on lines", repeated("[\n", size / 2)},
      {"maps", repeated("{a: ", size / 4)},
      {"elements", "a: &a [" + repeated("1,", size / 2 - 5) + "]"},
      {"block lists", repeated("- ", size / 2)},
      {"explicit keys", repeated("? ", size / 2)},
      {"equal keys", repeated("a:\n", 200000)},
      {"equal keys far down", deep_keys},
      {"anchors", repeated("- &a\n", size / 5)},
  };
  for (const auto& [name, text] : bombs)
    EXPECT_EXIT(refuse_in_little(text), testing::ExitedWithCode(0), "") << name;
}

TEST(Limits, ManyBombsAreRefusedInLittleMemoryAndTime) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::string bomb =
      "---\na: &a [" + repeated("x, ", 1999) + "x]\nb: [" + repeated("*a, ", 199) + "*a]\n";
  EXPECT_EXIT(refuse_in_little(repeated(bomb, 600), 400 * kMiB), testing::ExitedWithCode(0), "");
}

TEST(HostileInput, BytesThatAreNoUtf8AreToldWithTheirPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"a: \xFF\n", "f:1:4"},              // no first byte
      {"a: \x80\n", "f:1:4"},              // a continuation alone
      {"a: b\nc: \xC3(\n", "f:2:4"},       // one byte missing
      {"a: \xE2\x82\n", "f:1:4"},          // cut off
      {"a: \xC0\xAF\n", "f:1:4"},          // overlong
      {"a: \xE0\x80\xAF\n", "f:1:4"},      // overlong
      {"a: \xED\xA0\x80\n", "f:1:4"},      // a surrogate
      {"a: \xF4\x90\x80\x80\n", "f:1:4"},  // beyond Unicode
      {"# \xFE\na: b\n", "f:1:3"},         // in a comment
  };
  for (const auto& [text, place] : cases)
    EXPECT_EQ(loaded(text), std::string(place) + ": there is a byte that is not UTF-8 in the text");
  EXPECT_EQ(loaded(std::string("a: \0b\n", 6)), "f:1:4: there is a control character in the text");
  EXPECT_EQ(loaded("a: \x1B[31m\n"), "f:1:4: there is a control character in the text");
  EXPECT_EQ(loaded("a: \xF0\x9F\x98\x80\n"), "{\"a\":\"\xF0\x9F\x98\x80\"}");
}

TEST(HostileInput, TabsIndentNothing) {
  EXPECT_EQ(loaded("a:\n\tb: 1\n"), "f:2:1: a tab is used as indentation");
  EXPECT_EQ(loaded("a:\n  b: 1\n  \tc: 1\n"), "f:3:3: a tab is used as indentation");
  EXPECT_EQ(loaded("a: 1\t# note\n"), "{\"a\":1}");
  EXPECT_EQ(loaded("a:\t1\n"), "{\"a\":1}");
  EXPECT_EQ(loaded("{\n\t\"a\": 1\n}\n"), "{\"a\":1}");
}

TEST(HostileInput, LineEndsOfWindowsAreLineEnds) {
  EXPECT_EQ(loaded("---\r\na: 1\r\nb:\r\n- x\r\n---\r\nc: |\r\n  d\r\n  e\r\n"),
            R"({"a":1,"b":["x"]} {"c":"d\ne\n"})");
}

TEST(HostileInput, AByteOrderMarkMayStandBeforeEachDocument) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(loaded(mark + "a: 1\n"), "{\"a\":1}");
  EXPECT_EQ(loaded(mark + "---\na: 1\n" + mark + "---\nb: 2\n"), R"({"a":1} {"b":2})");
}

TEST(HostileInput, AnchorsAndMergeKeysAreExpandedWithinTheirDocumentOnly) {
  EXPECT_EQ(loaded("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n"), R"({"a":{"b":1},"c":{"b":1,"d":2}})");
  EXPECT_EQ(loaded("a: &x 1\n---\nb: *x\n"), "f:3:4: the referenced anchor is not defined");
  EXPECT_EQ(loaded("a: &x [*x]\n"), "f:1:8: an alias stands inside of what it is an alias of");
  EXPECT_EQ(loaded("a: {<<: [1]}\n"), "f:1:5: '<<' needs a map or a list of maps");
}

TEST(HostileInput, SeparatorsMakeNoDocuments) {
  EXPECT_EQ(loaded("---\n---\n---\na: 1\n---\n# nothing\n---\n...\n---\n"), "{\"a\":1}");
  EXPECT_EQ(loaded(repeated("---\n", 100000) + "a: 1\n"), "{\"a\":1}");
}

TEST(HostileInput, FiveHundredMistakesInTenThousandLinesAreAllToldInOrder) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const int line = i * 10 + 1;
    text += "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: pod-" + std::to_string(i) + "\n";
    const std::string place = (expected.empty() ? "f:" : "\nf:");
    switch (i % 8) {
      case 0:
        text += "spec:\n  a: 1\n  a: 2\n";
        expected += place + std::to_string(line + 7) + ":3: the key 'a' is there twice";
        break;
      case 2:
        text += "spec:\n  a: b: c\n  d: 1\n";
        expected += place + std::to_string(line + 6) + ":7: illegal map value";
        break;
      case 4:
        text += "spec:\n\ta: 1\n  d: 1\n";
        expected += place + std::to_string(line + 6) + ":1: a tab is used as indentation";
        break;
      case 6:
        text += "spec:\n  a: *no\n  d: 1\n";
        expected += place + std::to_string(line + 6) + ":6: the referenced anchor is not defined";
        break;
      default: text += "spec:\n  a: 1\n  d: 1\n"; break;
    }
    text += "# one\n# two\n";
  }
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10000);
  Diagnostics diagnostics;
  EXPECT_EQ(load_text("f", text, diagnostics).size(), 500u);
  EXPECT_EQ(diagnostics.size(), 500u);
  EXPECT_EQ(joined(diagnostics), expected);
}

}  // namespace
}  // namespace tenon
