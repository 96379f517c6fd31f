// The seven passes in order. This is the page to read first.
//
//   1 load      load/load.h         text → documents → resources
//   2 complete  plan/complete.h     resources × schemas → validated, with defaults, composites expanded
//   3 resolve   plan/resolve.h      references, requirements, values → graph
//   4 observe   engine/observe.h    graph → observations, in batches, dependencies first
//   5 diff      plan/plan.h         desired × applied × observed × schema → changes
//   6 plan      plan/plan.h         changes × graph × guards → steps
//   7 run       run/executor.h      plan × backends × clock → outcomes, each recorded at once
//
// A driver (framework/cli, framework/operator) only chooses where the resources come from and what wakes it.
#pragma once

#include <string>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/base/diagnostics.h"
#include "framework/inventory/inventory.h"
#include "framework/model/catalog.h"
#include "framework/model/secrets.h"
#include "framework/plan/plan.h"
#include "framework/run/executor.h"

namespace tenon {

// What the passes work with; all of it is owned by the driver and outlives them.
struct World {
  const Catalog& catalog;
  const Backends& backends;
  Inventory& inventory;
  const Clock& clock;
  Vault* vault = nullptr;          // null: secrets stay in the specs
  const Places* places = nullptr;  // where each instance looks; null: that is not recorded
};

// Everything passes 2 to 6 found out.
struct Planned {
  Graph graph;
  std::vector<Owned> owned;
  Observations observations;
  Plan plan;
  bool sealed = false;  // the inventory has secret values, which an apply replaces by their handles
};

// The inventory's rows; handles stand where it has secret values, as inventories of formats 1 and 2 may.
// sealed: set if there were some.
Result<std::vector<Owned>> owned_rows(const World& world, bool& sealed);

// Passes 2 to 6 over the declared resources (pass 1 is the driver's). With errors in diagnostics nothing was
// observed and the plan is empty. The result's error is one of the inventory's.
Result<Planned> make_plan(const World& world, std::vector<Resource> declared, const PlanOptions& options,
                          Diagnostics& diagnostics);

// Passes 2 and 3 only: what `validate` and `graph` need. Without backends of an instance its composites are
// not expanded.
Graph resolve(const World& world, std::vector<Resource> declared, Diagnostics& diagnostics);

// Pass 7.
Result<RunResult> apply(const World& world, const Planned& planned, Reporter& reporter, const StopFlag& stop,
                        const RunOptions& options);

}  // namespace tenon
