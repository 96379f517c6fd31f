// Pass 7, the pure half: what to record and what to call next. The other pure function of Tenon's heart;
// executor.h is its driver.
//
// Waiting is a returned time, never a sleeping thread. Nothing here survives a restart: a new run plans again
// from the world and the inventory.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/base/clock.h"
#include "framework/model/catalog.h"
#include "framework/model/change.h"
#include "framework/model/owned.h"
#include "framework/plan/plan.h"

namespace tenon {

struct RunOptions {
  std::string id;       // UUID; nonces are derived from it
  std::string process;  // for people
  int parallelism = 10;
};

enum class CallKind { observe, check, create, update, remove };

struct Call {
  int id = 0;
  CallKind kind = CallKind::observe;
  std::string instance;
  std::vector<Request> requests;       // one, unless observe; of a check none
  std::vector<PlannedChange> changes;  // of a check: one
  Pools pools;
  std::vector<int> steps;  // on whose behalf, for the report
};

struct CallResult {
  int call = 0;
  // Of an observe; of a check, one for each change; of any other an outcome.
  std::variant<Result<Observed>, Result<std::vector<Result<Check>>>, Result<Outcome>> answer;
};

// What changed for one step in this turn: for the report.
struct StepEvent {
  int step = 0;
  StepStatus status = StepStatus::pending;
  std::string text;  // reason, error or phase
  std::optional<double> progress;
};

struct Turn {
  std::vector<Record> records;  // to be committed before the calls start
  std::vector<Call> calls;
  std::vector<StepEvent> events;
  std::optional<Time> wake;  // call next again then, at the latest
  bool finished = false;
};

// Everything a run knows. Made by begin_run, changed by next only.
struct RunState;

// The plan must not be refused; it and the observations outlive the state. owned and observations are those
// it was made from. before: the run before this one; what it waited for in vain when it was interrupted has
// waited so long already.
std::shared_ptr<RunState> begin_run(const Plan& plan, const Catalog& catalog, std::vector<Owned> owned,
                                    const Observations& observations, const RunOptions& options,
                                    const std::optional<RunRecord>& before = {});

// One turn. results: of calls started by earlier turns. now: never earlier than in the turn before. stopping:
// start nothing more, let calls return (Ctrl-C once). The first turn records the run's begin.
Turn next(RunState& state, std::vector<CallResult> results, Time now, bool stopping);

// Something may have happened to these: what waits for one of them looks again at the next tick, if its
// turn is not earlier. A hint, that changes nothing else; what backs off after an error is left to it.
void hear(RunState& state, const std::set<Address>& happened, Time now);

// How each step ended, in the order of the plan.
std::vector<StepRecord> step_records(const RunState& state);

}  // namespace tenon
