// What a run knows: private to framework/run. scheduler.cc owns the turn, decide*.cc judge single steps,
// requests.cc builds what is sent.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "framework/run/scheduler.h"

namespace tenon {

// Where a step stands between turns.
enum class Stage {
  blocked,  // steps before it are not done
  queued,   // wants a slot
  looking,  // an observe call is on its way
  calling,  // its check or its mutating call is on its way
  pausing,  // a timer will wake it
  ended,
};

// A spec on its way to the backend: sent, and not yet recorded as done.
struct Sent {
  std::string nonce;
  std::string generation;
  SharedJson spec;
  std::string identity;
  Json private_state;
};

struct StepState {
  Stage stage = Stage::blocked;
  int open = 0;                 // steps before it that are not done
  int looks = 0;                // observe calls on their way
  bool first_look = false;      // they are the first after its create
  int first_looks = 0;          // of the steps before it, how many that is true of
  bool slot = false;            // counts against the parallelism
  bool called = false;          // the mutating call has returned well: its effect is to be observed
  bool checked = false;         // there is room for it, as far as its instance knows
  std::vector<Demand> demands;  // what that room is
  bool ongoing = false;         // it said that it had not done everything yet
  int polls = 0;                // times in a row it was found unfinished
  int unseen = 0;               // times in a row something could not be looked at
  int failures = 0;             // failed calls
  int resumes = 0;              // times its worker was found dead
  Time quiet_since{};           // no call of it is on its way
  std::optional<Time> resume_at;
  std::optional<Error> last_error;
  StepRecord record;
  StepRecord told;  // as last recorded
  Time told_at{};
};

// A call on its way.
struct Flight {
  CallKind kind = CallKind::observe;
  std::vector<Address> addresses;
  std::vector<int> steps;
  std::vector<int> along = {};  // steps that need no look of their own if they start soon after the answer
  std::string instance = {};    // of an observe
};

// What is known of one address.
struct ResourceState {
  const Change* change = nullptr;        // of the plan
  const Observation* planned = nullptr;  // what the plan was made from
  int writer = -1;                       // the create or update step; none: -1
  bool awaited = false;                  // some await step looks whether it gets ready
  bool mutating = false;                 // a call that changes it is on its way
  std::string instance;                  // "": that is for its route to say
  std::string adopted;                   // identity of what is adopted
  std::shared_ptr<const Owned> owned;
  std::unique_ptr<Observation> seen;   // the latest of this run
  int seen_by = 0;                     // the call that it is of
  std::unique_ptr<Observation> known;  // where that is unknown: the latest that was not
  std::unique_ptr<Sent> sent;
};

struct RunState {
  const Plan& plan;
  const Catalog* catalog = nullptr;
  RunOptions options;

  std::unordered_map<Address, ResourceState> resources;
  std::map<std::string, Pools> pools;  // by instance, the latest
  std::vector<std::vector<int>> followers;
  // From the first move on, for what has moved or is to: rows that have named it, if only for a while.
  std::unordered_map<Address, std::set<Address>> named_by;

  // Awaits of the last run whose targets are blocked in this one.
  std::vector<std::pair<Step, StepRecord>> left;

  std::vector<StepState> steps;
  std::set<int> queue;        // want a slot
  std::set<int> looks;        // to be looked at in this turn
  std::set<int> touched;      // have something to record
  std::map<int, Time> along;  // wait, and all that they look at was seen then, with what they wait for
  std::set<std::pair<Time, int>> timers;
  std::map<int, Flight> flights;
  int slots = 0;  // free
  int next_call = 1;
  int unfinished = 0;
  bool begun = false;
  bool ended = false;

  // The turn in the making.
  Turn turn;
  Time now{};
  bool stopping = false;
};

}  // namespace tenon
