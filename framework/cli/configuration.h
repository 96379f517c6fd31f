// tenon.yaml: instances and routes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/base/diagnostics.h"
#include "framework/cli/plugins.h"
#include "framework/model/catalog.h"

namespace tenon {

struct Configuration {
  std::vector<InstanceConfiguration> instances;  // those whose plugin cannot be used are not in the catalog
  std::vector<Route> routes;
  Catalog catalog;
};

// Reads the file; "": ./tenon.yaml if it is there. Without one, every plugin of the installation is an
// instance of its own name. Paths in a plugin's configuration become absolute: what the file says is relative
// to the file's directory, a default to the one that holds `state`, the state directory. Every problem is
// reported at its place: unknown fields, plugins that are not there, routes to nowhere, what a plugin's
// configuration schema refuses. What a plugin that is there and cannot be used would serve is left out, with
// a warning. Asks for manifests, starts no instance.
Configuration load_configuration(const std::string& file, const std::string& state, const std::string& prefix,
                                 PluginSource& plugins, Diagnostics& diagnostics);

// PREFIX/lib/tenon/plugins/*.so, by name.
std::vector<std::string> installed_plugins(const std::string& prefix);

}  // namespace tenon
