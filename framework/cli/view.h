// What `get` and `describe` look at: what is owned and observed, joined with what the last run has yet to
// make.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/engine/engine.h"

namespace tenon {

enum class Readiness { yes, no, unknown };

struct Item {
  Address address;
  std::string instance;
  std::optional<Address> parent;
  Observation observation;
  std::optional<Owned> owned;
  std::string set;
  std::map<std::string, std::string> labels;
  // Of the last run, as far as it concerned this address.
  std::vector<std::pair<Step, StepRecord>> steps;
  std::string blocked;  // why the last run did nothing about it
  std::vector<Edge> requirements;

  std::string phase;   // the kind's word; Pending, Failed, Missing or Unknown for what is not there
  std::string reason;  // why, in a few words; what it waits for
  Readiness ready = Readiness::unknown;
};

struct View {
  std::vector<Item> items;  // by address
  Observations observations;
  std::optional<Error> unread;  // why nothing is said of the last run
};

// Takes no lock: shows another process's run while it works. An error is one of the inventory's rows; without
// the record of the last run, what it has yet to make is missing.
Result<View> look(const World& world);

}  // namespace tenon
