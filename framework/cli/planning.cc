#include "framework/cli/planning.h"

#include <ostream>
#include <set>

#include "framework/cli/labels.h"
#include "framework/engine/opening.h"

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

namespace {

// Those that are looked at whatever the manifests say.
std::set<std::string> owning_instances(Inventory& inventory) {
  std::set<std::string> instances;
  if (const auto places = inventory.places())
    for (const auto& [instance, place] : *places) instances.insert(instance);
  return instances;
}

// An approval that approves nothing is a mistake: of a name, most likely.
void note_idle_approvals(const PlanOptions& options, Planned& planned) {
  const std::set<Address> known(planned.graph.order.begin(), planned.graph.order.end());
  std::vector<std::string> names;
  for (const Address& address : known) names.push_back(to_string(address));
  for (const Address& address : options.approved) {
    if (known.contains(address)) continue;
    const std::string text = to_string(address);
    const std::string_view near = nearest_name(text, names);
    planned.plan.notes.push_back("--approve " + text + ": nothing of that address is declared or owned" +
                                 (near.empty() ? "" : "; did you mean " + std::string(near) + "?"));
  }
}

}  // namespace

std::optional<Planned> plan_for(const Arguments& arguments, Environment& env, Session& session,
                                const PlanOptions& options) {
  const bool needed = !options.destroy && !options.marks_only();
  const Opening opening(session.world().backends, owning_instances(session.inventory()));
  Diagnostics diagnostics;
  Result<std::vector<Resource>> declared = std::vector<Resource>();
  if (needed || !arguments.files.empty()) declared = load_selected(arguments, session.vault(), diagnostics);
  Result<Planned> planned = session.patiently([&]() -> Result<Planned> {
    if (!declared) return declared.error();
    return make_plan(session.world(), *std::move(declared), options, diagnostics);
  });
  if (!planned) {
    print_error(planned.error(), env);
    return std::nullopt;
  }
  if (!print_diagnostics(diagnostics, env)) return std::nullopt;
  note_idle_approvals(options, *planned);
  return std::move(*planned);
}

}  // namespace tenon
