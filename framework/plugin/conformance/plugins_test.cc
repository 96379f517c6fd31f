// The kit on whole plugins, in this process and in a host: one in plain C, and one that can do everything.
#include <fstream>

#include "framework/base/digest.h"
#include "framework/plugin/conformance/conformance.h"
#include "framework/plugin/open.h"
#include "framework/plugin/test_plugins.h"

namespace tenon {
namespace {

const std::set<std::string> kNeedsAnotherProcess = {
    "a call cut off by a kill of its host ends well when it is sent again",
    "it is found by the process that comes after a crash", "the log tells no secret"};

std::set<std::string> and_secrets(std::set<std::string> checks) {
  checks.insert("secrets are not echoed");
  return checks;
}

class Shelf : public PluginTest {
 protected:
  ConformanceSample sample() const {
    return {.address = {"test.tenon.dev", "Thing", "default", "a"},
            .spec = {{"size", 1}},
            .changed = {{"size", 2}},
            .manifest = manifest_};
  }
  const std::shared_ptr<const Manifest> manifest_ = manifest_in_process(test_plugin("shelf")).value();
};

TEST_F(Shelf, ConformsInThisProcess) {
  const auto backend = open_in_process(test_plugin("shelf"), "shelf", Json::object(), manifest_);
  const auto findings = run_conformance(*backend, sample());
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings), and_secrets(kNeedsAnotherProcess));
}

TEST_F(Shelf, ConformsInAHostProcess) {
  const auto backend =
      open_hosted({.program = host_program(), .plugin = test_plugin("shelf"), .instance = "shelf"},
                  Json::object(), manifest_);
  const auto findings = run_conformance(*backend, sample());
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings), and_secrets(kNeedsAnotherProcess)) << "its world ends with its process";
}

TEST_F(Shelf, HasAManifestThatMakesSense) { EXPECT_EQ(failures(check_manifest(*manifest_)), ""); }

class Exemplar : public PluginTest {
 protected:
  Exemplar() { std::filesystem::create_directory(directory_ / "world"); }

  ConformanceSample sample() {
    const Json spec = {{"weight", 1}, {"code", "c4n4ry-in-the-mine"}};
    const Json changed = {{"weight", 2}, {"code", "c4n4ry-in-the-mine"}};
    return {.address = {"test.tenon.dev", "Parcel", "default", "a"},
            .spec = spec,
            .changed = changed,
            .manifest = manifest_,
            .vault = &vault_,
            .actions = {{"shake", {{"times", 2}}}},
            .older = {{"v1", {{"grams", 1000}, {"code", "c4n4ry-in-the-mine"}}}}};
  }
  Json configuration() const { return {{"world", path("world")}}; }
  std::unique_ptr<Backend> open() {
    return open_hosted({.program = host_program(),
                        .plugin = test_plugin("exemplar"),
                        .instance = "one",
                        .log = path("log"),
                        .vault = &vault_},
                       configuration(), manifest_);
  }

  Vault vault_{"key"};
  const std::shared_ptr<const Manifest> manifest_ = manifest_in_process(test_plugin("exemplar")).value();
};

TEST_F(Exemplar, NamesEveryCapability) {
  for (const char* word : {"expand", "status", "check", "list", "watch", "act", "convert", "adopt", "move"})
    EXPECT_TRUE(manifest_->capabilities.contains(word)) << word;
  EXPECT_EQ(failures(check_manifest(*manifest_)), "");
}

TEST_F(Exemplar, ConformsInThisProcess) {
  const auto backend = open_in_process(test_plugin("exemplar"), "one", configuration(), manifest_, &vault_);
  const auto findings = run_conformance(*backend, sample());
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings), kNeedsAnotherProcess);
}

// Nothing is left out: also its host is killed in the midst of calls, and its log is read.
TEST_F(Exemplar, ConformsInAHostProcessInEverything) {
  ConformanceSample whole = sample();
  whole.reopen = [this] { return open(); };
  whole.kill = [] { kill_hosts(host_program()); };
  whole.log = path("log");
  const auto findings = run_conformance(*open(), whole);
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings), std::set<std::string>());
  EXPECT_TRUE(std::filesystem::is_empty(directory_ / "world"));
}

}  // namespace
}  // namespace tenon
