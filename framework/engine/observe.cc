#include "framework/engine/observe.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <utility>

#include "framework/run/values.h"

namespace tenon {
namespace {

using OwnedByAddress = std::map<Address, const Owned*>;

// Some resources of one instance that are looked at in one call.
struct Batch {
  std::string instance;
  std::vector<Request> requests;
  std::vector<Observation> observations;
};

// Addresses by the length of their longest chain of dependencies: a wave needs only what earlier ones saw.
std::vector<std::vector<Address>> waves_of(const Graph& graph) {
  std::map<Address, size_t> depth;
  std::vector<std::vector<Address>> waves;
  for (const Address& address : graph.order) {
    size_t& own = depth[address];
    for (const Address& dependency : graph.dependencies(address)) {
      const auto known = depth.find(dependency);
      if (known != depth.end() && dependency != address) own = std::max(own, known->second + 1);
    }
    if (waves.size() <= own) waves.resize(own + 1);
    waves[own].push_back(address);
  }
  return waves;
}

// Null while one of its references is not known.
Json filled_in(const Resource& resource, const Observations& seen, const Catalog& catalog) {
  const auto outputs = [&seen](const Address& target) -> const Json* {
    const auto found = seen.find(target);
    return found == seen.end() || found->second.existence != Existence::present ? nullptr
                                                                                : &found->second.outputs;
  };
  return fill_references(resource.spec, outputs, catalog.find(resource.address.kind_name())).value_or(Json());
}

void add_dependencies(const Graph& graph, const Observations& seen, const OwnedByAddress& owned,
                      Request& request) {
  for (const Address& address : graph.dependencies(request.address)) {
    const auto found = seen.find(address);
    if (found == seen.end() || found->second.existence != Existence::present) continue;
    const Observation& observation = found->second;
    Dependency dependency{observation.identity, observation.phase, "", observation.outputs};
    const auto row = owned.find(address);
    if (observation.mark)
      dependency.nonce = observation.mark->nonce;
    else if (row != owned.end())
      dependency.nonce = row->second->nonce;
    request.dependencies.emplace(address, std::move(dependency));
  }
}

// What was sent last counts, done or not: only that can be found in the world.
void add_owned(const Owned& owned, Request& request) {
  request.applied = owned.applied;
  request.identity = owned.identity;
  request.private_state = owned.private_state;
  request.nonce = owned.intent ? owned.intent->nonce : owned.nonce;
  request.generation = owned.intent ? owned.intent->generation : owned.generation;
  if (request.desired.is_null()) request.desired = owned.intent ? owned.intent->spec : owned.applied;
}

Request request_for(const Address& address, const Graph& graph, const Observations& seen,
                    const OwnedByAddress& owned, const std::string& inventory, const Catalog& catalog) {
  Request request{.address = address, .inventory = inventory};
  const auto resource = graph.desired.find(address);
  if (resource != graph.desired.end()) {
    request.labels = resource->second.labels;
    request.annotations = resource->second.annotations;
    request.desired = filled_in(resource->second, seen, catalog);
  }
  const auto row = owned.find(address);
  if (row != owned.end()) add_owned(*row->second, request);
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

void call(const Backends& backends, const ObserveOptions& options, Batch& batch) {
  const auto all_unknown = [&](const Error& error) {
    batch.observations.assign(batch.requests.size(), unknown_observation(error));
  };
  const auto backend = backends.find(batch.instance);
  if (backend == backends.end())
    return all_unknown(
        {Code::failed_precondition, "there is no instance '" + batch.instance + "' in the configuration"});
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + options.deadline;
  Result<std::vector<Observation>> answer = backend->second->observe(batch.requests, context);
  if (!answer) return all_unknown(with_context("observing with " + batch.instance, answer.error()));
  if (answer->size() != batch.requests.size())
    return all_unknown({Code::internal, batch.instance + " answered " + std::to_string(answer->size()) +
                                            " of " + std::to_string(batch.requests.size()) +
                                            " observations"});
  batch.observations = std::move(*answer);
}

// Every batch, by a bounded number of threads.
void call_all(const Backends& backends, const ObserveOptions& options, std::vector<Batch>& batches) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < batches.size(); i = next++) call(backends, options, batches[i]);
  };
  std::vector<std::jthread> helpers;
  const size_t threads = std::min<size_t>(batches.size(), std::max(1, options.threads));
  for (size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
}

void add_to_batches(std::string instance, size_t limit, Request request, std::vector<Batch>& batches,
                    std::map<std::string, size_t>& open) {
  const auto [current, fresh] = open.try_emplace(instance, batches.size());
  if (!fresh && batches[current->second].requests.size() >= limit) current->second = batches.size();
  if (current->second == batches.size()) batches.push_back({.instance = std::move(instance)});
  batches[current->second].requests.push_back(std::move(request));
}

}  // namespace

Observations observe(const Graph& graph, const std::vector<Owned>& owned, const std::string& inventory,
                     const Catalog& catalog, const Backends& backends, const ObserveOptions& options) {
  OwnedByAddress rows;
  for (const Owned& row : owned) rows.emplace(row.address, &row);
  Observations seen;
  for (const std::vector<Address>& wave : waves_of(graph)) {
    std::vector<Batch> batches;
    std::map<std::string, size_t> open;
    for (const Address& address : wave) {
      Result<std::string> instance = instance_of(address, graph, rows, catalog);
      if (!instance) {
        seen.emplace(address, unknown_observation(instance.error()));
        continue;
      }
      const Instance* known = catalog.find_instance(*instance);
      const size_t limit = known ? std::max(1, known->manifest->batch) : 1000;
      add_to_batches(*instance, limit, request_for(address, graph, seen, rows, inventory, catalog), batches,
                     open);
    }
    call_all(backends, options, batches);
    for (Batch& batch : batches)
      for (size_t i = 0; i < batch.requests.size(); ++i)
        seen.emplace(batch.requests[i].address, std::move(batch.observations[i]));
  }
  return seen;
}

}  // namespace tenon
