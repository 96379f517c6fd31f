#include "framework/cli/planning.h"

#include <ostream>

namespace tenon {
namespace {

std::optional<PlanOptions> options_of(const Arguments& arguments, Environment& env, bool destroy) {
  PlanOptions options{.destroy = destroy, .prune = arguments.prune};
  for (const std::string& text : arguments.approve) {
    const Result<Address> address = parse_address(text);
    if (!address) {
      print_error(with_context("--approve", address.error()), env);
      return std::nullopt;
    }
    options.approved.insert(*address);
  }
  return options;
}

}  // namespace

std::optional<Planned> plan_for(const Arguments& arguments, Environment& env, Session& session,
                                bool destroy) {
  const auto options = options_of(arguments, env, destroy);
  std::vector<Resource> declared;
  if (!options || (!destroy && !load_resources(arguments, env, declared))) return std::nullopt;
  Diagnostics diagnostics;
  Result<Planned> planned = make_plan(session.world(), std::move(declared), *options, diagnostics);
  if (!planned) {
    print_error(planned.error(), env);
    return std::nullopt;
  }
  if (!print_diagnostics(diagnostics, env)) return std::nullopt;
  return std::move(*planned);
}

}  // namespace tenon
