// Where the paths of an instance's configuration lead, from whatever directory a command is run.
#include "framework/cli/configuration.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "framework/base/temporary_directory.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "disks", "version": "1", "kinds": [],
  "configuration": {"type": "object", "properties": {
    "directory": {"type": "string", "format": "path", "default": "./.disks/here"},
    "log": {"type": "string", "format": "path"},
    "tool": {"type": "string", "format": "program", "default": "disk-tool"},
    "name": {"type": "string"},
    "caches": {"type": "array", "items": {
      "type": "object", "properties": {"path": {"type": "string", "format": "path"}}}}}}
})";

class Disks final : public PluginSource {
 public:
  Result<std::shared_ptr<const Manifest>> manifest(const std::string&) override {
    return std::shared_ptr<const Manifest>(std::make_shared<Manifest>(*parse_manifest(kManifest)));
  }
  Result<std::unique_ptr<Backend>> open(const InstanceConfiguration&) override {
    return Error{Code::unimplemented, ""};
  }
  Result<std::vector<Library>> libraries(const std::string&) override { return std::vector<Library>(); }
};

// Two directories, a with a tenon.yaml; commands are run in the other one.
class ConfigurationPaths : public testing::Test {
 public:
  ConfigurationPaths() {
    for (const char* name : {"a", "other"}) fs::create_directory(directory_ / name);
    fs::current_path(directory_ / "other");
  }
  ~ConfigurationPaths() override { fs::current_path(before_); }

 protected:
  // What the plugin is given for a configuration in the file.
  Json given(const std::string& configuration, const std::string& file = "../a/tenon.yaml",
             const std::string& state = "../a/.tenon") {
    std::ofstream(directory_ / "a/tenon.yaml")
        << "instances: [{name: disks, plugin: disks, configuration: " + configuration + "}]\n";
    Diagnostics diagnostics;
    const Configuration read = load_configuration(file, state, "/nowhere", plugins_, diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << to_string(diagnostics.front());
    return read.instances.empty() ? Json::object() : read.instances.front().configuration;
  }
  std::string in_a(const std::string& path) const { return directory_ / "a" / path; }

  Disks plugins_;
  const TemporaryDirectory temporary_;
  const fs::path before_ = fs::current_path(), directory_ = fs::canonical(temporary_.path());
};

TEST_F(ConfigurationPaths, AreRelativeToTheFileThatSaysThem) {
  const Json read = given("{directory: ./volumes/, log: ../log, caches: [{path: c}], name: plain}");
  EXPECT_EQ(read["directory"], in_a("volumes"));
  EXPECT_EQ(read["log"], (directory_ / "log").string());
  EXPECT_EQ(read["caches"][0]["path"], in_a("c"));
  EXPECT_EQ(read["name"], "plain");
}

TEST_F(ConfigurationPaths, ThatAreAbsoluteStay) {
  EXPECT_EQ(given("{directory: /srv/volumes}")["directory"], "/srv/volumes");
}

TEST_F(ConfigurationPaths, ThatAreDefaultsStandBesideTheStateDirectory) {
  EXPECT_EQ(given("{}")["directory"], in_a(".disks/here"));
  for (const char* state : {"./.tenon", ".tenon/", "../other/.tenon/.", ""})
    EXPECT_EQ(given("{}", "../a/tenon.yaml", state)["directory"],
              (directory_ / "other/.disks/here").string());
}

TEST_F(ConfigurationPaths, AreWhereTheyAlwaysWereInTheDirectoryOfTheFile) {
  fs::current_path(directory_ / "a");
  EXPECT_EQ(given("{}", "", "./.tenon")["directory"], in_a(".disks/here"));
  EXPECT_EQ(given("{directory: vols}", "", "./.tenon")["directory"], in_a("vols"));
}

TEST_F(ConfigurationPaths, AreTheSameThroughALink) {
  fs::create_directory_symlink(directory_ / "a", directory_ / "link");
  EXPECT_EQ(given("{log: l}", "../link/tenon.yaml")["log"], in_a("l"));
  EXPECT_EQ(given("{}", "../a/tenon.yaml", "../link/.tenon")["directory"], in_a(".disks/here"));
}

// The directory is where the link is, not what it leads to.
TEST_F(ConfigurationPaths, StandBesideAStateDirectoryThatIsALink) {
  fs::create_directory(directory_ / "far");
  fs::create_directory_symlink(directory_ / "far", directory_ / "a/.tenon");
  EXPECT_EQ(given("{}")["directory"], in_a(".disks/here"));
}

TEST_F(ConfigurationPaths, OfProgramsWithoutASlashAreLookedForElsewhere) {
  EXPECT_EQ(given("{}")["tool"], "disk-tool");
  EXPECT_EQ(given("{tool: mine}")["tool"], "mine");
  EXPECT_EQ(given("{tool: bin/mine}")["tool"], in_a("bin/mine"));
}

}  // namespace
}  // namespace tenon
