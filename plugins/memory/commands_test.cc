// Whole commands on Items that are made of each other's outputs.
#include <sys/stat.h>

#include <cstdlib>

#include "framework/cli/commands_testing.h"
#include "framework/cli/exit_code.h"

namespace tenon {
namespace {

class MemoryCommands : public CommandLine {
 protected:
  void SetUp() override {
    const std::filesystem::path plugin = std::filesystem::canonical(std::getenv("PLUGIN"));
    CommandLine::SetUp();
    std::filesystem::copy_file(plugin, "memory.so");
    chmod("memory.so", 0755);
    write("tenon.yaml",
          "instances:\n- name: memory\n  plugin: ./memory.so\n  configuration: {file: world}\n");
  }

  std::unique_ptr<PluginSource> plugins(const PluginOptions& options) override {
    return shared_object_plugins(options);
  }

  // a has this value, and b refers to it in this field.
  void declare(const std::string& value, const std::string& field) {
    const std::string head = "apiVersion: memory.tenon.dev/v1\nkind: Item\n";
    write("items.yaml", head + "metadata: {name: a}\nspec: {value: " + value + "}\n---\n" + head +
                            "metadata: {name: b}\nspec: {" + field +
                            ": {tenon.dev/ref: memory.tenon.dev/Item/default/a, path: /value}}\n");
  }

  void apply() {
    const Done done = tenon({"apply", "--yes"});
    ASSERT_EQ(done.status, kSuccess) << done.out << done.err;
  }
  // b is there when a's value changes.
  Done change_value(const std::string& field) {
    declare("x", field);
    apply();
    declare("y", field);
    return tenon({"apply", "--yes"});
  }
  Done tenon(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--isolation=none", "-f", "items.yaml"});
    return run(arguments);
  }
};

TEST_F(MemoryCommands, WhatRefersToAnOutputThatAnUpdateChangesIsGivenTheNewOne) {
  const Done applied = change_value("value");
  EXPECT_EQ(applied.status, kSuccess) << applied.err;
  EXPECT_NE(applied.out.find("Done: 0 created, 2 updated"), std::string::npos) << applied.out;
  EXPECT_EQ(tenon({"plan"}).out, "No changes.\n");
}

// Nobody was shown that b would be made anew, so the run that learns it says so and does not.
TEST_F(MemoryCommands, WhatThatWouldReplaceIsPlannedAgain) {
  const Done applied = change_value("replaceOnly");
  EXPECT_EQ(applied.status, kPartial) << applied.out;
  EXPECT_NE((applied.out + applied.err).find("plan again"), std::string::npos) << applied.out << applied.err;
  apply();
  EXPECT_EQ(tenon({"plan"}).out, "No changes.\n");
}

}  // namespace
}  // namespace tenon
