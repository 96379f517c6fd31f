#include <algorithm>
#include <map>
#include <ostream>

#include "framework/base/secret.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/format_version.h"
#include "framework/cli/plugin_facts.h"
#include "framework/cli/session.h"
#include "framework/cli/text.h"
#include "framework/plugin/loader.h"

namespace tenon {
namespace {

using Reached = std::map<std::string, Status>;  // by instance

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text.empty() ? "-" : text;
}

std::vector<std::string> kinds_of(const Manifest& manifest) {
  std::vector<std::string> kinds;
  for (const KindManifest& kind : manifest.kinds) kinds.push_back(kind.name.kind + "." + kind.name.group);
  return kinds;
}

std::vector<std::string> libraries_of(const PluginFacts& facts) {
  std::vector<std::string> names;
  if (facts.libraries)
    for (const Library& library : *facts.libraries)
      names.push_back(library.name + (library.problem.empty() ? "" : " (missing)"));
  return names;
}

std::vector<std::string> row_of(const PluginFacts& facts, const std::string& instance,
                                const Arguments& arguments, const Reached& reached) {
  const Manifest* manifest = facts.manifest ? facts.manifest->get() : nullptr;
  std::vector<std::string> row = {instance.empty() ? "-" : instance, facts.name};
  if (manifest)
    row.insert(row.end(), {manifest->version, std::to_string(kPluginAbi), joined(kinds_of(*manifest)),
                           joined({manifest->capabilities.begin(), manifest->capabilities.end()})});
  else
    row.insert(row.end(), {"-", "-", "-", "-"});
  if (arguments.check) {
    const auto found = reached.find(instance);
    row.push_back(found == reached.end() ? "-" : found->second ? "yes" : "no");
  }
  if (arguments.format == Format::wide)
    row.insert(row.end(), {facts.owner, facts.mode, joined(libraries_of(facts))});
  row.push_back(facts.file);
  return row;
}

std::string as_table(const std::vector<PluginFacts>& plugins, const Arguments& arguments,
                     const Reached& reached) {
  std::vector<std::string> header = {"INSTANCE", "PLUGIN", "VERSION", "ABI", "KINDS", "CAPABILITIES"};
  if (arguments.check) header.push_back("REACHABLE");
  if (arguments.format == Format::wide) header.insert(header.end(), {"OWNER", "MODE", "LIBRARIES"});
  header.push_back("FILE");
  std::vector<std::vector<std::string>> rows = {header};
  for (const PluginFacts& facts : plugins) {
    for (const InstanceConfiguration* instance : facts.instances)
      rows.push_back(row_of(facts, instance->name, arguments, reached));
    if (facts.instances.empty()) rows.push_back(row_of(facts, "", arguments, reached));
  }
  return table(rows);
}

OrderedJson to_json(const Status& status) {
  if (status) return {{"ok", true}};
  return {{"ok", false}, {"code", to_string(status.error().code)}, {"message", status.error().message}};
}

OrderedJson to_json(const PluginFacts& facts, const Reached& reached) {
  OrderedJson json = {{"name", facts.name}, {"file", facts.file}};
  if (facts.manifest) {
    const Manifest& manifest = **facts.manifest;
    json["version"] = manifest.version;
    json["interface"] = kPluginAbi;
    json["digest"] = manifest.digest;
    json["capabilities"] = manifest.capabilities;
    json["kinds"] = kinds_of(manifest);
    json["limits"] = {{"parallel", manifest.parallel}, {"batch", manifest.batch}};
  } else {
    json["problem"] = facts.manifest.error().message;
  }
  json["owner"] = facts.owner;
  json["mode"] = facts.mode;
  json["rights"] = to_json(facts.rights);
  if (facts.libraries) json["libraries"] = to_json(*facts.libraries);
  json["instances"] = OrderedJson::array();
  for (const InstanceConfiguration* instance : facts.instances) {
    OrderedJson one = {{"name", instance->name}};
    if (const auto found = reached.find(instance->name); found != reached.end())
      one["reachable"] = to_json(found->second);
    json["instances"].push_back(std::move(one));
  }
  return json;
}

Reached reach_all(const std::vector<PluginFacts>& plugins, const Installation& installation) {
  std::vector<const InstanceConfiguration*> instances;
  for (const PluginFacts& facts : plugins)
    instances.insert(instances.end(), facts.instances.begin(), facts.instances.end());
  Reached all;
  reach(instances, installation,
        [&](size_t i, const Status& reached) { all.emplace(instances[i]->name, reached); });
  return all;
}

// What the table has no room for. True: nothing is wrong.
bool print_problems(const Installation& installation, const Reached& reached, Environment& env) {
  bool fine = print_diagnostics(installation.diagnostics, env);
  for (const auto& [instance, status] : reached)
    if (!status) {
      fine = false;
      print_error(with_context("instance '" + instance + "'", status.error()), env);
    }
  if (!fine) env.err << "`tenon doctor` says what to do.\n";
  return fine;
}

}  // namespace

int run_plugins(const Arguments& arguments, Environment& env) {
  Vault vault(random_key());
  const Installation installation = find_installation(arguments, env, nullptr, &vault);
  if (const Status known = check_instance_names(installation, arguments.targets); !known) {
    print_error(known.error(), env);
    return kFailure;
  }
  const bool with_libraries = arguments.format != Format::text;
  const auto plugins = inspect_plugins(installation, arguments.targets, with_libraries);
  const Reached reached = arguments.check ? reach_all(plugins, installation) : Reached();
  if (arguments.format == Format::json || arguments.format == Format::yaml) {
    OrderedJson document = {{"formatVersion", kOutputFormatVersion}, {"plugins", OrderedJson::array()}};
    for (const PluginFacts& facts : plugins) document["plugins"].push_back(to_json(facts, reached));
    env.out << dump(document, arguments.format == Format::yaml);
  } else {
    env.out << as_table(plugins, arguments, reached);
  }
  return print_problems(installation, reached, env) ? kSuccess : kFailure;
}

}  // namespace tenon
