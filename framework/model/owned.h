// Owned: what the inventory knows about one resource, and the records by which it changes. Value types.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "framework/base/clock.h"
#include "framework/base/json.h"
#include "framework/base/shared_json.h"
#include "framework/model/address.h"
#include "framework/model/observation.h"

namespace tenon {

// Made durable before a create is called: it says that an object with this nonce may exist and is ours.
struct Intent {
  std::string nonce;
  std::string generation;
  SharedJson spec;                          // as sent
  Existence before = Existence::absent;     // what was observed before the first call
  Time since{};                             // of the first call
  std::vector<std::string> defaulted = {};  // pointers of what nobody had written in spec

  friend bool operator==(const Intent&, const Intent&) = default;
};

// What a plugin may keep of its own in a row, in bytes of JSON.
inline constexpr size_t kPrivateBytes = 4096;

struct Owned {
  Address address;
  std::string instance;
  std::string identity;
  std::string nonce;
  std::string generation;              // as last sent and done; "" before the first create is done
  SharedJson applied;                  // the spec as last applied; null before the first create is done
  std::vector<std::string> defaulted;  // pointers of what nobody had written in applied
  Json private_state;                  // the plugin's own
  std::vector<Address> dependencies;   // what it required when it was last applied: deletion order
  std::optional<Address> parent;       // the composite that it is a child of
  bool protect = false;                // tenon.dev/protect as last applied
  std::string set;                     // --set: what prune and destroy act within; "": the unnamed one
  std::map<std::string, std::string> labels;
  std::optional<Intent> intent;  // open: the create may or may not have happened

  friend bool operator==(const Owned&, const Owned&) = default;
};

// What it was last told to be: as applied, or before the first create is done as its open intent says; null:
// nothing was sent yet.
const SharedJson& sent_spec(const Owned& owned);
// Pointers of what nobody had written in that.
const std::vector<std::string>& sent_defaulted(const Owned& owned);

enum class StepStatus { pending, waiting, running, done, failed, skipped };

std::string_view to_string(StepStatus status);

// The state of one step of a run, as recorded each turn.
struct StepRecord {
  int step = 0;
  StepStatus status = StepStatus::pending;
  std::string reason;              // the unmet requirement; the error; the step that was the cause
  std::optional<double> progress;  // 0 to 1
  std::string seen;                // what counts as progress when it changes
  Time last_progress{};            // when anything last moved: timeouts count from here
  int attempts = 0;

  friend bool operator==(const StepRecord&, const StepRecord&) = default;
};

// The last run: get and describe take what does not exist yet from it. It is not ownership.
struct RunRecord {
  std::string id;
  std::string process;  // "pid 4711 on host", for people
  Time since{};
  std::optional<Time> ended;
  std::string plan;  // as text, written by plan/plan_file.h
  std::vector<StepRecord> steps;
};

// One change of the inventory. The driver commits all records of a turn in one transaction before it starts
// the calls.
struct PutOwned {
  PutOwned(Owned row) : owned(std::make_shared<const Owned>(std::move(row))) {}
  PutOwned(std::shared_ptr<const Owned> row) : owned(std::move(row)) {}

  std::shared_ptr<const Owned> owned;  // not null; many know the same row
};
struct DropOwned {
  Address address;
};
struct BeginRun {
  RunRecord run;
};
struct PutStep {
  std::string run;
  StepRecord step;
};
struct EndRun {
  std::string run;
  Time ended{};
};
// Instance -> the settings that say where it looks, by their JSON pointers.
using Places = std::map<std::string, Json>;
// All of them.
struct PutPlaces {
  Places places;
};
using Record = std::variant<PutOwned, DropOwned, BeginRun, PutStep, EndRun, PutPlaces>;

// What a backend with room for it keeps beside mark and spec, so that the row can be rebuilt: defaulted,
// dependencies, parent, protect, set, labels.
Json record_of(const Owned& owned);
// Throws Json::exception or std::runtime_error: not of this shape.
void read_record(const Json& json, Owned& owned);

Json to_json(const Owned& owned);
// internal: not of this shape (a damaged or newer inventory).
Result<Owned> owned_from_json(const Json& json);

}  // namespace tenon
