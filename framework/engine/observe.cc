#include "framework/engine/observe.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <unordered_map>
#include <utility>

#include "framework/base/threads.h"
#include "framework/run/values.h"

namespace tenon {
namespace {

using OwnedByAddress = std::unordered_map<Address, const Owned*>;

// Some resources of one instance that are looked at in one call.
struct Batch {
  std::string instance;
  std::vector<const Address*> addresses;
  Observed seen;
};

// Addresses by the length of their longest chain of dependencies: a wave needs only what earlier ones saw.
std::vector<std::vector<const Address*>> waves_of(const Graph& graph) {
  std::unordered_map<Address, size_t> depths;
  std::vector<std::vector<const Address*>> waves;
  for (const Address& address : graph.order) {
    size_t depth = 0;
    for (const Address& dependency : graph.dependencies(address)) {
      const auto known = depths.find(dependency);
      if (known != depths.end() && dependency != address) depth = std::max(depth, known->second + 1);
    }
    if (graph.required_by.contains(address) || !graph.values.empty()) depths.emplace(address, depth);
    if (waves.size() <= depth) waves.resize(depth + 1);
    waves[depth].push_back(&address);
  }
  return waves;
}

// Null while one of its references is not known.
SharedJson filled_in(const Resource& resource, const Observations& seen, const Catalog& catalog) {
  const auto outputs = [&seen](const Address& target) -> const Json* {
    const auto found = seen.find(target);
    return found == seen.end() || found->second.existence != Existence::present ? nullptr
                                                                                : &*found->second.outputs;
  };
  return fill_references(resource.spec, outputs, catalog.find(resource.address)).value_or(SharedJson());
}

void add_dependencies(const Graph& graph, const Observations& seen, const OwnedByAddress& owned,
                      Request& request) {
  for (const Address& address : graph.dependencies(request.address)) {
    const auto found = seen.find(address);
    if (found == seen.end() || found->second.existence != Existence::present) continue;
    const auto row = owned.find(address);
    request.dependencies.emplace(address,
                                 dependency_of(found->second, row == owned.end() ? nullptr : row->second));
  }
}

// What requests are made of; none of it changes while a wave is looked at.
struct Knowledge {
  const Graph& graph;
  const Observations& seen;
  const OwnedByAddress& owned;
  const std::string& inventory;
  const Catalog& catalog;
};

Request request_for(const Address& address, const Knowledge& knowledge) {
  const auto& [graph, seen, owned, inventory, catalog] = knowledge;
  Request request{.address = address, .inventory = inventory};
  const auto resource = graph.desired.find(address);
  if (resource != graph.desired.end()) {
    request.labels = resource->second.labels;
    request.annotations = resource->second.annotations;
    request.desired = filled_in(resource->second, seen, catalog);
  }
  const auto row = owned.find(address);
  if (row != owned.end()) {
    const Owned& known = *row->second;
    add_owned(known, request);
    if (request.desired.is_null()) request.desired = known.intent ? known.intent->spec : known.applied;
  }
  add_dependencies(graph, seen, owned, request);
  return request;
}

// The recorded instance first: where something is does not change by declaring it elsewhere.
Result<std::string> instance_of(const Address& address, const Graph& graph, const OwnedByAddress& owned,
                                const Catalog& catalog) {
  const auto row = owned.find(address);
  if (row != owned.end()) return row->second->instance;
  const auto resource = graph.desired.find(address);
  if (resource != graph.desired.end() && !resource->second.instance.empty()) return resource->second.instance;
  return catalog.route(Resource{.address = address});
}

void call(const Knowledge& knowledge, const Backends& backends, const ObserveOptions& options, Batch& batch) {
  const auto all_unknown = [&](const Error& error) {
    batch.seen.observations.assign(batch.addresses.size(), unknown_observation(error));
  };
  const auto backend = backends.find(batch.instance);
  if (backend == backends.end())
    return all_unknown(
        {Code::failed_precondition, "there is no instance '" + batch.instance +
                                        "' to ask: it is not configured, or its plugin cannot be used"});
  std::vector<Request> requests;
  requests.reserve(batch.addresses.size());
  for (const Address* address : batch.addresses) requests.push_back(request_for(*address, knowledge));
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + options.deadline;
  Result<Observed> answer = backend->second->observe(requests, context);
  if (!answer) return all_unknown(with_context("observing with " + batch.instance, answer.error()));
  const size_t count = answer->observations.size();
  if (count != requests.size())
    return all_unknown({Code::internal, batch.instance + " answered " + std::to_string(count) + " of " +
                                            std::to_string(requests.size()) + " observations"});
  batch.seen = std::move(*answer);
}

// Every batch, by a bounded number of threads.
void call_all(const Knowledge& knowledge, const Backends& backends, const ObserveOptions& options,
              std::vector<Batch>& batches) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < batches.size(); i = next++) call(knowledge, backends, options, batches[i]);
  };
  std::vector<std::jthread> helpers;
  const size_t threads = std::min<size_t>(batches.size(), std::max(1, options.threads));
  for (size_t i = 1; i < threads && start_thread(helpers, work); ++i) continue;
  work();
}

void add_to_batches(std::string instance, size_t limit, const Address& address, std::vector<Batch>& batches,
                    std::map<std::string, size_t>& open) {
  const auto [current, fresh] = open.try_emplace(instance, batches.size());
  if (!fresh && batches[current->second].addresses.size() >= limit) current->second = batches.size();
  if (current->second == batches.size()) batches.push_back({.instance = std::move(instance)});
  batches[current->second].addresses.push_back(&address);
}

}  // namespace

Observations observe(const Graph& graph, const std::vector<Owned>& owned, const std::string& inventory,
                     const Catalog& catalog, const Backends& backends, const ObserveOptions& options,
                     std::map<std::string, Pools>* pools) {
  OwnedByAddress rows;
  for (const Owned& row : owned) rows.emplace(row.address, &row);
  Observations seen;
  const Knowledge knowledge{graph, seen, rows, inventory, catalog};
  for (const std::vector<const Address*>& wave : waves_of(graph)) {
    std::vector<Batch> batches;
    std::map<std::string, size_t> open;
    for (const Address* address : wave) {
      Result<std::string> instance = instance_of(*address, graph, rows, catalog);
      if (!instance) {
        seen.emplace(*address, unknown_observation(instance.error()));
        continue;
      }
      const Instance* known = catalog.find_instance(*instance);
      const size_t limit = known ? std::max(1, known->manifest->batch) : 1000;
      add_to_batches(*instance, limit, *address, batches, open);
    }
    call_all(knowledge, backends, options, batches);
    for (Batch& batch : batches) {
      for (size_t i = 0; i < batch.addresses.size(); ++i)
        seen.emplace_hint(seen.end(), *batch.addresses[i], std::move(batch.seen.observations[i]));
      if (pools && !batch.seen.pools.empty()) (*pools)[batch.instance] = std::move(batch.seen.pools);
    }
  }
  return seen;
}

}  // namespace tenon
