#include "framework/engine/engine.h"

#include <algorithm>
#include <set>

#include "framework/engine/observe.h"
#include "framework/engine/opening.h"
#include "framework/engine/places.h"
#include "framework/plan/complete.h"
#include "framework/plan/seal.h"

namespace tenon {
namespace {

constexpr std::chrono::seconds kPureDeadline{30};

using Children = std::vector<Result<std::vector<ChildSpec>>>;
using Specs = std::vector<Result<Json>>;
using Checks = std::vector<Result<Check>>;

CallContext pure_call() {
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + kPureDeadline;
  return context;
}

// One answer for each of `count`, whatever became of the call.
template <typename T>
std::vector<Result<T>> for_each(size_t count, const std::string& doing, const std::string& instance,
                                Result<std::vector<Result<T>>> answer) {
  using Answers = std::vector<Result<T>>;
  // Nobody answered, so it is no manifest's fault, whatever the code is: the plugin could not be loaded, or
  // its instance not be opened.
  if (!answer)
    return Answers(count,
                   Error{Code::unavailable, doing + " with " + instance + ": " + answer.error().message});
  if (answer->size() == count) return std::move(*answer);
  return Answers(count, Error{Code::internal, instance + " answered a part of what it was asked"});
}

Request expand_request(const Resource& resource) {
  return {.address = resource.address,
          .desired = resource.spec,
          .labels = resource.labels,
          .annotations = resource.annotations};
}

// Composites of instances without a backend stay as they are.
Children expand_with(const Backends& backends, const std::string& instance,
                     const std::vector<Resource>& resources) {
  const auto backend = backends.find(instance);
  if (backend == backends.end()) return Children(resources.size(), std::vector<ChildSpec>());
  std::vector<Request> requests;
  for (const Resource& resource : resources) requests.push_back(expand_request(resource));
  return for_each(resources.size(), "expanding", instance, backend->second->expand(requests, pure_call()));
}

Specs convert_with(const Backends& backends, const std::string& instance,
                   const std::vector<Resource>& resources, const std::vector<std::string>& to) {
  const auto backend = backends.find(instance);
  if (backend == backends.end())
    return Specs(resources.size(), Error{Code::failed_precondition, "instance " + instance + " is not open"});
  std::vector<Conversion> conversions;
  for (size_t i = 0; i < resources.size(); ++i)
    conversions.push_back({resources[i].address, resources[i].version, to[i], resources[i].spec});
  return for_each(resources.size(), "converting", instance,
                  backend->second->convert(conversions, pure_call()));
}

Checks check_with(const Backends& backends, const std::string& instance,
                  const std::vector<PlannedChange>& changes, const Pools& pools) {
  const auto backend = backends.find(instance);
  if (backend == backends.end())
    return Checks(changes.size(), Error{Code::failed_precondition, "instance " + instance + " is not open"});
  return for_each(changes.size(), "checking", instance, backend->second->check(changes, pools, pure_call()));
}

Graph resolve(const World& world, std::vector<Resource> declared, const std::vector<Owned>& owned,
              const PlanOptions& options, Diagnostics& diagnostics, Faults* faults = nullptr) {
  const Backends& backends = world.backends;
  const Plugins plugins{
      .expand = [&](const auto& instance, const auto& all) { return expand_with(backends, instance, all); },
      .convert = [&](const auto& instance, const auto& all,
                     const auto& to) { return convert_with(backends, instance, all, to); },
      .faults = faults};
  std::vector<Resource> resources =
      complete(std::move(declared), owned, world.catalog, plugins, diagnostics, world.vault);
  add_undeclared(options, world.catalog, resources);
  return resolve(std::move(resources), owned, world.catalog, diagnostics);
}

// What could not be expanded or converted is not known, and neither is what it consists of by now: none of it
// is changed. It may have taken over what others had, too, so that nothing is taken to be wanted by nobody.
void block(const Faults& faults, const Graph& graph, const std::vector<Owned>& owned,
           const PlanOptions& options, Observations& observations) {
  if (faults.empty()) return;
  Faults blocked = faults;
  for (size_t before = 0; before != blocked.size();) {
    before = blocked.size();
    for (const Owned& row : owned)
      if (row.parent && blocked.contains(*row.parent) && !graph.desired.contains(row.address))
        blocked.emplace(row.address, blocked.at(*row.parent));
  }
  if (!options.destroy && !options.marks_only())
    for (const Owned& row : owned)
      if (row.set == options.set && (row.parent || options.prune) && !graph.desired.contains(row.address))
        blocked.emplace(row.address, faults.begin()->second);
  for (const auto& [address, error] : blocked) {
    const auto [seen, missing] = observations.try_emplace(address, unknown_observation(error));
    if (!missing && seen->second.existence != Existence::unknown) seen->second = unknown_observation(error);
  }
}

std::set<std::string> declared_instances(const World& world, const std::vector<Resource>& declared) {
  std::set<KindName> seen;
  std::set<std::string> instances;
  for (const Resource& resource : declared)
    if (seen.insert(resource.address.kind_name()).second)
      instances.insert(world.catalog.route(resource).value_or(""));
  return instances;
}

// What is to be imported is looked for by the identity that it was given.
std::vector<Owned> with_imports(std::vector<Owned> rows, const PlanOptions& options, const Graph& graph) {
  for (const auto& [address, identity] : options.import) {
    const bool known = std::any_of(rows.begin(), rows.end(),
                                   [&address = address](const Owned& row) { return row.address == address; });
    const auto resource = graph.desired.find(address);
    if (!known && resource != graph.desired.end())
      rows.push_back({.address = address, .instance = resource->second.instance, .identity = identity});
  }
  return rows;
}

}  // namespace

Result<std::vector<Owned>> owned_rows(const World& world, bool& sealed) {
  Result<std::vector<Owned>> rows = world.inventory.owned();
  if (rows && world.vault)
    for (Owned& row : *rows) sealed |= seal_row(world.catalog, row, *world.vault);
  return rows;
}

Result<Planned> make_plan(const World& world, std::vector<Resource> declared, const PlanOptions& options,
                          Diagnostics& diagnostics) {
  const Opening opening(world.backends, declared_instances(world, declared));
  Planned planned;
  Result<std::vector<Owned>> owned = owned_rows(world, planned.sealed);
  if (!owned) return owned.error();
  planned.owned = std::move(*owned);
  planned.plan.inventory = world.inventory.uuid();
  Faults faults;
  planned.graph = resolve(world, std::move(declared), planned.owned, options, diagnostics, &faults);
  if (has_errors(diagnostics)) return planned;
  Capacity capacity;
  capacity.check = [&](const auto& instance, const auto& changes, const auto& pools) {
    return check_with(world.backends, instance, changes, pools);
  };
  std::vector<Owned> imports;
  if (!options.import.empty()) imports = with_imports(planned.owned, options, planned.graph);
  planned.observations = observe(planned.graph, imports.empty() ? planned.owned : imports,
                                 world.inventory.uuid(), world.catalog, world.backends, {}, &capacity.pools);
  block(faults, planned.graph, planned.owned, options, planned.observations);
  planned.plan = make_plan(planned.graph, planned.observations, planned.owned, world.inventory.uuid(),
                           world.catalog, options, capacity);
  if (world.vault) planned.plan.secrets = world.vault->sources();
  return planned;
}

Graph resolve(const World& world, std::vector<Resource> declared, Diagnostics& diagnostics) {
  return resolve(world, std::move(declared), {}, {}, diagnostics);
}

Result<RunResult> apply(const World& world, const Planned& planned, Reporter& reporter, const StopFlag& stop,
                        const RunOptions& options) {
  std::vector<Record> records;
  for (const Owned& row : planned.owned)
    if (planned.sealed) records.emplace_back(PutOwned{row});
  if (const Status sealed = world.inventory.commit(records); !sealed) return sealed.error();
  if (const Status placed = record_places(world, planned); !placed) return placed.error();
  return run(planned.plan, world.catalog, world.backends, world.inventory, planned.observations, world.clock,
             reporter, stop, options);
}

}  // namespace tenon
