#include "framework/cli/planning.h"

#include <ostream>

#include "framework/cli/labels.h"

namespace tenon {
namespace {

// Those that -l selects.
Result<std::vector<Resource>> load_selected(const Arguments& arguments, Vault& vault,
                                            Diagnostics& diagnostics) {
  const auto selector = LabelSelector::parse(arguments.selector);
  if (!selector) return selector.error();
  std::vector<Resource> resources = load_resources(arguments, vault, diagnostics);
  std::erase_if(resources, [&](const Resource& resource) { return !selector->matches(resource.labels); });
  return resources;
}

}  // namespace

std::optional<PlanOptions> plan_options(const Arguments& arguments, Environment& env) {
  PlanOptions options{.prune = arguments.prune, .set = arguments.set, .adopt = arguments.adopt};
  options.partial = !arguments.selector.empty();
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

std::optional<Planned> plan_for(const Arguments& arguments, Environment& env, Session& session,
                                const PlanOptions& options) {
  const bool needed = !options.destroy && !options.marks_only();
  Diagnostics diagnostics;
  Result<std::vector<Resource>> declared = std::vector<Resource>();
  if (needed || !arguments.files.empty()) declared = load_selected(arguments, session.vault(), diagnostics);
  Result<Planned> planned =
      declared ? make_plan(session.world(), *std::move(declared), options, diagnostics) : declared.error();
  if (!planned) {
    print_error(planned.error(), env);
    return std::nullopt;
  }
  if (!print_diagnostics(diagnostics, env)) return std::nullopt;
  return std::move(*planned);
}

}  // namespace tenon
