#include "framework/plan/values.h"

#include <algorithm>

#include "framework/model/pointer.h"
#include "framework/plan/seal.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

// Whether an update may change it, or something in it.
bool is_computed_by_update(const Schema& schema) {
  const auto within = [](const auto& property) { return is_computed_by_update(property.second); };
  return schema.computed_by_update || (schema.items && is_computed_by_update(*schema.items)) ||
         (schema.additional && is_computed_by_update(*schema.additional)) ||
         std::any_of(schema.properties.begin(), schema.properties.end(), within);
}

// Of the output at this path: it, something in it, or what it is a part of.
bool may_change_by_update(const Schema& outputs, const std::string& path) {
  if (outputs.computed_by_update) return true;
  for (size_t end = path.find('/', 1); end < path.size(); end = path.find('/', end + 1)) {
    const Schema* whole = find_schema(outputs, path.substr(0, end));
    if (whole && whole->computed_by_update) return true;
  }
  const Schema* output = find_schema(outputs, path);
  return output && is_computed_by_update(*output);
}

// Whether what is observed now will still be so when it is used.
bool is_settled(const Situation& situation, const ValueReference& reference) {
  if (situation.observation(reference.target).existence != Existence::present) return false;
  const Fate* fate = situation.fate(reference.target);
  if (!fate || fate->change.action == Action::none) return true;
  if (fate->change.action != Action::update) return false;
  const KindManifest* kind = situation.kind(reference.target);
  return !kind || !may_change_by_update(kind->outputs, reference.path);
}

// It is there, as it is to be, and this plan leaves it alone.
bool is_finished(const Situation& situation, const Address& target) {
  const Observation& seen = situation.observation(target);
  const Fate* fate = situation.fate(target);
  const KindManifest* kind = situation.kind(target);
  if (seen.existence != Existence::present || !kind) return false;
  if (fate && (fate->change.action != Action::none || fate->unfinished)) return false;
  const std::vector<std::string>& ready = kind->ready.phases;
  return ready.empty() || std::count(ready.begin(), ready.end(), seen.phase) > 0;
}

const std::vector<ValueReference>& references_of(const Situation& situation, const Address& address) {
  static const std::vector<ValueReference> none;
  const auto found = situation.graph.values.find(address);
  return found == situation.graph.values.end() ? none : found->second;
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

std::vector<FieldChange> known_values(const Situation& situation, const Address& address,
                                      const Json& filled) {
  std::vector<FieldChange> known;
  for (const ValueReference& reference : references_of(situation, address)) {
    const Json* value = find_value(filled, reference.pointer);
    if (!value || is_reference(*value)) continue;
    const Schema* place = find_schema(situation.kind(address)->schema, reference.pointer);
    known.push_back({.pointer = reference.pointer, .after = *value, .secret = place && place->secret});
  }
  return known;
}

std::string problem_with_values(const Situation& situation, const Address& address, const Json& filled) {
  for (const ValueReference& reference : references_of(situation, address)) {
    const Json* value = find_value(filled, reference.pointer);
    if (value && is_reference(*value) && is_finished(situation, reference.target))
      return reference.pointer + " cannot be filled in: " + title(reference.target) + " has no output " +
             reference.path;
    if (value && !is_reference(*value) &&
        would_show_secret(situation.kind(address)->schema, reference.pointer, *value))
      return reference.pointer + " is a secret, and " + title(reference.target) +
             " shows what it gives for it";
  }
  Json copy = filled;
  std::vector<SchemaProblem> problems;
  complete_value(situation.kind(address)->schema, copy, problems);
  if (problems.empty()) return "";
  return problems.front().pointer + " cannot be what it refers to: " + problems.front().summary;
}

}  // namespace tenon
