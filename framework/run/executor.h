// Pass 7, the driver: one owner thread turns the scheduler, commits its records, and hands its calls to a
// bounded pool.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/base/clock.h"
#include "framework/inventory/inventory.h"
#include "framework/run/scheduler.h"

namespace tenon {

// Told from the owner thread what happens. What the user sees goes through this and is tested as output.
class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void step(const Step& step, const StepEvent& event) = 0;
};

// Set by signal handlers: 1 stops softly (start nothing more, let calls return), 2 stops now.
using StopFlag = std::atomic<int>;

struct RunResult {
  std::vector<StepRecord> steps;  // in the order of the plan
  bool interrupted = false;
  std::optional<Error> broken_off;  // the inventory's: it could not be written any more
};

// Makes the calls that the scheduler asks for. The usual one blocks on threads of its own; a test may make
// them in an order and at a time of its choice. Used by the run's owner thread only.
class Caller {
 public:
  virtual ~Caller() = default;
  virtual void start(std::vector<Call> calls) = 0;
  // Answers, as soon as there is one; perhaps none when the time is over.
  virtual std::vector<CallResult> wait(std::chrono::milliseconds time) = 0;
  // More than so many answers are of no use at once.
  virtual void pace([[maybe_unused]] size_t answers) {}
  // What plugins have notified of since this was asked; ends a wait.
  virtual std::set<Address> heard() { return {}; }
  // Changes that have been started here, and have not begun where they are made, are not made any more.
  virtual void hold() {}
};

// The usual one, with so many threads at most. backends outlive it.
std::unique_ptr<Caller> make_workers(const Backends& backends, size_t threads);

// One call, on this thread. `stop` asks it to end early; `hold`, a change that has not begun not to begin.
CallResult make_call(const Backends& backends, const Call& call, std::stop_token stop,
                     std::stop_token hold = {});

// Blocks until the run has finished or was stopped. An error is one of the inventory's, and nothing was
// called. Once something was, such an error breaks the run off: nothing was called that is not recorded.
// Steps that failed are no error here.
Result<RunResult> run(const Plan& plan, const Catalog& catalog, const Backends& backends,
                      Inventory& inventory, const Observations& observations, const Clock& clock,
                      Reporter& reporter, const StopFlag& stop, const RunOptions& options);
// The same with calls made by `caller`.
Result<RunResult> run(const Plan& plan, const Catalog& catalog, Inventory& inventory,
                      const Observations& observations, const Clock& clock, Reporter& reporter,
                      const StopFlag& stop, const RunOptions& options, Caller& caller);

}  // namespace tenon
