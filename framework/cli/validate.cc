#include <ostream>

#include "framework/base/secret.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/format_version.h"
#include "framework/cli/session.h"
#include "framework/cli/text.h"
#include "framework/plan/complete.h"
#include "framework/plan/resolve.h"

namespace tenon {
namespace {

Json to_json(const Diagnostic& diagnostic) {
  const char* severity = diagnostic.severity == Severity::error     ? "error"
                         : diagnostic.severity == Severity::warning ? "warning"
                                                                    : "note";
  return {{"severity", severity},
          {"summary", diagnostic.summary},
          {"detail", diagnostic.detail},
          {"address", diagnostic.address},
          {"file", diagnostic.position.file},
          {"line", diagnostic.position.line},
          {"column", diagnostic.position.column}};
}

Json report_of(const Graph& graph, const Diagnostics& diagnostics) {
  Json report = {{"formatVersion", kOutputFormatVersion},
                 {"valid", !has_errors(diagnostics)},
                 {"resources", Json::array()},
                 {"diagnostics", Json::array()}};
  for (const auto& [address, resource] : graph.desired) report["resources"].push_back(to_string(address));
  for (const Diagnostic& diagnostic : diagnostics) report["diagnostics"].push_back(to_json(diagnostic));
  return report;
}

}  // namespace

// Composites stay as they are and versions are not converted: both would need their plugins' hosts.
int run_validate(const Arguments& arguments, Environment& env) {
  const Installation installation = find_installation(arguments, env);
  if (!print_diagnostics(installation.diagnostics, env)) return kFailure;
  Diagnostics diagnostics;
  Vault vault(random_key());
  std::vector<Resource> declared = load_resources(arguments, vault, diagnostics);
  declared = complete(std::move(declared), {}, installation.catalog(), {}, diagnostics, &vault);
  const Graph graph = resolve(std::move(declared), {}, installation.catalog(), diagnostics);
  diagnostics = in_file_order(std::move(diagnostics));
  if (arguments.format != Format::text) {
    env.out << dump(report_of(graph, diagnostics), arguments.format == Format::yaml);
    return has_errors(diagnostics) ? kFailure : kSuccess;
  }
  if (!print_diagnostics(diagnostics, env)) return kFailure;
  env.out << "Valid: " << counted(graph.desired.size(), "resource") << ".\n";
  for (const auto& [address, resource] : graph.desired) env.out << "  " << to_string(address) << "\n";
  return kSuccess;
}

}  // namespace tenon
