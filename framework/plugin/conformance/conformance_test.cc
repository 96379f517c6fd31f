// The kit on a plugin that is written in C without a library, and on one that does everything wrong.
#include "framework/plugin/conformance/conformance.h"

#include <set>

#include "framework/plugin/open.h"
#include "framework/plugin/test_plugins.h"

namespace tenon {
namespace {

class Kit : public PluginTest {
 protected:
  ConformanceSample sample() const {
    return {.address = {"test.tenon.dev", "Thing", "default", "a"},
            .spec = {{"size", 1}},
            .changed = {{"size", 2}}};
  }
  const std::shared_ptr<const Manifest> manifest_ = manifest_in_process(test_plugin("shelf")).value();
};

TEST_F(Kit, APluginInPlainCConformsInThisProcess) {
  const auto backend = open_in_process(test_plugin("shelf"), "shelf", Json::object(), manifest_);
  EXPECT_EQ(failures(run_conformance(*backend, sample())), "");
}

TEST_F(Kit, APluginInPlainCConformsInAHostProcess) {
  const auto backend =
      open_hosted({.program = host_program(), .plugin = test_plugin("shelf"), .instance = "shelf"},
                  Json::object(), manifest_);
  EXPECT_EQ(failures(run_conformance(*backend, sample())), "");
}

TEST_F(Kit, APluginInPlainCHasAManifestThatMakesSense) {
  EXPECT_EQ(failures(check_manifest(*manifest_)), "");
}

}  // namespace
}  // namespace tenon
