#include "framework/engine/places.h"

#include <optional>

#include "framework/model/json_reader.h"

namespace tenon {
namespace {

void add_places(const Schema& schema, const Json& value, const std::string& pointer, Json& place) {
  if (schema.place) place[pointer] = value;
  for (const auto& [name, property] : schema.properties) {
    const bool given = value.is_object() && value.contains(name);
    add_places(property, given ? value[name] : Json(), pointer + "/" + escape_pointer_token(name), place);
  }
}

// Of a place as people write it: "uri qemu:///system".
std::string as_text(const std::string& pointer, const Json& value) {
  const std::string name = pointer.substr(std::min<size_t>(1, pointer.size()));
  if (value.is_null()) return "no " + name;
  return name + " " + (value.is_string() ? value.get<std::string>() : value.dump());
}

// Nothing: the same place, as far as both are known.
std::optional<Error> moved(const std::string& instance, const Json& recorded, const Json& now) {
  std::string before, after;
  for (const auto& [pointer, value] : recorded.items()) {
    const auto looked = now.find(pointer);
    if (looked == now.end() || *looked == value) continue;
    before += (before.empty() ? "" : ", ") + as_text(pointer, value);
    after += (after.empty() ? "" : ", ") + as_text(pointer, *looked);
  }
  if (before.empty()) return std::nullopt;
  return Error{Code::failed_precondition,
               "instance '" + instance + "' looks at " + after + " now; what it owns was made at " + before +
                   ": set that back in tenon.yaml, or, if it is the same place under another name, `tenon "
                   "forget --record-only` all of it and apply again, which finds it by its mark"};
}

// That own something of which it is known where it was made, or that is seen where they look. An instance
// that sees nothing may well look in the wrong place.
std::set<std::string> placed_instances(const Places& recorded, const Planned& planned) {
  std::set<std::string> instances;
  const std::string* last = nullptr;
  for (const Owned& row : planned.owned) {
    if (last && row.instance == *last) continue;
    const auto seen = planned.observations.find(row.address);
    if (recorded.contains(row.instance) ||
        (seen != planned.observations.end() && seen->second.existence == Existence::present))
      instances.insert(*(last = &row.instance));
  }
  return instances;
}

}  // namespace

Json place_of(const Schema& schema, const Json& configuration) {
  Json place = Json::object();
  add_places(schema, configuration, "", place);
  return place;
}

Result<std::map<std::string, Error>> moved_instances(Inventory& inventory, const Places& now) {
  const auto recorded = inventory.places();
  if (!recorded) return recorded.error();
  std::map<std::string, Error> elsewhere, moved_ones;
  for (const auto& [instance, place] : *recorded)
    if (const auto looked = now.find(instance); looked != now.end())
      if (auto error = moved(instance, place, looked->second)) elsewhere.emplace(instance, *error);
  if (elsewhere.empty()) return moved_ones;
  const auto rows = inventory.owned();
  if (!rows) return rows.error();
  for (const Owned& row : *rows)
    if (const auto found = elsewhere.find(row.instance); found != elsewhere.end()) moved_ones.insert(*found);
  return moved_ones;
}

std::set<std::string> instances_of(const std::vector<Owned>& rows) {
  std::set<std::string> instances;
  const std::string* last = nullptr;
  for (const Owned& row : rows)
    if (!last || row.instance != *last) instances.insert(*(last = &row.instance));
  return instances;
}

Places next_places(const Places& recorded, const Places& now, const std::set<std::string>& before,
                   const std::set<std::string>& after) {
  const Places nothing;
  Places next;
  const auto add = [&](const std::string& instance, const Places& known) {
    const auto looked = now.find(instance), kept = known.find(instance);
    Json place = looked == now.end() ? Json::object() : looked->second;
    if (kept != known.end()) place.update(kept->second);
    if (!place.empty()) next.try_emplace(instance, std::move(place));
  };
  for (const std::string& instance : before) add(instance, recorded);
  for (const std::string& instance : after) add(instance, nothing);
  return next;
}

Status record_places(const World& world, const Planned& planned) {
  if (!world.places) return {};
  const auto recorded = world.inventory.places();
  if (!recorded) return recorded.error();
  std::set<std::string> changed;
  for (const Step& step : planned.plan.steps)
    if (step.kind != StepKind::await && step.kind != StepKind::remove) changed.insert(step.instance);
  const Places next = next_places(*recorded, *world.places, placed_instances(*recorded, planned), changed);
  return next == *recorded ? Status() : world.inventory.commit({PutPlaces{next}});
}

Result<Observed> MovedBackend::observe(const std::vector<Request>& requests, const CallContext&) {
  return Observed(std::vector<Observation>(requests.size(), unknown_observation(error_)));
}

}  // namespace tenon
