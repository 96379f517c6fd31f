// Every testdata/*.yaml is loaded, and what comes out is compared with the file of the same name that ends in
// .golden. After a wanted change, TENON_UPDATE_GOLDEN=DIRECTORY writes the new ones there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "framework/base/files.h"
#include "framework/load/load.h"

namespace tenon {
namespace {

const char* const kDirectory = "framework/load/testdata";

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string load(const std::string& name) {
  Diagnostics diagnostics;
  const std::string text = read_file(std::string(kDirectory) + "/" + name + ".yaml").value_or("");
  std::vector<SecretDocument> secrets;
  const auto resources =
      to_resources(load_text(name + ".yaml", text, diagnostics), "default", diagnostics, &secrets);
  std::string result;
  for (const Diagnostic& diagnostic : diagnostics) result += to_string(diagnostic) + "\n";
  for (const Resource& resource : resources)
    result += to_string(resource.address) + " " + resource.version + " " + Json(resource.labels).dump() +
              " " + Json(resource.annotations).dump() + " " + resource.spec.dump() + "\n";
  for (const SecretDocument& secret : secrets)
    result += to_string(secret.address) + " " + Json(secret.data).dump() + " of " + secret.file + "\n";
  return result;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, IsAsExpected) {
  const std::string result = load(GetParam());
  if (const char* directory = std::getenv("TENON_UPDATE_GOLDEN"))
    std::ofstream(std::string(directory) + "/" + GetParam() + ".golden") << result;
  else
    EXPECT_EQ(result,
              read_file(std::string(kDirectory) + "/" + GetParam() + ".golden").value_or("(no golden file)"));
}

INSTANTIATE_TEST_SUITE_P(Load, Golden, testing::ValuesIn(cases()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace tenon
