#include "framework/plan/values.h"

#include "framework/model/pointer.h"

namespace tenon {
namespace {

// Whether what is observed now will still be so when it is used.
bool is_settled(const Situation& situation, const ValueReference& reference) {
  if (situation.observation(reference.target).existence != Existence::present) return false;
  const Fate* fate = situation.fate(reference.target);
  if (!fate || fate->change.action == Action::none) return true;
  if (fate->change.action != Action::update) return false;
  const KindManifest* kind = situation.kind(reference.target);
  const Schema* output = kind ? find_schema(kind->outputs, reference.path) : nullptr;
  return !output || !output->computed_by_update;
}

}  // namespace

std::optional<SharedJson> fill_known_values(const Situation& situation, const Resource& resource) {
  const auto references = situation.graph.values.find(resource.address);
  if (references == situation.graph.values.end()) return std::nullopt;
  Json spec = resource.spec;
  for (const ValueReference& reference : references->second) {
    if (!is_settled(situation, reference)) continue;
    if (const Json* value = find_value(situation.observation(reference.target).outputs, reference.path))
      spec[Json::json_pointer(reference.pointer)] = *value;
  }
  return SharedJson(std::move(spec));
}

}  // namespace tenon
