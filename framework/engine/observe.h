// Pass 4: what exists now, of everything in a graph. Dependencies are looked at before those that need their
// outputs; per instance in batches, instances at the same time.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/model/catalog.h"
#include "framework/model/owned.h"
#include "framework/plan/plan.h"
#include "framework/plan/resolve.h"

namespace tenon {

struct ObserveOptions {
  int threads = 8;  // batches looked at at the same time, over all instances
  std::chrono::milliseconds deadline = std::chrono::seconds(60);  // of one batch
};

// One observation for every address of graph.order. What could not be looked at, for whatever reason, is
// unknown with the error. Blocks; calls backends from up to options.threads threads and joins them before it
// returns. pools: what each instance has room for goes there.
Observations observe(const Graph& graph, const std::vector<Owned>& owned, const std::string& inventory,
                     const Catalog& catalog, const Backends& backends, const ObserveOptions& options = {},
                     std::map<std::string, Pools>* pools = nullptr);

}  // namespace tenon
