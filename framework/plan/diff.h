// Pass 5 for one spec: what differs between desired, applied and actual, in the schema's words.
#pragma once

#include <string>
#include <vector>

#include "framework/model/change.h"
#include "framework/model/schema.h"

namespace tenon {

struct SpecDiff {
  std::vector<FieldChange> fields;      // by pointer
  UpdateRule rule = UpdateRule::live;   // the strictest of the fields
  std::vector<std::string> operations;  // start, stop
  bool stops_only = false;              // nothing differs but fields whose new value means stop
  std::vector<std::string> refusals;    // fields that must not change so, as sentences
  // Secrets that may differ: they are not shown, or their handles are of different keys. Only where an update
  // would not do; elsewhere they are fields.
  std::vector<std::string> untold;
  // Of what nobody was told about: pointers of defaults that it lacks and that an update can give it.
  std::vector<std::string> lacking;

  bool empty() const { return fields.empty(); }
};

// Drift (applied and actual differ) puts back what was applied; asked (desired and applied differ) goes on
// from there. Fields in neither desired nor applied are not managed; missing in desired means back to
// default. populated: the resource holds a user's data. Null applied: not known, so desired is compared with
// actual alone. Null actual: cannot be read, so there is no drift. References that are still in desired are
// values known after apply: they may turn out to be what is there, so they ask for no more than an update,
// and a run that learns more plans again. A secret that actual does not show has not drifted. defaulted: as
// recorded with applied; a default that applied lacks is asked for if it stands there, and left otherwise.
SpecDiff diff_spec(const Schema& schema, const Json& desired, const Json& applied, const Json& actual,
                   bool populated, const std::vector<std::string>& defaulted = {});

// What an object that nobody was told about is as if it had been told: desired, but for the fields that
// differ.
Json as_found(Json desired, const SpecDiff& diff);

// Of the pointers that nobody wrote, those at which the object is as the defaults say.
std::vector<std::string> defaulted_as_found(std::vector<std::string> defaulted, const SpecDiff& diff);

// What creating with this spec does besides: "start".
std::vector<std::string> operations_of_create(const Schema& schema, const Json& spec);

}  // namespace tenon
