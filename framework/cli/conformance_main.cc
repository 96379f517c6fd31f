// tenon-conformance: the conformance kit against one instance of a plugin, for who writes it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "framework/base/secret.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/plugin_facts.h"
#include "framework/cli/session.h"
#include "framework/load/load.h"
#include "framework/plan/complete.h"
#include "framework/plugin/conformance/conformance.h"

namespace tenon {
namespace {

struct Options {
  std::string instance, object, changed, dependencies;
  bool lasting = true;
  bool verbose = false;
  int patience = 30;  // seconds
  Arguments common;
};

constexpr const char* kAbout =
    "Makes, changes and deletes one object through an instance of a plugin, in every way that a backend must "
    "bear, and says what is wrong. The place of the object must be empty; it is left empty.";

int parse(int argc, char** argv, Options& options) {
  CLI::App app(kAbout, "tenon-conformance");
  app.footer("docs/write-a-plugin.md tells more. Exit status: 0 when nothing failed.");
  const auto file = [&app](const char* name, std::string& target, const char* what) {
    return app.add_option(name, target, what)->type_name("FILE");
  };
  app.add_option("INSTANCE", options.instance, "The instance, as tenon.yaml names it")
      ->required()
      ->type_name("");
  file("-f,--file", options.object, "Manifest of an object that the plugin can make")->required();
  file("--changed", options.changed,
       "The same with something changed that can be updated in place; without it the kind is taken to be "
       "immutable");
  file("--dependencies", options.dependencies,
       "JSON or YAML: {ADDRESS: {identity, phase, nonce, outputs}} of what the object requires");
  app.add_flag_callback(
      "--not-lasting", [&options] { options.lasting = false; },
      "What the plugin makes ends with its process");
  app.add_option("--patience", options.patience, "Seconds until an effect must be seen")
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("-v,--verbose", options.verbose, "Also what is right and what was skipped");
  file("--config", options.common.configuration, "Instances and routes (default: tenon.yaml)");
  app.add_option("--state", options.common.state, "Directory for logs and the cache")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_flag_callback(
      "--in-process", [&options] { options.common.isolated = false; },
      "Without a host process: for a debugger");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kSuccess : kFailure;
  }
  return -1;
}

std::optional<Resource> read_object(const std::string& file, const Catalog& catalog,
                                    Diagnostics& diagnostics) {
  std::vector<Resource> resources = to_resources(load_paths({file}, diagnostics), "default", diagnostics);
  resources = complete(std::move(resources), {}, catalog, {}, diagnostics);
  if (resources.size() == 1) return std::move(resources.front());
  diagnostics.push_back({.summary = "one object is needed, and there are " + std::to_string(resources.size()),
                         .position = {file}});
  return std::nullopt;
}

std::map<Address, Dependency> read_dependencies(const std::string& file, Diagnostics& diagnostics) {
  std::map<Address, Dependency> dependencies;
  if (file.empty()) return dependencies;
  for (const Document& document : load_paths({file}, diagnostics))
    for (const auto& [text, json] : document.value.items()) {
      const auto address = parse_address(text);
      if (!address) {
        diagnostics.push_back({.summary = address.error().message, .position = {file}});
        continue;
      }
      dependencies[*address] = {json.value("identity", ""), json.value("phase", ""), json.value("nonce", ""),
                                json.value("outputs", Json::object())};
    }
  return dependencies;
}

int print(const std::vector<ConformanceFinding>& findings, bool verbose) {
  size_t failed = 0, skipped = 0;
  for (const ConformanceFinding& finding : findings) {
    const bool wrong = !finding.ok && !finding.skipped;
    failed += wrong;
    skipped += finding.skipped;
    if (!wrong && !verbose) continue;
    std::cout << (finding.skipped ? "skipped  "
                  : wrong         ? "failed   "
                                  : "ok       ")
              << finding.check << (finding.advice.empty() ? "" : "\n         ") << finding.advice << "\n";
  }
  std::cout << findings.size() << " checks: " << findings.size() - failed - skipped << " passed, " << failed
            << " failed, " << skipped << " skipped\n";
  return failed == 0 ? kSuccess : kFailure;
}

int check(const Options& options, Environment& env) {
  Vault vault(random_key());
  Installation installation = find_installation(options.common, env, nullptr, &vault);
  if (!print_diagnostics(installation.diagnostics, env)) return kFailure;
  if (const Status known = check_instance_names(installation, {options.instance}); !known)
    return print_error(known.error(), env), kFailure;
  const auto& instances = installation.configuration.instances;
  const auto instance =
      std::find_if(instances.begin(), instances.end(),
                   [&](const InstanceConfiguration& one) { return one.name == options.instance; });
  Diagnostics diagnostics;
  const auto object = read_object(options.object, installation.catalog(), diagnostics);
  const auto changed = options.changed.empty()
                           ? std::nullopt
                           : read_object(options.changed, installation.catalog(), diagnostics);
  if (object && changed && changed->address != object->address)
    diagnostics.push_back({.summary = "it is " + to_string(changed->address) + " and not the object, " +
                                      to_string(object->address) + ", with something changed",
                           .position = {options.changed}});
  const auto dependencies = read_dependencies(options.dependencies, diagnostics);
  if (!print_diagnostics(diagnostics, env)) return kFailure;
  const auto open = [&] { return installation.plugins->open(*instance); };
  auto backend = open();
  if (!backend) return print_error(backend.error(), env), kFailure;
  ConformanceSample sample{.address = object->address, .spec = object->spec, .changed = nullptr};
  if (changed) sample.changed = changed->spec;
  sample.immutable = !changed;
  sample.dependencies = dependencies;
  sample.manifest = installation.catalog().find_instance(options.instance)->manifest;
  sample.vault = &vault;
  if (options.lasting) sample.reopen = [&] { return std::move(open()).value(); };
  if (options.common.isolated) sample.log = options.common.state + "/log/" + options.instance + ".log";
  if (options.common.isolated && options.lasting)
    sample.kill = [&] { kill_hosts(installation.prefix + "/libexec/tenon/tenon-plugin-host"); };
  sample.patience = std::chrono::seconds(options.patience);
  std::vector<ConformanceFinding> findings = check_manifest(*sample.manifest);
  for (ConformanceFinding& finding : run_conformance(**backend, sample))
    findings.push_back(std::move(finding));
  return print(findings, options.verbose);
}

}  // namespace
}  // namespace tenon

int main(int argc, char** argv) {
  tenon::Options options;
  if (const int status = tenon::parse(argc, argv, options); status >= 0) return status;
  const tenon::SystemClock clock;
  tenon::StopFlag stop = 0;
  tenon::Environment env{.variables = {},
                         .in = std::cin,
                         .out = std::cout,
                         .err = std::cerr,
                         .clock = clock,
                         .stop = stop,
                         .plugins = tenon::shared_object_plugins};
  for (const char* name : {"TENON_PREFIX", "PATH"})
    if (const char* value = std::getenv(name)) env.variables[name] = value;
  return tenon::check(options, env);
}
