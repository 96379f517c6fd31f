// Manifests by the digest of the plugin's file, so that validating and explaining start no host.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "framework/model/manifest.h"

namespace tenon {

// Thread-safe, also against other processes that use the same directory.
class ManifestCache {
 public:
  // host_program: tenon-plugin-host, absolute path; it runs once per new file. directory: made if missing;
  // what is in it may be thrown away at any time; "": nothing is kept. shipped: such a directory that came
  // with the installation, and is only read; "": none did. patience: with a plugin that is asked.
  ManifestCache(std::string host_program, std::string directory, std::string shipped = "",
                std::chrono::milliseconds patience = std::chrono::seconds(60))
      : host_program_(std::move(host_program)),
        directory_(std::move(directory)),
        shipped_(std::move(shipped)),
        patience_(patience) {}

  // The manifest of the plugin at this absolute path, with its digest. Errors name the plugin.
  Result<std::shared_ptr<const Manifest>> load(const std::string& plugin) const;

 private:
  Result<std::string> ask_plugin(const std::string& plugin) const;

  const std::string host_program_;
  const std::string directory_, shipped_;
  const std::chrono::milliseconds patience_;
};

}  // namespace tenon
