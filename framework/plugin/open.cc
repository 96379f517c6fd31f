#include "framework/plugin/open.h"

#include "framework/plugin/in_process.h"
#include "framework/plugin/log_line.h"
#include "framework/plugin/plugin_backend.h"
#include "framework/plugin/supervisor.h"

namespace tenon {

std::unique_ptr<Backend> open_hosted(HostOptions options, Json configuration,
                                     std::shared_ptr<const Manifest> manifest) {
  options.parallel = manifest->parallel;
  return std::make_unique<PluginBackend>(
      std::make_unique<Supervisor>(std::move(options), std::move(configuration)), std::move(manifest));
}

std::unique_ptr<Backend> open_in_process(const std::string& plugin, const std::string& instance,
                                         Json configuration, std::shared_ptr<const Manifest> manifest) {
  return std::make_unique<PluginBackend>(
      std::make_unique<InProcess>(plugin, instance, std::move(configuration), write_log_line),
      std::move(manifest));
}

Result<std::shared_ptr<const Manifest>> manifest_in_process(const std::string& plugin) {
  const auto loaded = LoadedPlugin::load(plugin, write_log_line);
  if (!loaded) return loaded.error();
  Result<Manifest> manifest = parse_manifest((*loaded)->manifest());
  if (!manifest) return with_context("plugin " + plugin, manifest.error());
  return std::make_shared<const Manifest>(*std::move(manifest));
}

}  // namespace tenon
