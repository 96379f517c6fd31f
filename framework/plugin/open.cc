#include "framework/plugin/open.h"

#include "framework/plugin/in_process.h"
#include "framework/plugin/log_line.h"
#include "framework/plugin/plugin_backend.h"
#include "framework/plugin/rate_limited.h"
#include "framework/plugin/supervisor.h"

namespace tenon {

namespace {

std::unique_ptr<Channel> limited(std::unique_ptr<Channel> channel, const RateLimit& rate) {
  static const SystemClock clock;
  if (rate.per_second <= 0) return channel;
  return std::make_unique<RateLimited>(std::move(channel), std::make_shared<Turns>(rate, clock));
}

// What its schema marks x-secret is redeemed by the plugin, as everywhere else.
Json sealed(Json configuration, const Manifest& manifest, Vault* vault) {
  if (vault)
    replace_secrets(
        manifest.configuration, configuration, [](const std::string&) { return nullptr; },
        [vault](const Json& value) { return vault->keep(value); });
  return configuration;
}

}  // namespace

std::unique_ptr<Backend> open_hosted(HostOptions options, Json configuration,
                                     std::shared_ptr<const Manifest> manifest, const InstanceLimits& limits) {
  options.parallel = limits.parallel > 0 ? std::min(limits.parallel, manifest->parallel) : manifest->parallel;
  if (options.memory == 0) options.memory = limits.memory > 0 ? limits.memory : manifest->memory;
  Json opening = sealed(std::move(configuration), *manifest, options.vault);
  auto host = std::make_unique<Supervisor>(std::move(options), std::move(opening));
  return std::make_unique<PluginBackend>(limited(std::move(host), limits.rate), std::move(manifest),
                                         limits.parallel);
}

std::unique_ptr<Backend> open_in_process(const std::string& plugin, const std::string& instance,
                                         Json configuration, std::shared_ptr<const Manifest> manifest,
                                         Vault* vault, const InstanceLimits& limits) {
  auto here = std::make_unique<InProcess>(
      plugin, instance, sealed(std::move(configuration), *manifest, vault), write_log_line, vault);
  return std::make_unique<PluginBackend>(limited(std::move(here), limits.rate), std::move(manifest),
                                         limits.parallel);
}

Result<std::shared_ptr<const Manifest>> manifest_in_process(const std::string& plugin) {
  const auto loaded = LoadedPlugin::load(plugin, write_log_line);
  if (!loaded) return loaded.error();
  Result<Manifest> manifest = parse_manifest((*loaded)->manifest());
  if (!manifest) return with_context("plugin " + plugin, manifest.error());
  return std::make_shared<const Manifest>(*std::move(manifest));
}

}  // namespace tenon
