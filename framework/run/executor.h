// Pass 7, the driver: one owner thread turns the scheduler, commits its records, and hands its calls to a
// bounded pool.
#pragma once

#include <atomic>
#include <functional>

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
};

// Blocks until the run has finished or was stopped. An error is one of the inventory's: nothing was called
// that is not recorded. Steps that failed are no error here.
Result<RunResult> run(const Plan& plan, const Catalog& catalog, const Backends& backends,
                      Inventory& inventory, const Observations& observations, const Clock& clock,
                      Reporter& reporter, const StopFlag& stop, const RunOptions& options);

}  // namespace tenon
