#include "framework/plan/situation.h"

#include <algorithm>

namespace tenon {

bool Fate::marks() const {
  return change.action == Action::adopt || change.action == Action::forget || change.action == Action::move;
}

bool Fate::makes() const {
  return change.action == Action::create || change.action == Action::update ||
         change.action == Action::replace || (marks() && updates);
}

bool holds_back(const Edge& edge, StepKind kind, const std::vector<std::string>& operations) {
  return edge.guards.contains(std::string(to_string(kind))) ||
         std::any_of(operations.begin(), operations.end(),
                     [&edge](const std::string& operation) { return edge.guards.contains(operation); });
}

bool Fate::removes() const { return change.action == Action::remove || change.action == Action::replace; }

Situation::Situation(const Graph& graph_, const Observations& observations_, const std::vector<Owned>& rows,
                     const std::string& inventory_, const Catalog& catalog_, const PlanOptions& options_)
    : graph(graph_),
      observations(observations_),
      inventory(inventory_),
      catalog(catalog_),
      options(options_) {
  known_.reserve(observations.size());
  for (const auto& [address, seen] : observations) known_[&address].observation = &seen;
  for (const auto& [address, resource] : graph.desired) known_[&address].desired = &resource;
  for (const auto& [address, edges] : graph.requires_) known_[&address].edges = &edges;
  for (const auto& [to, from] : graph.moves) moved_to_.emplace(from, to);
  for (const Owned& row : rows) {
    known_[&row.address].row = &row;
    for (const Address& target : row.dependencies) recorded_holders[target].push_back(row.address);
  }
}

const Situation::Known& Situation::known(const Address& address) const {
  static const Known nothing;
  const auto found = known_.find(&address);
  return found == known_.end() ? nothing : found->second;
}

const Observation& Situation::observation(const Address& address) const {
  static const Observation nobody_looked = unknown_observation({Code::internal, "it was not looked at"});
  const Observation* seen = known(address).observation;
  return seen ? *seen : nobody_looked;
}

const Owned* Situation::row(const Address& address) const { return known(address).row; }

const Resource* Situation::desired(const Address& address) const { return known(address).desired; }

const SharedJson& Situation::filled(const Address& address) const {
  static const SharedJson none;
  const Fate* own = fate(address);
  if (own && own->filled) return *own->filled;
  const Resource* resource = desired(address);
  return resource ? resource->spec : none;
}

const Fate* Situation::fate(const Address& address) const {
  const auto found = fates.find(address);
  return found == fates.end() ? nullptr : &found->second;
}

const std::vector<Edge>& Situation::edges(const Address& address) const {
  static const std::vector<Edge> none;
  const std::vector<Edge>* found = known(address).edges;
  return found ? *found : none;
}

std::vector<Address> Situation::holders_of(const Address& address) const {
  const auto recorded = recorded_holders.find(address);
  std::vector<Address> holders =
      recorded == recorded_holders.end() ? std::vector<Address>() : recorded->second;
  if (const auto by = graph.required_by.find(address); by != graph.required_by.end())
    for (const Address& holder : by->second)
      if ((!row(holder) || row(holder)->intent) && requires_still(holder, address)) holders.push_back(holder);
  for (Address& holder : holders)
    if (const Address* moved = to_be_moved_to(holder); moved && is_moved_here(*moved)) holder = *moved;
  std::sort(holders.begin(), holders.end());
  holders.erase(std::unique(holders.begin(), holders.end()), holders.end());
  return holders;
}

const Address* Situation::to_be_moved_to(const Address& address) const {
  const auto to = moved_to_.find(address);
  return to == moved_to_.end() ? nullptr : &to->second;
}

bool Situation::is_moved_here(const Address& address) const {
  const Fate* fate_of_moved = fate(address);
  return fate_of_moved && fate_of_moved->from;
}

bool Situation::requires_still(const Address& address, const Address& target) const {
  const Fate* fate_of_target = fate(target);
  const bool leaves = fate_of_target && fate_of_target->change.action == Action::remove;
  const auto& required = edges(address);
  return std::any_of(required.begin(), required.end(), [&](const Edge& edge) {
    return edge.await.target == target && !(edge.through_claim && leaves);
  });
}

bool Situation::is_recorded(const Address& address) const {
  const Owned* owner = row(address);
  const std::optional<Mark>& mark = observation(address).mark;
  if (!owner || !mark) return owner != nullptr;
  return mark->nonce == owner->nonce || (owner->intent && mark->nonce == owner->intent->nonce);
}

bool Situation::is_protected(const Address& address) const {
  const Owned* owner = row(address);
  if (owner && owner->protect) return true;
  const Resource* resource = desired(address);
  return resource && asks_for_protection(*resource);
}

bool Situation::asks_for_protection(const Resource& resource) {
  const auto annotation = resource.annotations.find(std::string(kProtectAnnotation));
  return annotation != resource.annotations.end() && annotation->second == "true";
}

bool Situation::is_approved(const Address& address, const Address& lost) const {
  if (options.approved.contains(address)) return true;
  const Resource* resource = desired(address);
  if (!resource) return false;
  const auto annotation = resource->annotations.find(std::string(kApproveAnnotation));
  return annotation != resource->annotations.end() &&
         annotation->second == approval_digest(lost, observation(lost));
}

const Address* Situation::claim_of(const Address& address) const {
  for (const Edge& edge : edges(address))
    if (edge.populator) return &edge.await.target;
  return nullptr;
}

bool Situation::is_populated(const Address& address) const {
  if (observation(address).contents == Contents::populated) return true;
  const Address* claim = claim_of(address);
  return claim && observation(*claim).contents == Contents::populated;
}

}  // namespace tenon
