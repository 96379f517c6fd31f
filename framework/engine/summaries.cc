#include "framework/engine/summaries.h"

#include <algorithm>
#include <map>

#include "framework/model/capabilities.h"

namespace tenon {
namespace {

constexpr std::chrono::seconds kDeadline{30};

using Families = std::map<Address, std::vector<Address>>;

// Children of each parent, declared or owned.
Families children_of(const Graph& graph, const std::vector<Owned>& owned) {
  Families children;
  for (const auto& [address, resource] : graph.desired)
    if (resource.origin.parent) children[*resource.origin.parent].push_back(address);
  for (const Owned& row : owned)
    if (row.parent && !graph.desired.contains(row.address)) children[*row.parent].push_back(row.address);
  return children;
}

std::map<Address, Observation> look_up(const std::vector<Address>& addresses,
                                       const Observations& observations) {
  std::map<Address, Observation> found;
  for (const Address& address : addresses)
    if (const auto seen = observations.find(address); seen != observations.end()) found.insert(*seen);
  return found;
}

std::map<std::string, std::string> instances_of(const Graph& graph, const std::vector<Owned>& owned) {
  std::map<std::string, std::string> instances;
  for (const auto& [address, resource] : graph.desired) instances[to_string(address)] = resource.instance;
  for (const Owned& row : owned) instances[to_string(row.address)] = row.instance;
  return instances;
}

void merge(const Observation& summary, Observation& own) {
  if (!summary.reason.empty()) own.reason = summary.reason;
  if (!summary.message.empty()) own.message = summary.message;
  if (summary.progress) own.progress = summary.progress;
  for (const Condition& condition : summary.conditions) {
    std::erase_if(own.conditions, [&](const Condition& other) { return other.type == condition.type; });
    own.conditions.push_back(condition);
  }
  own.notes.insert(own.notes.end(), summary.notes.begin(), summary.notes.end());
}

void ask(Backend& backend, const std::vector<Family>& families, Observations& observations) {
  const CallContext context{.deadline = std::chrono::steady_clock::now() + kDeadline};
  const auto answers = backend.status(families, context);
  for (size_t i = 0; i < families.size(); ++i) {
    Observation& own = observations.at(families[i].address);
    if (answers && i < answers->size() && (*answers)[i]) {
      merge(*(*answers)[i], own);
      continue;
    }
    const std::string why = !answers              ? answers.error().message
                            : i < answers->size() ? (*answers)[i].error().message
                                                  : "no answer";
    own.notes.push_back("its plugin could not sum it up: " + why);
  }
}

}  // namespace

void add_summaries(const Graph& graph, const std::vector<Owned>& owned, const Catalog& catalog,
                   const Backends& backends, Observations& observations) {
  const Families children = children_of(graph, owned);
  if (children.empty()) return;
  const auto instances = instances_of(graph, owned);
  std::map<std::string, std::vector<Family>> families;
  for (const auto& [parent, addresses] : children) {
    const auto seen = observations.find(parent);
    const auto instance = instances.find(to_string(parent));
    if (seen == observations.end() || seen->second.existence != Existence::present) continue;
    if (instance == instances.end() || !is_able(catalog, instance->second, "status")) continue;
    const auto resource = graph.desired.find(parent);
    const auto dependants = graph.required_by.find(parent);
    families[instance->second].push_back(
        {.address = parent,
         .desired = resource == graph.desired.end() ? SharedJson() : resource->second.spec,
         .own = seen->second,
         .children = look_up(addresses, observations),
         .dependants = dependants == graph.required_by.end() ? std::map<Address, Observation>()
                                                             : look_up(dependants->second, observations)});
  }
  for (const auto& [name, members] : families)
    if (const auto backend = backends.find(name); backend != backends.end())
      ask(*backend->second, members, observations);
}

}  // namespace tenon
