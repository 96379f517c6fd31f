// The plugin testdata/misbehaving.cc as a backend in a host process.
#pragma once

#include "framework/base/files.h"
#include "framework/plugin/open.h"
#include "framework/plugin/test_plugins.h"

namespace tenon {

class HostedTest : public PluginTest {
 protected:
  static constexpr std::chrono::seconds kAmple{60};

  HostOptions options() const {
    return {.program = host_program(),
            .plugin = test_plugin("misbehaving"),
            .instance = "one",
            .log = path("log"),
            .parallel = 8,
            .grace = std::chrono::milliseconds(200)};
  }
  static std::shared_ptr<const Manifest> manifest() {
    return manifest_in_process(test_plugin("misbehaving")).value();
  }
  std::unique_ptr<Backend> open(Json configuration = Json::object()) const {
    return open_hosted(options(), std::move(configuration), manifest());
  }
  // What a plugin that behaves like that answers, or the error.
  std::string identity(Backend& backend, const std::string& how) const {
    const auto outcome = backend.create(behaving(how), within(kAmple));
    return outcome ? outcome->identity : outcome.error().message;
  }
  std::string log() const { return read_file(path("log")).value_or(""); }
};

}  // namespace tenon
