#include "framework/engine/engine.h"

#include <algorithm>

#include "framework/engine/observe.h"
#include "framework/plan/complete.h"

namespace tenon {
namespace {

constexpr std::chrono::seconds kExpandDeadline{30};

using Children = std::vector<Result<std::vector<ChildSpec>>>;

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
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + kExpandDeadline;
  Result<Children> children = backend->second->expand(requests, context);
  if (!children)
    return Children(resources.size(), with_context("expanding with " + instance, children.error()));
  if (children->size() == resources.size()) return std::move(*children);
  return Children(resources.size(),
                  Error{Code::internal, instance + " answered a part of what it was to expand"});
}

Graph resolve(const World& world, std::vector<Resource> declared, const std::vector<Owned>& owned,
              const PlanOptions& options, Diagnostics& diagnostics) {
  const Expand expand = [&](const std::string& instance, const std::vector<Resource>& resources) {
    return expand_with(world.backends, instance, resources);
  };
  std::vector<Resource> resources = complete(std::move(declared), world.catalog, expand, diagnostics);
  add_undeclared(options, world.catalog, resources);
  return resolve(std::move(resources), owned, world.catalog, diagnostics);
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

Result<Planned> make_plan(const World& world, std::vector<Resource> declared, const PlanOptions& options,
                          Diagnostics& diagnostics) {
  Result<std::vector<Owned>> owned = world.inventory.owned();
  if (!owned) return owned.error();
  Planned planned;
  planned.owned = std::move(*owned);
  planned.plan.inventory = world.inventory.uuid();
  planned.graph = resolve(world, std::move(declared), planned.owned, options, diagnostics);
  if (has_errors(diagnostics)) return planned;
  planned.observations = observe(planned.graph, with_imports(planned.owned, options, planned.graph),
                                 world.inventory.uuid(), world.catalog, world.backends);
  planned.plan = make_plan(planned.graph, planned.observations, planned.owned, world.inventory.uuid(),
                           world.catalog, options);
  return planned;
}

Graph resolve(const World& world, std::vector<Resource> declared, Diagnostics& diagnostics) {
  return resolve(world, std::move(declared), {}, {}, diagnostics);
}

Result<RunResult> apply(const World& world, const Planned& planned, Reporter& reporter, const StopFlag& stop,
                        const RunOptions& options) {
  return run(planned.plan, world.catalog, world.backends, world.inventory, planned.observations, world.clock,
             reporter, stop, options);
}

}  // namespace tenon
