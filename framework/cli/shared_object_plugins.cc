#include <filesystem>

#include "framework/base/files.h"
#include "framework/cli/plugins.h"
#include "framework/plugin/manifest_cache.h"
#include "framework/plugin/open.h"

namespace tenon {
namespace {

// With a plugin that is asked for its manifest, which nobody is told that they wait for.
constexpr std::chrono::seconds kPatience{10};

// Whoever only reads makes no state directory.
std::string place_to_write(const PluginOptions& options) {
  std::error_code error;
  return options.lock >= 0 || std::filesystem::is_directory(options.state, error) ? options.state : "";
}

class HostedPlugins final : public PluginSource {
 public:
  explicit HostedPlugins(PluginOptions options)
      : options_(std::move(options)),
        program_(options_.prefix + "/libexec/tenon/tenon-plugin-host"),
        state_(place_to_write(options_)),
        manifests_(program_, state_.empty() ? "" : state_ + "/cache",
                   options_.prefix + "/share/tenon/manifests", kPatience) {}

  Result<std::shared_ptr<const Manifest>> manifest(const std::string& file) override {
    return manifests_.load(file);
  }

  Result<std::unique_ptr<Backend>> open(const InstanceConfiguration& instance) override {
    const auto manifest = manifests_.load(instance.plugin);
    if (!manifest) return manifest.error();
    const Status made = state_.empty() ? Error{Code::not_found, ""} : make_directories(state_ + "/log");
    // Whoever changes nothing can do without.
    if (!made && options_.lock >= 0) return made.error();
    return open_hosted({.program = program_,
                        .plugin = instance.plugin,
                        .instance = instance.name,
                        .log = made ? state_ + "/log/" + instance.name + ".log" : "",
                        .lock = options_.lock,
                        .vault = options_.vault},
                       instance.configuration, *manifest, instance.limits);
  }

  Result<std::vector<Library>> libraries(const std::string& file) override {
    return find_libraries_in_host(program_, file);
  }

 private:
  const PluginOptions options_;
  const std::string program_;
  const std::string state_;  // "": nothing is to be written
  const ManifestCache manifests_;
};

class PluginsInThisProcess final : public PluginSource {
 public:
  explicit PluginsInThisProcess(Vault* vault) : vault_(vault) {}

  Result<std::shared_ptr<const Manifest>> manifest(const std::string& file) override {
    return manifest_in_process(file);
  }

  Result<std::unique_ptr<Backend>> open(const InstanceConfiguration& instance) override {
    const auto manifest = manifest_in_process(instance.plugin);
    if (!manifest) return manifest.error();
    return open_in_process(instance.plugin, instance.name, instance.configuration, *manifest, vault_,
                           instance.limits);
  }

  Result<std::vector<Library>> libraries(const std::string& file) override { return find_libraries(file); }

 private:
  Vault* const vault_;
};

}  // namespace

std::unique_ptr<PluginSource> shared_object_plugins(const PluginOptions& options) {
  if (!options.isolated) return std::make_unique<PluginsInThisProcess>(options.vault);
  return std::make_unique<HostedPlugins>(options);
}

}  // namespace tenon
