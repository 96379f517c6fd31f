#include "framework/run/executor.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <thread>

#include "framework/run/watches.h"

namespace tenon {
namespace {

constexpr std::chrono::minutes kObserveDeadline{1};
constexpr std::chrono::minutes kChangeDeadline{2};
// A signal handler can only set a flag, so the owner thread looks at it.
constexpr std::chrono::milliseconds kStopCheck{50};
// Of one turn, however quickly it is committed.
constexpr size_t kFewResults = 2;

CallResult fail(const Call& call, Error error) {
  if (call.kind == CallKind::observe) return {call.id, Result<Observed>(std::move(error))};
  if (call.kind == CallKind::check) return {call.id, Result<std::vector<Result<Check>>>(std::move(error))};
  return {call.id, Result<Outcome>(std::move(error))};
}

// Makes calls on threads of its own, started as they are needed. Destruction asks every running call to stop
// and waits for it.
class Workers final : public Caller {
 public:
  Workers(const Backends& backends, size_t limit) : backends_(backends), limit_(limit) {}
  ~Workers() override { end(); }

  // Asks no more of them and has those that run stop; returns at once.
  void end() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    stop_.request_stop();
    work_.notify_all();
  }

  void hold() override { hold_.request_stop(); }

  void start(std::vector<Call> calls) override {
    size_t woken = 0;
    {
      const std::lock_guard lock(mutex_);
      for (Call& call : calls) queue_.push_back(std::move(call));
      while (threads_.size() < limit_ && threads_.size() < running_ + queue_.size())
        threads_.emplace_back([this] { run(); });
      woken = std::min(calls.size(), idle_);
    }
    // They need the lock at once.
    for (; woken > 0; --woken) work_.notify_one();
  }

  std::vector<CallResult> wait(std::chrono::milliseconds time) override {
    std::unique_lock lock(mutex_);
    done_.wait_for(lock, time, [this] { return !results_.empty() || !heard_.empty(); });
    std::vector<CallResult> taken;
    while (!results_.empty() && taken.size() < at_once_) {
      taken.push_back(std::move(results_.front()));
      results_.pop_front();
    }
    return taken;
  }

  std::set<Address> heard() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(heard_, {});
  }

  void pace(size_t results) override { at_once_ = results; }

  void hear(const Address& address) {
    const std::lock_guard lock(mutex_);
    if (heard_.insert(address).second) done_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      work_.wait(lock, [this] { return ended_ || !queue_.empty(); });
      --idle_;
      if (ended_) return;
      std::optional<Call> call(std::move(queue_.front()));
      queue_.pop_front();
      ++running_;
      lock.unlock();
      CallResult result = make_call(backends_, *call, stop_.get_token(), hold_.get_token());
      call.reset();
      lock.lock();
      --running_;
      results_.push_back(std::move(result));
      if (results_.size() > 1) continue;  // the owner does not sleep
      lock.unlock();
      done_.notify_one();
      lock.lock();
    }
  }

  const Backends& backends_;
  const size_t limit_;
  std::stop_source stop_, hold_;
  std::mutex mutex_;
  std::condition_variable work_, done_;
  std::deque<Call> queue_;
  std::deque<CallResult> results_;
  size_t at_once_ = std::numeric_limits<size_t>::max();  // the owner's
  std::set<Address> heard_;
  size_t running_ = 0;
  size_t idle_ = 0;  // threads that wait for work
  bool ended_ = false;
  std::vector<std::jthread> threads_;  // last: joined before what they use is gone
};

std::chrono::milliseconds time_until(const std::optional<Time>& wake, Time now) {
  if (!wake) return kStopCheck;
  return std::clamp<std::chrono::milliseconds>(*wake - now, std::chrono::milliseconds(0), kStopCheck);
}

class Driver {
 public:
  Driver(const Plan& plan, Inventory& inventory, const Clock& clock, Reporter& reporter, const StopFlag& stop,
         RunState& state, Caller& caller)
      : plan_(plan),
        inventory_(inventory),
        clock_(clock),
        reporter_(reporter),
        stop_(stop),
        state_(state),
        caller_(caller) {}

  Result<RunResult> run() {
    std::vector<CallResult> results;
    for (int stop = stop_.load(); stop < 2; stop = stop_.load()) {
      if (!heard_.empty()) hear(state_, std::exchange(heard_, {}), clock_.now());
      if (stop > 0) caller_.hold();
      const size_t count = results.size();
      const auto begun = Steady::now();
      Turn turn = next(state_, std::move(results), clock_.now(), stop > 0);
      const auto decided = Steady::now();
      if (Status committed = inventory_.commit(std::move(turn.records)); !committed)
        return give_up(committed.error());
      if (count > 0) caller_.pace(worth(count, decided - begun, Steady::now() - decided));
      tell(turn);
      if (turn.finished) return ended();
      for (const Call& call : turn.calls)
        called_ |= call.kind != CallKind::observe && call.kind != CallKind::check;
      in_flight_ += turn.calls.size();
      caller_.start(std::move(turn.calls));
      results = wait(turn.wake, stop);
    }
    return ended();
  }

 private:
  using Steady = std::chrono::steady_clock;

  // Calls start when their turn has been committed: what it decides besides, they wait for, and what it
  // leaves costs another commit. So a turn decides about as long as it commits.
  static size_t worth(size_t results, Steady::duration deciding, Steady::duration committing) {
    const auto worth = results * committing / std::max(deciding, Steady::duration(1));
    return std::max(kFewResults, static_cast<size_t>(worth));
  }

  // Until there are results, it is time, or somebody has stopped since the turn read `stop`: a turn in
  // between would have nothing to do.
  std::vector<CallResult> wait(const std::optional<Time>& wake, int stop) {
    for (;;) {
      std::vector<CallResult> results = caller_.wait(time_until(wake, clock_.now()));
      in_flight_ -= results.size();
      heard_ = caller_.heard();
      if (!results.empty() || !heard_.empty() || stop_.load() != stop || (wake && clock_.now() >= *wake))
        return results;
    }
  }

  // What is on its way returns first; its results have no place to be recorded, the next run observes them.
  Result<RunResult> give_up(const Error& error) {
    while (in_flight_ > 0 && stop_.load() < 2) {
      in_flight_ -= caller_.wait(kStopCheck).size();
      heard_ = caller_.heard();  // what is heard and not taken ends every wait at once
    }
    if (!called_) return error;
    RunResult result = ended();
    result.broken_off = error;
    return result;
  }

  void tell(const Turn& turn) {
    for (const StepEvent& event : turn.events)
      reporter_.step(plan_.steps[static_cast<size_t>(event.step)], event);
  }

  RunResult ended() const {
    RunResult result{.steps = step_records(state_)};
    result.interrupted = std::any_of(result.steps.begin(), result.steps.end(), [](const StepRecord& step) {
      return step.status == StepStatus::pending || step.status == StepStatus::waiting ||
             step.status == StepStatus::running;
    });
    return result;
  }

  const Plan& plan_;
  Inventory& inventory_;
  const Clock& clock_;
  Reporter& reporter_;
  const StopFlag& stop_;
  RunState& state_;
  Caller& caller_;
  std::set<Address> heard_;
  size_t in_flight_ = 0;
  bool called_ = false;  // something that changes the world
};

Result<std::shared_ptr<RunState>> begin(const Plan& plan, const Catalog& catalog, Inventory& inventory,
                                        const Observations& observations, const RunOptions& options) {
  auto owned = inventory.owned();
  if (!owned) return owned.error();
  const auto before = inventory.last_run();
  if (!before) return before.error();
  return begin_run(plan, catalog, *std::move(owned), observations, options, *before);
}

}  // namespace

std::unique_ptr<Caller> make_workers(const Backends& backends, size_t threads) {
  return std::make_unique<Workers>(backends, threads);
}

CallResult make_call(const Backends& backends, const Call& call, std::stop_token stop, std::stop_token hold) {
  const auto backend = backends.find(call.instance);
  if (backend == backends.end() || !backend->second)
    return fail(call, {Code::failed_precondition, "there is no instance " + call.instance});
  const bool changes_nothing = call.kind == CallKind::observe || call.kind == CallKind::check;
  if (changes_nothing) hold = {};
  if (hold.stop_requested()) return fail(call, {Code::unavailable, "it was stopped before it had begun"});
  const CallContext context{
      .deadline = std::chrono::steady_clock::now() + (changes_nothing ? kObserveDeadline : kChangeDeadline),
      .stop = std::move(stop),
      .hold = std::move(hold)};
  switch (call.kind) {
    case CallKind::observe: return {call.id, backend->second->observe(call.requests, context)};
    case CallKind::check: return {call.id, backend->second->check(call.changes, call.pools, context)};
    case CallKind::create: return {call.id, backend->second->create(call.requests.front(), context)};
    case CallKind::update: return {call.id, backend->second->update(call.requests.front(), context)};
    case CallKind::remove: return {call.id, backend->second->remove(call.requests.front(), context)};
  }
  return fail(call, {Code::internal, "unknown kind of call"});
}

Result<RunResult> run(const Plan& plan, const Catalog& catalog, const Backends& backends,
                      Inventory& inventory, const Observations& observations, const Clock& clock,
                      Reporter& reporter, const StopFlag& stop, const RunOptions& options) {
  // Changes take as many threads as there are slots; looking is bounded by the instances.
  Workers workers(backends, static_cast<size_t>(std::max(1, options.parallelism)) + backends.size());
  const Watches watches(plan, catalog, backends, [&](const Address& address) { workers.hear(address); });
  const auto state = begin(plan, catalog, inventory, observations, options);
  if (!state) return state.error();
  Result<RunResult> result = Driver(plan, inventory, clock, reporter, stop, **state, workers).run();
  workers.end();  // they leave while the state is given back
  return result;
}

Result<RunResult> run(const Plan& plan, const Catalog& catalog, Inventory& inventory,
                      const Observations& observations, const Clock& clock, Reporter& reporter,
                      const StopFlag& stop, const RunOptions& options, Caller& caller) {
  const auto state = begin(plan, catalog, inventory, observations, options);
  return state ? Driver(plan, inventory, clock, reporter, stop, **state, caller).run() : state.error();
}

}  // namespace tenon
