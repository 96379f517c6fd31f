#include "framework/model/manifest.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace tenon {
namespace {

std::string read(const std::string& name) {
  std::ifstream file("plugins/libvirt/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Manifest manifest() {
  auto parsed = parse_manifest(read("manifest.json"));
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value();
}

std::vector<std::string> problems(Json spec) {
  std::vector<SchemaProblem> found;
  complete_value(manifest().kinds.at(0).schema, spec, found);
  std::vector<std::string> texts;
  for (const SchemaProblem& problem : found) texts.push_back(problem.pointer + ": " + problem.summary);
  return texts;
}

// S1-34
TEST(LibvirtManifest, OffersVirtualMachines) {
  const Manifest m = manifest();
  ASSERT_EQ(m.kinds.size(), 1u);
  EXPECT_EQ(m.name, "libvirt");
  EXPECT_EQ(m.kinds[0].name, (KindName{"kubevirt.io", "VirtualMachine"}));
  EXPECT_EQ(m.kinds[0].versions, std::vector<std::string>{"v1alpha2"});
  EXPECT_TRUE(m.capabilities.count("expand"));
}

// S1-32: no operation but delete and stop comes before the import's success.
TEST(LibvirtManifest, HoldsEveryOperationBackUntilTheDisksAreThere) {
  const std::set<std::string> all = {"create", "update", "start"};
  const Manifest m = manifest();
  ASSERT_EQ(m.kinds[0].requirements.size(), 2u);
  EXPECT_EQ(m.kinds[0].requirements[0].phases, std::vector<std::string>{"Succeeded"});
  EXPECT_EQ(m.kinds[0].requirements[0].guards, all);
  EXPECT_EQ(m.kinds[0].requirements[1].contents, std::vector<Contents>{Contents::populated});
  EXPECT_EQ(m.kinds[0].requirements[1].guards, all);
}

// S1-34, S1-35, S1-36, S1-37, S1-38, S1-39, S1-40, S1-41
TEST(LibvirtManifest, AcceptsTheExampleAsItIsWritten) {
  EXPECT_EQ(problems(Json::parse(read("testdata/example.json"))), std::vector<std::string>());
}

TEST(LibvirtManifest, RefusesWhatItDoesNotCarryOut) {
  Json spec = Json::parse(read("testdata/example.json"));
  spec["template"]["spec"]["domain"]["devices"]["watchdog"] = {{"name", "w"}};
  spec["template"]["spec"]["domain"]["devices"]["disks"][0]["disk"]["bus"] = "ide";
  EXPECT_EQ(problems(spec).size(), 2u);
}

}  // namespace
}  // namespace tenon
