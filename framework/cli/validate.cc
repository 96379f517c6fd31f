#include <ostream>

#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/session.h"
#include "framework/cli/text.h"
#include "framework/load/load.h"

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
  Json report = {{"formatVersion", 1},
                 {"valid", !has_errors(diagnostics)},
                 {"resources", Json::array()},
                 {"diagnostics", Json::array()}};
  for (const auto& [address, resource] : graph.desired) report["resources"].push_back(to_string(address));
  for (const Diagnostic& diagnostic : diagnostics) report["diagnostics"].push_back(to_json(diagnostic));
  return report;
}

}  // namespace

int run_validate(const Arguments& arguments, Environment& env) {
  const auto session = Session::open(arguments, env);
  if (!session) return kFailure;
  Diagnostics diagnostics;
  const std::vector<Document> documents = load_paths(arguments.files, diagnostics);
  if (arguments.files.empty())
    diagnostics.push_back(
        {.summary = "no manifest given", .detail = "name one with -f FILE, -f DIR or -f -"});
  std::vector<Resource> declared = to_resources(documents, arguments.name_space, diagnostics);
  const Graph graph = resolve(session->world(), std::move(declared), diagnostics);
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
