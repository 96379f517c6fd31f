#include "framework/run/simulation.h"

#include <algorithm>

#include "framework/plan/resolve.h"

namespace tenon {
namespace {

// Of a run that would never end. An hour of waiting takes less.
constexpr int kTurns = 20000;
constexpr std::chrono::seconds kAbandoned{5};

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
  InFlight(FakeBackend& backend, const Clock& clock, const SimulationOptions& options)
      : backend_(backend), clock_(clock), random_(options.random), options_(options) {}

  void add(std::vector<Call> calls, Simulated& result) {
    for (Call& call : calls) {
      if (is_mutating(call)) begin(call, result);
      pending_.push_back({std::move(call)});
    }
    result.most_calls = std::max(result.most_calls, static_cast<int>(mutating_.size()));
  }
  bool empty() const { return ready().empty(); }

  // When an abandoned call ends.
  std::optional<Time> next_end() const {
    std::optional<Time> first;
    for (const Pending& pending : pending_)
      if (pending.ends && (!first || *pending.ends < *first)) first = pending.ends;
    return first;
  }

  CallResult make_one(Simulated& result) {
    const std::vector<size_t> ready = this->ready();
    const size_t index = ready[random_ ? (*random_)() % ready.size() : 0];
    if (is_abandoned(pending_[index])) {
      pending_[index].ends = clock_.now() + kAbandoned;
      return {pending_[index].call.id, Result<Outcome>(Error{Code::deadline_exceeded, "it takes too long"})};
    }
    const Call call = std::move(pending_[index].call);
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
    if (is_mutating(call)) end(call);
    CallResult made = make(call);
    if (options_.distort) options_.distort(call, result, made);
    note(call, made, result);
    return made;
  }

  // The run is dead; its hosts are not.
  void make_some() {
    while (!pending_.empty()) {
      if (random_) std::swap(pending_[(*random_)() % pending_.size()], pending_.back());
      if (random_ && (*random_)() % 2 == 0) make(pending_.back().call);
      pending_.pop_back();
    }
  }

 private:
  struct Pending {
    Call call;
    std::optional<Time> ends;  // abandoned, and under way until then
  };

  std::vector<size_t> ready() const {
    std::vector<size_t> ready;
    for (size_t i = 0; i < pending_.size(); ++i)
      if (!pending_[i].ends || *pending_[i].ends <= clock_.now()) ready.push_back(i);
    return ready;
  }

  static bool is_mutating(const Call& call) {
    return call.kind != CallKind::observe && call.kind != CallKind::check;
  }

  bool is_abandoned(const Pending& pending) const {
    return options_.abandons && !pending.ends && is_mutating(pending.call) && options_.abandons(pending.call);
  }

  // What moves is looked at where it was.
  void begin(const Call& call, Simulated& result) {
    const Request& request = call.requests.front();
    result.seen_before[call.id] = seen(request.from.value_or(request.address));
    const bool alone = !mutating_.contains(request.address) &&
                       (request.identity.empty() || !changing_.contains(request.identity));
    if (!alone) result.overlapped = true;
    mutating_.insert(request.address);
    changing_.insert(request.identity);
  }

  void end(const Call& call) {
    mutating_.extract(call.requests.front().address);
    changing_.extract(call.requests.front().identity);
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
  const Clock& clock_;
  std::mt19937* random_;
  const SimulationOptions& options_;
  std::vector<Pending> pending_;
  std::map<Address, Existence> seen_;
  std::multiset<Address> mutating_;
  std::multiset<std::string> changing_;  // identities
};

// Those that are due.
std::set<Address> take_told(Events& events, Time now) {
  std::set<Address> told;
  for (; !events.empty() && events.begin()->first <= now; events.erase(events.begin()))
    told.insert(events.begin()->second);
  return told;
}

void keep(const Turn& turn, Simulated& result) {
  for (const StepEvent& event : turn.events) {
    result.events.push_back(event);
    result.calls_at.push_back(result.calls.size());
  }
  result.calls.insert(result.calls.end(), turn.calls.begin(), turn.calls.end());
  result.rows +=
      static_cast<int>(std::count_if(turn.records.begin(), turn.records.end(), [](const Record& record) {
        return std::holds_alternative<PutOwned>(record);
      }));
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
  Plan plan = make_plan(graph_, observations_, owned, inventory.uuid(), catalog, options, capacity());
  for (const Diagnostic& diagnostic : diagnostics_) plan.notes.push_back(to_string(diagnostic));
  return plan;
}

Capacity Simulation::capacity() {
  Capacity capacity;
  capacity.pools["fake"] = backend.observe({}, {}).value().pools;
  capacity.check = check ? check : [this](const std::string&, const auto& changes, const Pools& pools) {
    return backend.check(changes, pools, {}).value();
  };
  return capacity;
}

Simulated Simulation::run(const Plan& plan, const SimulationOptions& options) {
  Simulated result;
  const RunOptions run{
      .id = "run-" + std::to_string(++runs_), .process = "test", .parallelism = options.parallelism};
  const auto state =
      begin_run(plan, catalog, inventory.owned().value(), observations_, run, inventory.last_run().value());
  InFlight flights(backend, clock, options);
  std::vector<CallResult> results;
  int left = options.kill_after;
  const auto killed = [&left] { return left >= 0 && left-- == 0; };
  for (int turns = 0;; ++turns) {
    if (options.events) {
      const std::set<Address> told = take_told(*options.events, clock.now());
      if (!told.empty()) hear(*state, told, clock.now());
      result.heard.insert(told.begin(), told.end());
    }
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
      Time then = *turn.wake;
      if (options.events && !options.events->empty()) then = std::min(then, options.events->begin()->first);
      if (const auto end = flights.next_end()) then = std::min(then, *end);
      clock.advance_to(std::max(clock.now(), then));
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
