#include "framework/cli/configuration.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "framework/base/quantity.h"
#include "framework/base/secret.h"
#include "framework/load/load.h"
#include "framework/model/json_reader.h"
#include "framework/model/schema.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFileSchema = R"({
  "type": "object",
  "properties": {
    "instances": {"type": "array", "items": {
      "type": "object", "required": ["name", "plugin"],
      "properties": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,63}$"},
        "plugin": {"type": "string", "minLength": 1},
        "limits": {"type": "object", "default": {}, "properties": {
          "memory": {"type": "string", "format": "quantity", "minimum": 16777216},
          "parallel": {"type": "integer", "minimum": 1, "maximum": 1000000},
          "callsPerSecond": {"type": "number", "minimum": 0.1},
          "burst": {"type": "integer", "minimum": 1, "maximum": 1000000}}},
        "configuration": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "default": {}}}}},
    "routes": {"type": "array", "items": {
      "type": "object", "required": ["kind", "instance"],
      "properties": {
        "kind": {"type": "string"},
        "namespace": {"type": "string", "default": ""},
        "instance": {"type": "string"}}}}}
})";

std::string plugin_directory(const std::string& prefix) { return prefix + "/lib/tenon/plugins"; }

InstanceLimits limits_from(const Json& json) {
  InstanceLimits limits{.parallel = json.value("parallel", 0),
                        .rate = {json.value("callsPerSecond", 0.0), json.value("burst", 1)}};
  if (json.contains("memory"))
    limits.memory = static_cast<uint64_t>(Quantity::from_json(json["memory"])->value());
  return limits;
}

// What is not there is a mistake in the configuration. What is there and broken takes only what it would
// serve along: the others go on.
Diagnostic unusable(const std::string& plugin, const Error& error, Position position) {
  const bool missing = error.code == Code::not_found;
  return {.severity = missing ? Severity::error : Severity::warning,
          .summary = "plugin '" + plugin + (missing ? "' is not there" : "' cannot be used and is left out"),
          .detail = error.message,
          .position = std::move(position)};
}

// However the way there is written, a directory has one path: what was made there is found again by it.
fs::path resolved(const fs::path& directory) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(directory, error);
  return error ? directory.lexically_normal() : real;
}

// The state directory may itself be a link to somewhere else.
fs::path holder_of(const std::string& state) {
  std::error_code error;
  fs::path path = fs::absolute(state.empty() ? "./.tenon" : state, error);
  while (path.has_relative_path() && (!path.has_filename() || path.filename() == "."))
    path = path.parent_path();
  return path.filename() == ".." ? resolved(path).parent_path() : resolved(path.parent_path());
}

// Completes configurations of plugins and makes their paths absolute.
class Settings {
 public:
  // written, defaults: what relative paths are relative to.
  Settings(fs::path written, fs::path defaults)
      : written_(std::move(written)), defaults_(std::move(defaults)) {}

  std::vector<SchemaProblem> complete(const Schema& schema, Json& value) const {
    std::vector<SchemaProblem> problems;
    std::vector<std::string> defaulted;
    complete_value(schema, value, problems, &defaulted);
    if (problems.empty()) resolve(schema, "", {defaulted.begin(), defaulted.end()}, written_, value);
    return problems;
  }

 private:
  void resolve(const Schema& schema, const std::string& pointer, const std::set<std::string>& defaulted,
               const fs::path& outer, Json& value) const {
    const fs::path& base = defaulted.contains(pointer) ? defaults_ : outer;
    if (value.is_string()) resolve(schema, base, value.get_ref<std::string&>());
    for (const auto& item : value.is_structured() ? value.items() : Json::object().items()) {
      const std::string inner = pointer + "/" + escape_pointer_token(item.key());
      if (const Schema* child = find_schema(schema, inner.substr(pointer.size())))
        resolve(*child, inner, defaulted, base, item.value());
    }
  }

  // A program without a slash is looked for in PATH.
  static void resolve(const Schema& schema, const fs::path& base, std::string& text) {
    if (text.empty() || (!schema.path && !(schema.program && text.find('/') != std::string::npos))) return;
    const fs::path path = (base / text).lexically_normal();
    text = path.has_filename() ? path : path.parent_path();
  }

  const fs::path written_, defaults_;
};

// One tenon.yaml on its way to a Configuration.
class Reader {
 public:
  Reader(const Document& document, const fs::path& directory, const Settings& settings,
         const std::string& prefix, PluginSource& plugins, Diagnostics& diagnostics)
      : document_(document),
        directory_(directory),
        settings_(settings),
        prefix_(prefix),
        plugins_(plugins),
        diagnostics_(diagnostics) {}

  Configuration read() {
    Json value = document_.value;
    if (!check_shape(value)) return {};
    Configuration configuration;
    std::vector<Instance> instances;
    size_t index = 0;
    for (Json& entry : value["instances"])
      read_instance(entry, "/instances/" + std::to_string(index++), configuration, instances);
    index = 0;
    for (const Json& entry : value["routes"])
      read_route(entry, "/routes/" + std::to_string(index++), instances, configuration);
    configuration.catalog = Catalog(std::move(instances), configuration.routes);
    return configuration;
  }

 private:
  void report(const SchemaProblem& problem, const std::string& base) {
    diagnostics_.push_back({.summary = problem.summary,
                            .detail = problem.detail,
                            .position = document_.source->locate(base + problem.pointer, problem.at_key)});
  }

  void report(const std::string& pointer, std::string summary, std::string detail) {
    report({.pointer = pointer, .summary = std::move(summary), .detail = std::move(detail)}, "");
  }

  bool check_shape(Json& value) {
    const Result<Schema> schema = parse_schema(Json::parse(kFileSchema));
    std::vector<SchemaProblem> problems;
    complete_value(*schema, value, problems);
    for (const SchemaProblem& problem : problems) report(problem, "");
    for (const char* list : {"instances", "routes"})
      if (problems.empty() && !value.contains(list)) value[list] = Json::array();
    return problems.empty();
  }

  // A name is looked up in the installation, a path is relative to the file.
  std::string plugin_path(const std::string& plugin) const {
    if (plugin.find('/') == std::string::npos) return plugin_directory(prefix_) + "/" + plugin + ".so";
    return (directory_ / plugin).lexically_normal();
  }

  void read_instance(Json& entry, const std::string& pointer, Configuration& configuration,
                     std::vector<Instance>& instances) {
    InstanceConfiguration instance{entry["name"], plugin_path(entry["plugin"]), entry["configuration"],
                                   limits_from(entry["limits"])};
    if (!names_.insert(instance.name).second)
      return report(pointer + "/name", "instance '" + instance.name + "' is declared twice", "");
    const auto manifest = plugins_.manifest(instance.plugin);
    if (!manifest) {
      diagnostics_.push_back(
          unusable(entry["plugin"], manifest.error(), document_.source->locate(pointer + "/plugin", false)));
      return configuration.instances.push_back(std::move(instance));
    }
    for (const SchemaProblem& problem :
         settings_.complete((*manifest)->configuration, instance.configuration))
      report(problem, pointer + "/configuration");
    instances.push_back({instance.name, *manifest});
    configuration.instances.push_back(std::move(instance));
  }

  void read_route(const Json& entry, const std::string& pointer, const std::vector<Instance>& instances,
                  Configuration& configuration) {
    const std::string instance = entry["instance"];
    const Result<KindName> kind = parse_kind_name(entry["kind"].get_ref<const std::string&>());
    if (!kind) return report(pointer + "/kind", kind.error().message, "");
    const auto found = std::find_if(instances.begin(), instances.end(),
                                    [&](const Instance& candidate) { return candidate.name == instance; });
    if (found == instances.end() && names_.count(instance) == 0) {
      return report(pointer + "/instance", "there is no instance '" + instance + "'", nearest(instance));
    }
    if (found != instances.end() && !found->manifest->find(*kind))
      return report(pointer + "/kind", "instance '" + instance + "' does not serve " + to_string(*kind),
                    kinds_of(*found->manifest, *kind));
    configuration.routes.push_back({*kind, entry["namespace"], instance});
  }

  std::string nearest(const std::string& name) const {
    const std::vector<std::string> names(names_.begin(), names_.end());
    const std::string near(nearest_name(name, names));
    return near.empty() ? "" : "did you mean '" + near + "'?";
  }

  static std::string kinds_of(const Manifest& manifest, const KindName& wanted) {
    std::vector<std::string> names;
    for (const KindManifest& kind : manifest.kinds) names.push_back(to_string(kind.name));
    const std::string near(nearest_name(to_string(wanted), names));
    if (!near.empty()) return "did you mean '" + near + "'?";
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "it serves " : ", ") + name;
    return text;
  }

  const Document& document_;
  const fs::path& directory_;
  const Settings& settings_;
  const std::string& prefix_;
  PluginSource& plugins_;
  Diagnostics& diagnostics_;
  std::set<std::string> names_;
};

Configuration every_installed_plugin(const std::string& prefix, const Settings& settings,
                                     PluginSource& plugins, Diagnostics& diagnostics) {
  Configuration configuration;
  std::vector<Instance> instances;
  for (const std::string& file : installed_plugins(prefix)) {
    const std::string name = fs::path(file).stem();
    const auto manifest = plugins.manifest(file);
    if (!manifest) {
      diagnostics.push_back(unusable(name, manifest.error(), {file}));
      continue;
    }
    Json defaults = Json::object();
    const auto problems = settings.complete((*manifest)->configuration, defaults);
    if (!problems.empty()) {
      diagnostics.push_back(
          {.severity = Severity::warning,
           .summary = "plugin '" + name + "' is left out",
           .detail = "it needs configuration (" + problems[0].summary + "): write a tenon.yaml",
           .position = {file}});
      continue;
    }
    instances.push_back({name, *manifest});
    configuration.instances.push_back({name, file, std::move(defaults)});
  }
  if (instances.empty() && !has_errors(diagnostics))
    diagnostics.push_back(
        {.summary = "there is no plugin",
         .detail = "neither a tenon.yaml in this directory nor a *.so in " + plugin_directory(prefix) +
                   "; write a tenon.yaml, or set TENON_PREFIX to where Tenon is installed"});
  configuration.catalog = Catalog(std::move(instances), {});
  return configuration;
}

}  // namespace

std::vector<std::string> installed_plugins(const std::string& prefix) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(plugin_directory(prefix), error))
    if (entry.path().extension() == ".so") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

Configuration load_configuration(const std::string& file, const std::string& state, const std::string& prefix,
                                 PluginSource& plugins, Diagnostics& diagnostics) {
  const std::string path = file.empty() ? "tenon.yaml" : file;
  std::error_code error;
  if (file.empty() && !fs::exists(path, error))
    return every_installed_plugin(prefix, {"", holder_of(state)}, plugins, diagnostics);
  forbid_dumps();
  const std::vector<Document> documents = load_paths({path}, diagnostics);
  if (has_errors(diagnostics)) return {};
  if (documents.empty()) {
    diagnostics.push_back({.summary = "the configuration is empty",
                           .detail = "write its instances, or remove the file: without it every installed "
                                     "plugin is one instance",
                           .position = {path}});
    return {};
  }
  if (documents.size() != 1) {
    diagnostics.push_back(
        {.summary = "the configuration has " + std::to_string(documents.size()) + " documents instead of one",
         .position = {path}});
    return {};
  }
  const fs::path directory = resolved(fs::absolute(path, error).parent_path());
  return Reader(documents[0], directory, {directory, holder_of(state)}, prefix, plugins, diagnostics).read();
}

}  // namespace tenon
