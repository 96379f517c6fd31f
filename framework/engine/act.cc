#include "framework/engine/act.h"

#include <algorithm>

#include "framework/plan/ownership.h"

namespace tenon {
namespace {

constexpr std::chrono::minutes kDeadline{2};

Result<Owned> owned_at(const World& world, const Address& address) {
  bool sealed = false;
  const auto rows = owned_rows(world, sealed);
  if (!rows) return rows.error();
  for (const Owned& row : *rows)
    if (row.address == address) return row;
  return Error{Code::not_found,
               to_string(address) + " is not in the inventory: nothing is done to what is not owned"};
}

Result<const ActionRule*> find_action(const KindManifest* kind, const Address& address,
                                      const std::string& name) {
  std::string known;
  if (kind)
    for (const ActionRule& action : kind->actions) {
      if (action.name == name) return &action;
      known += (known.empty() ? "" : ", ") + action.name;
    }
  return Error{Code::invalid_argument, to_string(address.kind_name()) + " has no action '" + name +
                                           "'; it has " + (known.empty() ? "none" : known)};
}

Status complete_arguments(const ActionRule& action, Json& arguments) {
  std::vector<SchemaProblem> problems;
  complete_value(action.arguments, arguments, problems);
  if (problems.empty()) return {};
  const SchemaProblem& first = problems.front();
  return Error{Code::invalid_argument, "the arguments of '" + action.name +
                                           "': " + (first.pointer.empty() ? "" : first.pointer + ": ") +
                                           first.summary};
}

Status check_object(Backend& backend, const Catalog& catalog, const Request& request, const Owned& row,
                    const CallContext& context) {
  const auto seen = backend.observe({request}, context);
  if (!seen) return seen.error();
  if (seen->observations.size() != 1) return Error{Code::internal, "the plugin gave no observation"};
  const Observation& now = seen->observations.front();
  if (now.existence == Existence::present) {
    if (owner_of(now, request.address, &row, request.inventory, catalog) == Owner::us) return {};
    return Error{Code::failed_precondition,
                 to_string(request.address) + " exists and is not ours" +
                     (now.mark ? ": it is " + owner_text(*now.mark) : std::string())};
  }
  if (now.error) return *now.error;
  return Error{Code::failed_precondition,
               to_string(request.address) + " does not exist; apply makes it again"};
}

}  // namespace

Result<ActionResult> act(const World& world, const Address& address, const std::string& action,
                         Json arguments) {
  const auto row = owned_at(world, address);
  if (!row) return row.error();
  const auto rule = find_action(world.catalog.find(address), address, action);
  if (!rule) return rule.error();
  if (const Status complete = complete_arguments(**rule, arguments); !complete) return complete.error();
  const auto backend = world.backends.find(row->instance);
  if (backend == world.backends.end())
    return Error{Code::failed_precondition,
                 "there is no instance '" + row->instance +
                     "' to ask: it is not configured, or its plugin cannot be used"};
  Request request{.address = address, .inventory = world.inventory.uuid()};
  add_owned(*row, request);
  request.desired = row->applied;
  const CallContext context{.deadline = std::chrono::steady_clock::now() + kDeadline};
  if (const Status exists = check_object(*backend->second, world.catalog, request, *row, context); !exists)
    return exists.error();
  return backend->second->act(request, action, arguments, context);
}

}  // namespace tenon
