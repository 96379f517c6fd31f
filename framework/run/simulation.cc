#include "framework/run/simulation.h"

#include <algorithm>

#include "framework/plan/resolve.h"

namespace tenon {
namespace {

// Of a run that would never end. An hour of waiting takes less.
constexpr int kTurns = 20000;

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "fake", "version": "1", "capabilities": ["list", "adopt", "move", "check"], "kinds": [
    {"group": "test", "kind": "Slow", "plural": "slows", "versions": ["v1"],
     "ready": {"phases": ["Ready"], "failing": ["Failed"], "later": true, "timeout": "1h"},
     "schema": SCHEMA, "requirements": REQUIREMENTS},
    {"group": "test", "kind": "Fast", "plural": "fasts", "versions": ["v1"],
     "ready": {"phases": ["Ready"], "failing": ["Failed"], "timeout": "1h"},
     "schema": SCHEMA, "requirements": REQUIREMENTS}]})";

constexpr const char* kSchema = R"({"type": "object", "properties": {
  "size": {"type": "integer"}, "fixed": {"type": "integer", "x-update": "replace"}, "from": {"type": "string"},
  "key": {"type": "string", "x-secret": true}, "pin": {"type": "string", "x-secret": true, "x-update": "replace"},
  "grows": {"type": "integer", "x-decrease": "refuse"}, "hasty": {"type": "string"},
  "tuning": {"type": "object", "properties": {"tier": {"type": "string", "default": "plain"}}},
  "slow": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
  "fast": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}}})";

constexpr const char* kRequirements = R"([
  {"name": "slow", "path": "/slow/*", "target": "test/Slow", "guards": ["create", "update"]},
  {"name": "fast", "path": "/fast/*", "target": "test/Fast", "guards": ["create", "update"]},
  {"name": "hasty", "path": "/hasty", "target": "test/Slow", "failing": ["Odd"], "timeout": "90s"}])";

std::string with(std::string text, const std::string& word, const std::string& value) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word))
    text.replace(at, word.size(), value);
  return text;
}

// The calls on their way, and what comes of them.
class InFlight {
 public:
  InFlight(FakeBackend& backend, std::mt19937* random) : backend_(backend), random_(random) {}

  void add(std::vector<Call> calls, Simulated& result) {
    for (Call& call : calls) {
      if (is_mutating(call)) result.seen_before[call.id] = seen(call.requests.front().address);
      if (is_mutating(call) && !mutating_.insert(call.requests.front().address).second)
        result.overlapped = true;
      pending_.push_back(std::move(call));
    }
    result.most_calls = std::max(result.most_calls, static_cast<int>(mutating_.size()));
  }
  bool empty() const { return pending_.empty(); }

  CallResult make_one(Simulated& result) {
    const size_t index = random_ ? (*random_)() % pending_.size() : 0;
    const Call call = std::move(pending_[index]);
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
    if (is_mutating(call)) mutating_.erase(call.requests.front().address);
    CallResult made = make(call);
    note(call, made, result);
    return made;
  }

  // The run is dead; its hosts are not.
  void make_some() {
    Simulated nobody;
    while (!empty())
      if (random_ && (*random_)() % 2 == 0)
        make_one(nobody);
      else
        pending_.pop_back();
  }

 private:
  static bool is_mutating(const Call& call) {
    return call.kind != CallKind::observe && call.kind != CallKind::check;
  }

  CallResult make(const Call& call) {
    switch (call.kind) {
      case CallKind::observe: return {call.id, backend_.observe(call.requests, {})};
      case CallKind::check: return {call.id, backend_.check(call.changes, call.pools, {})};
      case CallKind::create: return {call.id, backend_.create(call.requests.front(), {})};
      case CallKind::update: return {call.id, backend_.update(call.requests.front(), {})};
      case CallKind::remove: break;
    }
    return {call.id, backend_.remove(call.requests.front(), {})};
  }

  Existence seen(const Address& address) const {
    const auto seen = seen_.find(address);
    return seen == seen_.end() ? Existence::unknown : seen->second;
  }

  void note(const Call& call, const CallResult& made, Simulated& result) {
    const auto* seen = std::get_if<Result<Observed>>(&made.answer);
    if (const auto* outcome = std::get_if<Result<Outcome>>(&made.answer))
      result.answers[call.id] = *outcome ? std::nullopt : std::optional<Code>(outcome->error().code);
    for (size_t i = 0; seen && *seen && i < (*seen)->observations.size(); ++i) {
      const Existence existence = (*seen)->observations[i].existence;
      seen_[call.requests[i].address] = existence;
      if (existence == Existence::unknown) ++result.unknowns;
    }
  }

  FakeBackend& backend_;
  std::mt19937* random_;
  std::vector<Call> pending_;
  std::map<Address, Existence> seen_;
  std::set<Address> mutating_;
};

void keep(const Turn& turn, Simulated& result) {
  for (const StepEvent& event : turn.events) {
    result.events.push_back(event);
    result.calls_at.push_back(result.calls.size());
  }
  result.calls.insert(result.calls.end(), turn.calls.begin(), turn.calls.end());
}

}  // namespace

Catalog simulated_catalog() {
  auto manifest = parse_manifest(with(with(kManifest, "SCHEMA", kSchema), "REQUIREMENTS", kRequirements));
  return Catalog({{"fake", std::make_shared<const Manifest>(std::move(manifest.value()))}}, {});
}

Observations Simulation::observe(const Graph& graph) {
  Observations observations;
  std::map<Address, std::string> identities;
  const auto owned = inventory.owned().value();
  for (const Owned& row : owned) identities[row.address] = row.identity;
  for (const Address& address : graph.order)
    observations[address] =
        backend.observe({Request{.address = address, .identity = identities[address]}}, {})
            .value()
            .observations.front();
  return observations;
}

Simulation::Simulation(Catalog kinds, Expand children)
    : catalog(std::move(kinds)),
      backend(clock),
      expand_(
          children ? std::move(children) : [](const std::string&, const std::vector<Resource>& resources) {
            return std::vector<Result<std::vector<ChildSpec>>>(resources.size(), std::vector<ChildSpec>());
          }) {}

Graph Simulation::resolved(std::vector<Resource> desired, const std::vector<Owned>& owned,
                           Diagnostics& diagnostics, const PlanOptions& options) const {
  desired = complete(std::move(desired), owned, catalog, {expand_, {}}, diagnostics, vault.get());
  add_undeclared(options, catalog, desired);
  return resolve(std::move(desired), owned, catalog, diagnostics);
}

Plan Simulation::plan(std::vector<Resource> desired, const PlanOptions& options) {
  const auto owned = inventory.owned().value();
  diagnostics_.clear();
  graph_ = resolved(std::move(desired), owned, diagnostics_, options);
  observations_ = observe(graph_);
  Capacity capacity;
  capacity.pools["fake"] = backend.observe({}, {}).value().pools;
  capacity.check = [this](const std::string&, const auto& changes, const Pools& pools) {
    return backend.check(changes, pools, {}).value();
  };
  Plan plan = make_plan(graph_, observations_, owned, inventory.uuid(), catalog, options, capacity);
  for (const Diagnostic& diagnostic : diagnostics_) plan.notes.push_back(to_string(diagnostic));
  return plan;
}

Simulated Simulation::run(const Plan& plan, const SimulationOptions& options) {
  Simulated result;
  const RunOptions run{
      .id = "run-" + std::to_string(++runs_), .process = "test", .parallelism = options.parallelism};
  const auto state =
      begin_run(plan, catalog, inventory.owned().value(), observations_, run, inventory.last_run().value());
  InFlight flights(backend, options.random);
  std::vector<CallResult> results;
  int left = options.kill_after;
  const auto killed = [&left] { return left >= 0 && left-- == 0; };
  for (int turns = 0;; ++turns) {
    const Turn turn = next(*state, std::move(results), clock.now(), options.stopping());
    results.clear();
    result.steps = step_records(*state);
    if ((result.killed = killed())) break;
    if (!turn.records.empty() && !inventory.commit(turn.records)) break;
    keep(turn, result);
    if (turn.finished) return result;
    if ((result.stuck = turns > kTurns)) return result;
    if ((result.killed = killed())) break;
    flights.add(turn.calls, result);
    if (!flights.empty()) {
      results.push_back(flights.make_one(result));
    } else if (turn.wake) {
      clock.advance_to(std::max(clock.now(), *turn.wake));
    } else {
      result.stuck = true;
      return result;
    }
  }
  flights.make_some();
  return result;
}

Address slow(const std::string& name) { return {"test", "Slow", "default", name}; }
Address fast(const std::string& name) { return {"test", "Fast", "default", name}; }

Resource resource(const Address& address, Json spec) {
  return {.address = address, .version = "v1", .instance = "", .spec = std::move(spec)};
}

}  // namespace tenon
