// tenon validate of a long file in which much is wrong: every mistake is told, at its line, in the order of
// the text.
#include <sstream>

#include "framework/cli/commands_testing.h"
#include "framework/cli/exit_code.h"

namespace tenon {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "world", "version": "1",
  "kinds": [
    {"group": "test", "kind": "Disk", "plural": "disks", "versions": ["v1"],
     "schema": {"type": "object", "properties": {"size": {"type": "integer"}}}},
    {"group": "test", "kind": "Machine", "plural": "machines", "versions": ["v1"],
     "schema": {"type": "object", "properties": {
       "cores": {"type": "integer"},
       "name": {"type": "string"},
       "disks": {"type": "array", "items": {"type": "object", "x-template": "test/Disk", "properties": {
         "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
         "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}}}
  ]
})";

class NothingButAManifest final : public PluginSource {
 public:
  Result<std::shared_ptr<const Manifest>> manifest(const std::string&) override {
    return std::shared_ptr<const Manifest>(std::make_shared<Manifest>(*parse_manifest(kManifest)));
  }
  Result<std::vector<Library>> libraries(const std::string&) override { return std::vector<Library>(); }
  Result<std::unique_ptr<Backend>> open(const InstanceConfiguration&) override {
    return Error{Code::unimplemented, "nothing is opened in order to validate"};
  }
};

// Documents with NAME for a name. A mistake is told on its line, behind "  #! ".
const std::vector<std::string> kDocuments = {
    "apiVersion: test/v1\nkind: Machine\nmetadata: {name: NAME}\nspec:\n"
    "\tcores: 1  #! a tab is used as indentation\n",

    "apiVersion: test/v1\nkind: Machine\nmetadata: {name: NAME}\nspec:\n  cores: 1\n  name: n\n"
    "  cores: 2  #! the key 'cores' is there twice\n",

    "apiVersion: test/v1\nkind: Machine\nmetadata:\n  name: NAME\n"
    "  lables: {}  #! unknown field 'lables'\nspec: {cores: 1}\n",

    "apiVersion: 1  #! expected a string for 'apiVersion', got 1\nkind: Machine\nmetadata: {name: NAME}\n",

    "apiVersion: test/v1\n"
    "kind: Macihne  #! no plugin serves test/Macihne; did you mean test/Machine?\nmetadata: {name: NAME}\n",

    "apiVersion: test/v1\nkind: Machine\nmetadata: {name: NAME}\nspec:\n"
    "  coers: 1  #! unknown field 'coers'\n  name: n\n",

    "apiVersion: test/v1\nkind: Machine\nmetadata: {name: NAME}\nspec:\n  name: n\n"
    "  cores: many  #! expected a whole number, got 'many'\n",

    "apiVersion: test/v1\nkind: Machine\nmetadata: {name: NAME}\nspec:\n  disks:\n  - metadata: {name: d}\n"
    "    spec:\n      size: large  #! expected a whole number, got 'large'\n",

    "apiVersion: test/v1\nkind: Machine\nmetadata: {name: NAME}\nspec:\n"
    "  name: {tenon.dev/ref: test/Disk/default/d, path: name}  #! /name: path is not a JSON pointer such as "
    "/disk/path; "
    R"(the form is {"tenon.dev/ref": ADDRESS, "path": JSON pointer})",

    "apiVersion: test/v1\nkind: Machine\nmetadata:\n  name: NAME\n  annotations:\n"
    "    tenon.dev/depends-on: other/Thing/default/x  "
    "#! Machine NAME refers to Thing x, and no plugin serves other/Thing\n",
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// As many documents, each of as many lines; the names fall, so that no order of names is the order of the
// text.
std::string with_mistakes(int documents, int lines) {
  std::string text;
  for (int i = 0; i < documents; ++i) {
    const std::string name = "m" + std::to_string(documents * 2 - i);
    std::string document = "---\n" + replaced(kDocuments[i % kDocuments.size()], "NAME", name);
    if (!document.ends_with('\n')) document += '\n';
    while (std::count(document.begin(), document.end(), '\n') < lines)
      document += "# nothing is wrong here\n";
    text += document;
  }
  return text;
}

using Told = std::vector<std::string>;  // "LINE: WHAT"

Told mistakes_in(const std::string& text) {
  const std::string mark = "  #! ";
  Told told;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number)
    if (const size_t at = line.find(mark); at != std::string::npos)
      told.push_back(std::to_string(number) + ": " + line.substr(at + mark.size()));
  return told;
}

Told told_in_text(const std::string& output) {
  static const std::regex problem(R"(^bad\.yaml:(\d+):\d+: error: (.*?)( \(test/\S+\))?$)");
  Told told;
  std::istringstream lines(output);
  std::smatch match;
  for (std::string line; std::getline(lines, line);)
    if (std::regex_match(line, match, problem)) told.push_back(match.str(1) + ": " + match.str(2));
  return told;
}

Told told_in_json(const std::string& output) {
  Told told;
  const Json report = Json::parse(output);
  for (const Json& problem : report.at("diagnostics"))
    told.push_back(problem.at("line").dump() + ": " + problem.at("summary").get<std::string>());
  return told;
}

class LongManifest : public CommandLine {
 protected:
  std::unique_ptr<PluginSource> plugins(const PluginOptions&) override {
    return std::make_unique<NothingButAManifest>();
  }

  // In both forms, and nothing else.
  void expect_told(const std::string& text, size_t count) {
    write("bad.yaml", text);
    const Told expected = mistakes_in(text);
    ASSERT_EQ(expected.size(), count);
    const Done shown = run({"validate", "-f", "bad.yaml"}),
               data = run({"validate", "-f", "bad.yaml", "-o", "json"});
    EXPECT_EQ(shown.status, kFailure);
    EXPECT_EQ(told_in_text(shown.err), expected);
    EXPECT_NE(shown.err.find("\n" + std::to_string(count) + " errors; nothing was changed.\n"),
              std::string::npos);
    EXPECT_EQ(data.status, kFailure);
    EXPECT_EQ(told_in_json(data.out), expected);
  }
};

TEST_F(LongManifest, FiveHundredMistakesOfEveryKindInTenThousandLinesAreToldInTheOrderOfTheText) {
  const std::string text = with_mistakes(500, 20);
  ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 10000);
  expect_told(text, 500);
}

TEST_F(LongManifest, FiveHundredMistakesInOneDocumentAreToldInItsOrder) {
  std::string text = "apiVersion: test/v1\nkind: Machine\nmetadata: {name: m}\nspec:\n  disks:\n";
  for (int i = 0; i < 250; ++i)
    text += "  - metadata: {name: d" + std::to_string(i) +
            "}\n    spec:\n      size: large  #! expected a whole number, got 'large'\n"
            "      sise: 1  #! unknown field 'sise'\n";
  expect_told(text, 500);
}

}  // namespace
}  // namespace tenon
