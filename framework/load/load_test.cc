#include "framework/load/load.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "framework/base/temporary_directory.h"

namespace tenon {
namespace {

std::string joined(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) text += to_string(diagnostic) + "\n";
  return text;
}

class LoadPaths : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(root_ + "/" + name) << text;
    return root_ + "/" + name;
  }

  TemporaryDirectory temporary_;
  const std::string root_ = temporary_.path();
};

TEST_F(LoadPaths, ReadsOnlySoMuchOfAFile) {
  const std::string large = write("large.yaml", "n: 1\n");
  std::filesystem::resize_file(large, (size_t{256} << 20) + 1);
  for (const std::string& path : {large, std::string("/dev/zero"), std::string("/proc/self/pagemap")}) {
    Diagnostics diagnostics;
    EXPECT_TRUE(load_paths({path}, diagnostics).empty());
    EXPECT_EQ(joined(diagnostics), path +
                                       ": error: there are more than 256 MiB of it\n"
                                       "  divide it: -f takes a directory, too\n");
  }
}

TEST_F(LoadPaths, ReadsAFileOfExactlyAsMuch) {
  const std::string large = write("large.yaml", "n: 1\n---\n");
  std::filesystem::resize_file(large, size_t{256} << 20);
  Diagnostics diagnostics;
  const auto documents = load_paths({large}, diagnostics);
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(documents[0].value, Json({{"n", 1}}));
  EXPECT_EQ(joined(diagnostics), large + ":2:1: error: the document is larger than 3 MiB\n");
}

TEST_F(LoadPaths, SaysWhatCannotBeReadToItsEnd) {
  Diagnostics diagnostics;
  EXPECT_TRUE(load_paths({"/proc/self/mem"}, diagnostics).empty());
  EXPECT_EQ(joined(diagnostics), "/proc/self/mem: error: reading /proc/self/mem: Input/output error\n");
}

TEST_F(LoadPaths, ReadsTheFilesOfADirectoryByName) {
  write("b.yml", "n: 2\n---\nn: 3\n");
  write("a.yaml", "n: 1\n");
  write("c.json", "{\"n\": 4}");
  write("notes.txt", "n: 9\n");
  std::filesystem::create_directory(root_ + "/d.yaml");
  Diagnostics diagnostics;
  std::string order;
  for (const Document& document : load_paths({root_}, diagnostics)) order += document.value["n"].dump();
  EXPECT_EQ(order, "1234");
  EXPECT_EQ(joined(diagnostics), "");
}

TEST_F(LoadPaths, SaysWhatIsMissingAndReadsTheRest) {
  const std::string good = write("good.yaml", "a: 1\n");
  std::filesystem::create_directory(root_ + "/empty");
  Diagnostics diagnostics;
  EXPECT_EQ(load_paths({root_ + "/none.yaml", root_ + "/empty", good}, diagnostics).size(), 1u);
  ASSERT_EQ(diagnostics.size(), 2u);
  EXPECT_EQ(diagnostics[0].position.file, root_ + "/none.yaml");
  EXPECT_EQ(diagnostics[1].summary, "the directory has no *.yaml, *.yml or *.json files");
}

TEST(LoadText, ReportsEveryBrokenDocumentAndKeepsTheOthers) {
  Diagnostics diagnostics;
  const auto documents =
      load_text("f.yaml", "a: [\n---\nb: 1\n---\nc: 'x\n---\nd: \xFF\n---\ne: 1\n", diagnostics);
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(documents[1].value.dump(), R"({"e":1})");
  ASSERT_EQ(diagnostics.size(), 3u);
  EXPECT_EQ(to_string(diagnostics[2].position), "f.yaml:7:4");
}

TEST(LoadText, RefusesADocumentThatIsTooLarge) {
  Diagnostics diagnostics;
  EXPECT_EQ(load_text("f", "a: 1\n---\nb: " + std::string(3 << 20, 'x') + "\n", diagnostics).size(), 1u);
  EXPECT_EQ(joined(diagnostics), "f:2:1: error: the document is larger than 3 MiB\n");
}

TEST(LoadText, KeepsTheOrderAndPlacesOfManyDocuments) {
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += "---\nn: " + std::to_string(i) + "\n" + (i % 1000 == 7 ? "n: 0\n" : "");
  Diagnostics diagnostics;
  const auto documents = load_text("f", text, diagnostics);
  ASSERT_EQ(documents.size(), 4995u);
  for (size_t i = 1; i < documents.size(); ++i)
    EXPECT_LT(documents[i - 1].value["n"].get<int>(), documents[i].value["n"].get<int>());
  EXPECT_EQ(to_string(documents.back().source->locate("/n", false)), "f:10005:4");
  ASSERT_EQ(diagnostics.size(), 5u);
  EXPECT_EQ(to_string(diagnostics[1]),
            "f:2018:1: error: the key 'n' is there twice\n  the first is at f:2017:1");
}

TEST(SourceMap, FindsTheNearestAncestorOfWhatIsNotThere) {
  Diagnostics diagnostics;
  const auto documents = load_text("f", "# head\n---\nspec:\n  size: 1\n", diagnostics);
  ASSERT_EQ(documents.size(), 1u);
  const SourceMap& source = *documents[0].source;
  EXPECT_EQ(to_string(source.locate("/spec/size", true)), "f:4:3");
  EXPECT_EQ(to_string(source.locate("/spec/size", false)), "f:4:9");
  EXPECT_EQ(to_string(source.locate("/spec/none/x", true)), "f:3:1");
  EXPECT_EQ(to_string(source.locate("/none", false)), "f:3:1");
}

TEST(SourceMap, MayBeAskedByManyThreads) {
  Diagnostics diagnostics;
  const auto documents = load_text("f", "spec:\n  size: 1\n", diagnostics);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { EXPECT_EQ(documents[0].source->locate("/spec/size", true).line, 2); });
}

TEST(ToResources, KeepsPlacesForWhatComesLater) {
  Diagnostics diagnostics;
  const auto resources = to_resources(load_text("f",
                                                "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  "
                                                "kind: Pod\n  metadata: {name: a}\n  spec:\n    x: 1\n",
                                                diagnostics),
                                      "default", diagnostics);
  ASSERT_EQ(resources.size(), 1u) << joined(diagnostics);
  EXPECT_EQ(to_string(resources[0].origin.locate("/x", true)), "f:8:5");
  EXPECT_EQ(to_string(resources[0].address), "core/Pod/default/a");
}

}  // namespace
}  // namespace tenon
