// Where manifests and backends come from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/backend/limits.h"
#include "framework/base/result.h"
#include "framework/model/manifest.h"
#include "framework/model/secrets.h"
#include "framework/plugin/libraries.h"

namespace tenon {

struct PluginOptions {
  std::string prefix;      // of the installation: lib/tenon/plugins, libexec/tenon, share/tenon/manifests
  std::string state;       // directory of inventory, cache and logs; "": manifests are not kept
  bool isolated = true;    // one host process per instance; false: in this process
  int lock = -1;           // descriptor of the run's lock, which hosts inherit; -1: this command takes none
  Vault* vault = nullptr;  // of the secrets that plugins may redeem
};

// One entry of tenon.yaml's instances.
struct InstanceConfiguration {
  std::string name;
  std::string plugin;  // the shared object's path
  Json configuration = Json::object();
  InstanceLimits limits = {};
};

// One thread.
class PluginSource {
 public:
  virtual ~PluginSource() = default;
  // What the plugin in this file says about itself.
  virtual Result<std::shared_ptr<const Manifest>> manifest(const std::string& file) = 0;
  // A backend for one instance. Nothing of the plugin runs before its first call, which fails if it cannot be
  // opened.
  virtual Result<std::unique_ptr<Backend>> open(const InstanceConfiguration& instance) = 0;
  // The shared libraries that the file needs, as the dynamic linker finds them.
  virtual Result<std::vector<Library>> libraries(const std::string& file) = 0;
};

// Plugins as shared objects, through framework/plugin.
std::unique_ptr<PluginSource> shared_object_plugins(const PluginOptions& options);

}  // namespace tenon
