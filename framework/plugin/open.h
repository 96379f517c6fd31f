// Making a Backend of a plugin file: what a driver calls. Nothing of the plugin runs before the first call of
// the backend, which fails if the plugin cannot be opened.
#pragma once

#include <memory>

#include "framework/backend/backend.h"
#include "framework/backend/limits.h"
#include "framework/plugin/host_process.h"

namespace tenon {

// Where there is a vault, what the configuration's schema marks x-secret is handed over as handles.

// In a host process of its own. options.parallel and memory are taken from the manifest and the limits.
std::unique_ptr<Backend> open_hosted(HostOptions options, Json configuration,
                                     std::shared_ptr<const Manifest> manifest,
                                     const InstanceLimits& limits = {});

// In this process, whose memory is not limited; what the plugin logs goes to stderr. vault: as in
// HostOptions.
std::unique_ptr<Backend> open_in_process(const std::string& plugin, const std::string& instance,
                                         Json configuration, std::shared_ptr<const Manifest> manifest,
                                         Vault* vault = nullptr, const InstanceLimits& limits = {});

// The manifest of a plugin opened in this process.
Result<std::shared_ptr<const Manifest>> manifest_in_process(const std::string& plugin);

}  // namespace tenon
