#include "framework/cli/saved_plan.h"

#include <map>
#include <set>

#include "framework/base/files.h"
#include "framework/engine/observe.h"
#include "framework/plan/plan_file.h"

namespace tenon {
namespace {

Error stale(const std::string& why) {
  return {Code::failed_precondition, "the plan is stale: " + why + "; plan again"};
}

Result<Plan> parse(const std::string& file) {
  const Result<std::string> text = read_file(file);
  if (!text) return text.error();
  const Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded())
    return Error{Code::invalid_argument, file + " is no saved plan; manifests are given with -f"};
  Result<Plan> plan = plan_from_json(json);
  return plan ? std::move(plan) : with_context(file, plan.error());
}

// Whether it says what the manifest says beside the spec.
bool describes(const Step& step) { return step.kind != StepKind::remove && step.kind != StepKind::await; }

// As far as observing needs them.
std::vector<Resource> resources_of(const Plan& plan) {
  std::map<Address, const Step*> steps;
  for (const Step& step : plan.steps)
    if (describes(step)) steps.emplace(step.address, &step);
  std::vector<Resource> resources;
  for (const Change& change : plan.changes) {
    if (change.desired.is_null()) continue;
    Resource resource{.address = change.address, .instance = change.instance, .spec = change.desired};
    resource.origin.parent = change.parent;
    if (const auto step = steps.find(change.address); step != steps.end()) {
      resource.labels = step->second->labels;
      resource.annotations = step->second->annotations;
    }
    resources.push_back(std::move(resource));
  }
  return resources;
}

// Annotations of what has no step are not in the plan; what they alone name was looked at all the same.
void look_at_externals(const Plan& plan, Graph& graph) {
  const std::set<Address> known(graph.order.begin(), graph.order.end());
  for (const Address& address : plan.externals)
    if (!known.contains(address)) graph.order.push_back(address);
}

Status check_maker(const Plan& plan, const World& world) {
  if (plan.inventory != world.inventory.uuid()) return stale("it was made for another inventory");
  for (const auto& [instance, digest] : plan.plugins) {
    const Instance* known = world.catalog.find_instance(instance);
    if (!known) return stale("there is no instance '" + instance + "' any more");
    if (known->manifest->digest != digest)
      return stale("the plugin of instance '" + instance + "' is another one now");
  }
  return {};
}

Status check_fingerprints(const Planned& planned, const Catalog& catalog) {
  for (const auto& [address, before] : planned.plan.fingerprints) {
    const auto seen = planned.observations.find(address);
    const Observation now = seen == planned.observations.end() ? Observation() : seen->second;
    if (fingerprint(now, catalog.find(address)) != before)
      return stale(to_string(address) + " has changed since it was made");
  }
  return {};
}

}  // namespace

Status save_plan(const Plan& plan, const Catalog& catalog, const std::string& file) {
  const Json json = to_json(plan, catalog);
  if (json.value("masked", false))
    return Error{Code::failed_precondition,
                 "the plan holds a secret and cannot be saved; apply the manifests instead"};
  return write_file_atomically(file, json.dump(2) + "\n");
}

Result<Planned> read_saved_plan(const std::string& file, const World& world) {
  Result<Plan> plan = parse(file);
  if (!plan) return plan.error();
  if (const Status maker = check_maker(*plan, world); !maker) return maker.error();
  Result<std::vector<Owned>> owned = world.inventory.owned();
  if (!owned) return owned.error();
  Planned planned{.owned = std::move(*owned), .plan = std::move(*plan)};
  Diagnostics diagnostics;
  planned.graph = resolve(resources_of(planned.plan), planned.owned, world.catalog, diagnostics);
  if (has_errors(diagnostics)) return stale(diagnostics.front().summary);
  look_at_externals(planned.plan, planned.graph);
  planned.observations =
      observe(planned.graph, planned.owned, world.inventory.uuid(), world.catalog, world.backends);
  if (const Status same = check_fingerprints(planned, world.catalog); !same) return same.error();
  return planned;
}

}  // namespace tenon
