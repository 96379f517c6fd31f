// After pass 4: what the plugins of composites say of them, seeing them together with their children and with
// what depends on them (capability "status"). For people; nothing is decided by it.
#pragma once

#include <vector>

#include "framework/backend/backend.h"
#include "framework/model/catalog.h"
#include "framework/model/owned.h"
#include "framework/plan/plan.h"
#include "framework/plan/resolve.h"

namespace tenon {

// Puts reason, message, progress, conditions and notes of the summaries into the observations of composites
// that exist. One that cannot be had is a note. Blocks; one call for each instance.
void add_summaries(const Graph& graph, const std::vector<Owned>& owned, const Catalog& catalog,
                   const Backends& backends, Observations& observations);

}  // namespace tenon
