// A whole run in virtual time on one thread, for tests: scheduler, fake backend, inventory in memory.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "framework/backend/fake.h"
#include "framework/backend/fake_clock.h"
#include "framework/inventory/memory.h"
#include "framework/model/secrets.h"
#include "framework/plan/complete.h"
#include "framework/plan/plan.h"
#include "framework/run/scheduler.h"

namespace tenon {

// Serves test/Slow (later: true) and test/Fast. Spec: size (live), fixed (replace), grows (never less), from
// (anything), key (a secret), pin (a secret; replace); slow and fast: names of what it requires to be ready;
// hasty: a Slow that it waits 90 s for, and not at all once it is Odd.
Catalog simulated_catalog();

struct Simulated {
  std::vector<StepRecord> steps;
  std::vector<Call> calls;  // in the order started
  std::vector<StepEvent> events;
  std::vector<size_t> calls_at;  // per event: how many calls had been started
  bool killed = false;
  bool stuck = false;       // nothing on its way, nothing to wait for, not finished; or no end to it
  int most_calls = 0;       // mutating, on their way at once
  bool overlapped = false;  // two mutating calls of one address, or of one object, at once
  int unknowns = 0;         // observations that came back unknown
  int rows = 0;             // of the inventory that it wrote
  std::set<Address> heard;  // what it was told of
  // Of the mutating calls that started: how their address was last observed in this run (unknown: nobody
  // looked), and their error (none: they succeeded). A call that was on its way when its run died has no
  // answer.
  std::map<int, Existence> seen_before;
  std::map<int, std::optional<Code>> answers;
};

// What a backend tells of by itself, and when: true or not.
using Events = std::multimap<Time, Address>;

struct SimulationOptions {
  std::mt19937* random = nullptr;  // the order in which calls return; null: as started
  int kill_after = -1;             // commits and calls; then the run is dead
  std::function<bool()> stopping = [] { return false; };
  int parallelism = 10;
  Events* events = nullptr;  // taken as they are told; null: nobody tells anything
  // A broken driver. distort: changes an answer on its way. abandons: the run is told that nobody knows what
  // became of the call, which goes on for some seconds more.
  std::function<void(const Call&, const Simulated&, CallResult&)> distort = nullptr;
  std::function<bool(const Call&)> abandons = nullptr;
};

class Simulation {
 public:
  Simulation() : Simulation(simulated_catalog()) {}
  // Without expand nothing has children.
  explicit Simulation(Catalog kinds, Expand children = nullptr);

  Observations observe(const Graph& graph);
  // Passes 2 to 6.
  Plan plan(std::vector<Resource> desired, const PlanOptions& options = {});
  // The pools as they are now, and who is asked about them.
  Capacity capacity();
  // What the last plan was made from.
  const Graph& graph() const { return graph_; }
  const Observations& observations() const { return observations_; }
  const Diagnostics& diagnostics() const { return diagnostics_; }
  // Passes 2 and 3.
  Graph resolved(std::vector<Resource> desired, const std::vector<Owned>& owned, Diagnostics& diagnostics,
                 const PlanOptions& options = {}) const;
  // Pass 7. Calls that were on their way when the run was killed are made or not, as chance has it.
  Simulated run(const Plan& plan, const SimulationOptions& options = {});

  FakeClock clock;
  MemoryInventory inventory;
  // Another one: the inventory's key is lost.
  std::unique_ptr<Vault> vault = std::make_unique<Vault>("key of the simulation");
  const Catalog catalog;
  FakeBackend backend;
  CheckChanges check;  // the backend's, if nobody sets another one

 private:
  const Expand expand_;
  Graph graph_;
  Observations observations_;
  Diagnostics diagnostics_;
  int runs_ = 0;
};

Address slow(const std::string& name);
Address fast(const std::string& name);
Resource resource(const Address& address, Json spec = Json::object());

}  // namespace tenon
