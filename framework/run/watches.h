// Has plugins tell when something happens to what a run is about, so that it looks then and not only after a
// while (capability "watch").
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/model/catalog.h"
#include "framework/plan/plan.h"

namespace tenon {

// Made and destroyed by the run's owner thread.
class Watches {
 public:
  // Asks each instance that can, once, on a thread of its own; whether it does so is nobody's concern. hear:
  // called from any thread, until this object is gone. plan and backends outlive it.
  Watches(const Plan& plan, const Catalog& catalog, const Backends& backends, Listener hear);
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

 private:
  struct Ear;
  const std::shared_ptr<Ear> ear_;  // a plugin may notify of something when this object is gone
  std::vector<std::jthread> asking_;
};

}  // namespace tenon
