#include "framework/plan/values.h"

namespace tenon {
namespace {

bool is_settled(const Situation& situation, const Address& target) {
  if (situation.observation(target).existence != Existence::present) return false;
  const Fate* fate = situation.fate(target);
  if (!fate) return true;
  return fate->change.action == Action::none || fate->change.action == Action::update;
}

}  // namespace

std::optional<Json> fill_known_values(const Situation& situation, const Resource& resource) {
  const auto references = situation.graph.values.find(resource.address);
  if (references == situation.graph.values.end()) return std::nullopt;
  Json spec = resource.spec;
  for (const ValueReference& reference : references->second) {
    if (!is_settled(situation, reference.target)) continue;
    const Json& outputs = situation.observation(reference.target).outputs;
    const Json::json_pointer path(reference.path);
    if (outputs.contains(path)) spec[Json::json_pointer(reference.pointer)] = outputs.at(path);
  }
  return spec;
}

}  // namespace tenon
