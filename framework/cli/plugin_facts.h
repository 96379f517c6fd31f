// What can be said about each plugin file: for `plugins` and `doctor`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/cli/installation.h"

namespace tenon {

struct PluginFacts {
  std::string file;
  std::string name;  // the manifest's, or the file's
  Result<std::shared_ptr<const Manifest>> manifest;
  Status rights;            // of file and directory, as the host checks them
  std::string owner, mode;  // "root", "0755"; "" where the file is not there
  Result<std::vector<Library>> libraries;
  std::vector<const InstanceConfiguration*> instances;  // owned by the installation
};

// Every plugin that has an instance or is installed, by file. names: only plugins of these instances.
// with_libraries: looking for them takes a process for each plugin. told: called with each as soon as it is
// known.
std::vector<PluginFacts> inspect_plugins(
    const Installation& installation, const std::vector<std::string>& names, bool with_libraries,
    const std::function<void(const PluginFacts&)>& told = [](const PluginFacts&) {});

// not_found: no instance has this name; the nearest is named.
Status check_instance_names(const Installation& installation, const std::vector<std::string>& names);

// Opens each instance and looks at something that is not there; all at the same time, each for at most five
// seconds. told: called in the order of `instances`, as soon as it is known. Changes nothing.
void reach(const std::vector<const InstanceConfiguration*>& instances, const Installation& installation,
           const std::function<void(size_t i, const Status& reached)>& told);

}  // namespace tenon
