#include "framework/plan/marks.h"

#include <algorithm>

#include "framework/model/capabilities.h"
#include "framework/plan/defaults.h"
#include "framework/plan/diff.h"
#include "framework/plan/values.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

bool carries(const Situation& situation, const Observation& observation, const Address& address) {
  const auto& mark = observation.mark;
  return mark && mark->inventory == situation.inventory && mark->address == to_string(address);
}

void act(Fate& fate, Action action, std::string reason) {
  fate.change.action = action;
  fate.change.reasons.push_back(std::move(reason));
}

void refuse(Fate& fate, Refusal refusal) {
  if (!fate.change.refusal) fate.change.refusal = std::move(refusal);
}

// Itself or the composite that it belongs to.
bool is_forgotten(const Situation& situation, const Owned& row) {
  if (situation.options.forget.count(row.address)) return true;
  const Owned* parent = row.parent ? situation.row(*row.parent) : nullptr;
  return parent && is_forgotten(situation, *parent);
}

void forget(const Situation& situation, const Owned& row, Fate& fate) {
  const Observation& observation = situation.observation(row.address);
  if (block_if_unknown(observation, fate)) {
    fate.change.notes.push_back("--record-only removes its record without looking at it");
    return;
  }
  const bool marked =
      observation.existence == Existence::present && carries(situation, observation, row.address);
  act(fate, Action::forget, marked ? "it loses its mark and is left as it is" : "only its record is removed");
  if (marked && observation.busy)
    refuse(fate, {title(row.address) + " is being worked on", "wait until that has ended"});
  if (marked && !is_able(situation.catalog, row.instance, "adopt"))
    refuse(fate, not_able(situation, row.instance, "adopt"));
}

// What differs is only told.
SharedJson found_by_import(const Situation& situation, const Observation& observation, Fate& fate) {
  const Resource* resource = situation.desired(fate.change.address);
  if (resource) fate.found_defaulted = resource->defaulted;
  if (observation.actual.is_null()) return *fate.filled;
  const Schema& schema = situation.kind(fate.change.address)->schema;
  const bool populated = situation.is_populated(fate.change.address);
  const SpecDiff diff = diff_spec(schema, *fate.filled, Json(), observation.actual, populated);
  SharedJson found = as_found(*fate.filled, diff);
  fate.found_defaulted = adopted_defaults(std::move(fate.found_defaulted), diff);
  std::vector<std::string> pointers;
  for (const FieldChange& field :
       diff_spec(schema, *fate.filled, found, observation.actual, populated, diff.lacking).fields)
    pointers.push_back(field.pointer);
  if (!pointers.empty())
    fate.change.notes.push_back("differs from its manifest, which the next apply puts right: " +
                                listed(pointers));
  if (!diff.untold.empty())
    fate.change.notes.push_back("taken to have the secrets of its manifest, which cannot be told: " +
                                listed(diff.untold));
  return found;
}

void import(const Situation& situation, const Address& address, const std::string& identity, Fate& fate) {
  const Observation& observation = situation.observation(address);
  const Owned* row = situation.row(address);
  // An import that was killed goes on.
  const bool begun = row && row->applied.is_null() && row->intent;
  if (row && !begun) return fate.change.notes.push_back("owned already"), void();
  if (block_if_unknown(observation, fate)) return;
  act(fate, Action::adopt, "it exists, and is taken over as it is");
  if (observation.existence == Existence::absent)
    return refuse(fate,
                  {title(address) + " does not exist" + (identity.empty() ? "" : " as '" + identity + "'"),
                   "name what exists: tenon import ADDRESS IDENTITY"});
  if (owner_of(situation, address) == Owner::somebody)
    return refuse(fate, not_ours(address, observation, false));
  if (!is_able(situation.catalog, fate.change.instance, "adopt"))
    return refuse(fate, not_able(situation, fate.change.instance, "adopt"));
  fate.identity = observation.identity;
  if (begun) fate.nonce = row->intent->nonce;
  if (observation.mark) fate.nonce = observation.mark->nonce;
  fate.found = fate.filled ? found_by_import(situation, observation, fate) : observation.actual;
  if (fate.found.is_null()) fate.found = Json::object();
}

// Somebody had written the value at it that was sent.
bool was_written(const Owned& row, const std::string& pointer) {
  return row.applied.contains(Json::json_pointer(pointer)) &&
         std::find(row.defaulted.begin(), row.defaulted.end(), pointer) == row.defaulted.end();
}

}  // namespace

bool block_if_unknown(const Observation& observation, Fate& fate) {
  if (observation.existence != Existence::unknown) return false;
  act(fate, Action::blocked,
      "it cannot be looked at" + (observation.error ? ": " + observation.error->message : std::string()));
  return true;
}

Owner owner_of(const Situation& situation, const Address& address) {
  return owner_of(situation.observation(address), address, situation.row(address), situation.inventory,
                  situation.catalog);
}

Refusal not_ours(const Address& address, const Observation& observation, bool adoptable) {
  if (observation.mark)
    return {title(address) + " exists and belongs to " + owner_text(*observation.mark),
            "give this one another name, or let its owner give it up: tenon forget"};
  return {title(address) + " exists already and carries no mark: Tenon did not make it",
          adoptable ? "--adopt takes it over; otherwise give this one another name"
                    : "give this one another name, or remove what exists"};
}

Refusal not_of_this_set(const Situation& situation, const Address& address, const Owned& row) {
  const auto named = [](const std::string& set) { return set.empty() ? "the unnamed set" : "set " + set; };
  return {title(address) + " belongs to " + named(row.set) + " and not to " + named(situation.options.set),
          "--set names its set; --adopt takes it over into this one"};
}

Refusal not_able(const Situation& situation, const std::string& instance, const std::string& capability) {
  const Instance* known = situation.catalog.find_instance(instance);
  const std::string plugin = known ? "plugin " + known->manifest->name : "instance " + instance;
  if (capability == "move")
    return {plugin + " cannot give an object another address", "forget it and make a new one, or leave it"};
  return {plugin + " cannot change the marks of its objects",
          "tenon forget --record-only removes the record alone"};
}

std::vector<std::string> record_changes(const Situation& situation, const Resource& resource,
                                        const Owned& row) {
  std::vector<std::string> changes;
  if (resource.labels != row.labels) changes.push_back("labels");
  if (situation.asks_for_protection(resource) != row.protect) changes.push_back("protection");
  if (resource.origin.parent != row.parent) changes.push_back("parent");
  if (row.set != situation.options.set) changes.push_back("set");
  for (const Address& target : situation.graph.dependencies(resource.address))
    if (!std::count(row.dependencies.begin(), row.dependencies.end(), target)) {
      changes.push_back("requirements");
      break;
    }
  if (std::any_of(resource.defaulted.begin(), resource.defaulted.end(),
                  [&row](const std::string& pointer) { return was_written(row, pointer); }))
    changes.push_back("defaults");
  return changes;
}

Fate decide_mark(const Situation& situation, const Address& address) {
  Fate fate;
  fate.change.address = address;
  const Owned* row = situation.row(address);
  if (row) fate.change.instance = row->instance, fate.change.parent = row->parent;
  if (const Resource* resource = situation.desired(address)) {
    fate.change.instance = resource->instance;
    fate.change.origin = resource->origin.locate("");
    fate.change.parent = resource->origin.parent;
    if (resource->spec.is_object())
      fate.filled = fill_known_values(situation, *resource).value_or(resource->spec);
  }
  const auto wanted = situation.options.import.find(address);
  if (row && is_forgotten(situation, *row))
    forget(situation, *row, fate);
  else if (wanted != situation.options.import.end())
    import(situation, address, wanted->second, fate);
  else if (const Address* from = moving_from(situation, address))
    move(situation, *from, fate);
  return fate;
}

const Address* moving_from(const Situation& situation, const Address& address) {
  const auto& moves = situation.options.marks_only() ? situation.options.move : situation.graph.moves;
  const auto found = moves.find(address);
  if (found == moves.end() || !situation.row(found->second)) return nullptr;
  return situation.observation(found->second).existence == Existence::absent ? nullptr : &found->second;
}

const Address* moving_to(const Situation& situation, const Address& address) {
  const Address* to = situation.to_be_moved_to(address);
  return to && moving_from(situation, *to) ? to : nullptr;
}

void move(const Situation& situation, const Address& from, Fate& fate) {
  const Address& to = fate.change.address;
  const Owned& row = *situation.row(from);
  const Observation& there = situation.observation(from);
  const Observation& here = situation.observation(to);
  if (fate.change.instance.empty()) fate.change.instance = row.instance;
  fate.from = from;
  if (block_if_unknown(there, fate) || block_if_unknown(here, fate)) return;
  act(fate, Action::move, "it was " + to_string(from));
  fate.nonce = row.nonce;
  const std::string way_out = situation.options.marks_only()
                                  ? "give it another name, or remove one of the two"
                                  : "remove the annotation tenon.dev/moved-from, or one of the two";
  // Its mark was changed by a run that could not record it.
  const bool moved = carries(situation, there, to);
  // By its name it is still to be found, or again.
  const bool same = !here.identity.empty() && here.identity == there.identity;
  if (situation.row(to))
    return refuse(fate, {"both " + title(from) + " and " + title(to) + " are owned", way_out});
  if (here.existence == Existence::present && !same)
    return refuse(fate, {title(to) + " exists already, and " + title(from) + " is to move there", way_out});
  const bool other_set = !situation.options.marks_only() && row.set != situation.options.set;
  if (other_set && !situation.options.adopt) return refuse(fate, not_of_this_set(situation, from, row));
  if (!moved && owner_of(situation, from) != Owner::us) return refuse(fate, not_ours(from, there, false));
  if (fate.change.instance != row.instance)
    return refuse(fate, {title(from) + " lives in instance " + row.instance + " and cannot move to " +
                             fate.change.instance,
                         "route " + title(to) + " to " + row.instance});
  if (row.intent || there.busy || there.resumable)
    return refuse(fate,
                  {title(from) + " is unfinished", "let an apply finish it under its old address first"});
  if (!is_able(situation.catalog, row.instance, "move"))
    refuse(fate, not_able(situation, row.instance, "move"));
}

}  // namespace tenon
