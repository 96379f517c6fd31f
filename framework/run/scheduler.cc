#include "framework/run/scheduler.h"

#include <algorithm>

#include "framework/plan/plan_file.h"
#include "framework/run/carry_out.h"
#include "framework/run/requests.h"
#include "framework/run/run_state.h"

namespace tenon {
namespace {

using namespace scheduling;

// What was seen longer ago is looked at again before anything is decided by it.
constexpr Duration kFresh(50);

size_t at(int index) { return static_cast<size_t>(index); }

void index_plan(RunState& state) {
  for (const Change& change : state.plan.changes) {
    ResourceState& resource = state.resources[change.address];
    resource.change = &change;
    if (!change.instance.empty()) resource.instance = change.instance;
  }
  for (size_t i = 0; i < state.plan.steps.size(); ++i) {
    const Step& step = state.plan.steps[i];
    ResourceState& resource = state.resources[step.address];
    if (!step.instance.empty()) resource.instance = step.instance;
    if (step.kind == StepKind::adopt) resource.adopted = step.identity;
    if (step.kind == StepKind::await) resource.awaited = true;
    if (step.kind == StepKind::create || step.kind == StepKind::update) resource.writer = static_cast<int>(i);
  }
}

void make_steps(RunState& state) {
  const size_t count = state.plan.steps.size();
  state.steps.resize(count);
  state.followers.resize(count);
  state.unfinished = static_cast<int>(count);
  for (size_t i = 0; i < count; ++i) {
    StepState& step = state.steps[i];
    step.record.step = step.told.step = static_cast<int>(i);
    step.open = static_cast<int>(state.plan.steps[i].after.size());
    for (int before : state.plan.steps[i].after) state.followers[at(before)].push_back(static_cast<int>(i));
  }
}

bool waits_alike(const Step& a, const Step& b) {
  return a.await && b.await && a.await->target == b.await->target && a.await->phases == b.await->phases &&
         a.await->contents == b.await->contents;
}

// The plan cannot tell whether it is still to be waited for.
bool is_left_blocked(const RunState& state, const Await& await) {
  const ResourceState* resource = find(state, await.target);
  if (!resource || !resource->change) return state.plan.blocked();
  return resource->change->action == Action::blocked;
}

// A run that was interrupted did not make what it waited for move. One that gave up has said so: this one
// begins anew. What is blocked in this run is waited for again in a later one.
void carry_over(const RunRecord& before, RunState& state) {
  const auto waited = [](const StepRecord& record) {
    const bool open = record.status == StepStatus::waiting || record.status == StepStatus::pending;
    return open && !record.seen.empty();
  };
  if (std::none_of(before.steps.begin(), before.steps.end(), waited)) return;
  const auto plan = plan_from_json(Json::parse(before.plan, nullptr, false));
  if (!plan) return;
  for (const StepRecord& record : before.steps) {
    if (!waited(record) || at(record.step) >= plan->steps.size()) continue;
    const Step& open = plan->steps[at(record.step)];
    bool goes_on = false;
    for (size_t i = 0; i < state.steps.size(); ++i) {
      const Step& step = state.plan.steps[i];
      if (!step.after.empty() || !waits_alike(step, open)) continue;
      state.steps[i].record.seen = record.seen;
      state.steps[i].record.last_progress = record.last_progress;
      goes_on = true;
    }
    if (!goes_on && open.await && is_left_blocked(state, *open.await)) state.left.emplace_back(open, record);
  }
}

// What is left blocked stands behind the steps of the plan, as after an interrupt.
RunRecord record_of_run(const RunState& state) {
  RunRecord run{.id = state.options.id, .process = state.options.process, .since = state.now};
  run.steps = step_records(state);
  if (state.left.empty()) {
    run.plan = record_text(state.plan, *state.catalog);
    return run;
  }
  Plan plan = state.plan;
  for (const auto& [step, record] : state.left) {
    run.steps.push_back(record);
    run.steps.back().step = static_cast<int>(plan.steps.size());
    run.steps.back().status = StepStatus::pending;
    plan.steps.push_back(step);
    plan.steps.back().after.clear();
  }
  run.plan = record_text(plan, *state.catalog);
  return run;
}

void record_begin(RunState& state) {
  state.begun = true;
  state.turn.records.emplace_back(BeginRun{record_of_run(state)});
  for (size_t i = 0; i < state.steps.size(); ++i)
    if (state.steps[i].open == 0) start_step(state, static_cast<int>(i));
}

// Calls may return in another order than they were made in.
bool is_outdated(const ResourceState& resource, int call) {
  return call < resource.seen_by && resource.seen && resource.seen->existence != Existence::unknown;
}

void take_observation(RunState& state, const Address& address, int call, Observation seen) {
  ResourceState& resource = state.resources[address];
  if (is_outdated(resource, call)) return;
  resource.seen_by = call;
  const Observation* latest = latest_of(state, address);
  if (seen.existence != Existence::unknown)
    resource.known.reset();
  else if (!latest || latest->existence != Existence::unknown)
    resource.known = std::make_unique<Observation>(latest ? *latest : Observation());
  resource.seen = std::make_unique<Observation>(std::move(seen));
}

// At those that wait for it.
void count_first_look(RunState& state, int index, int by) {
  for (int follower : state.followers[at(index)]) state.steps[at(follower)].first_looks += by;
}

void take_observations(RunState& state, int call, const Flight& flight, Result<Observed>& answer) {
  for (size_t i = 0; i < flight.addresses.size(); ++i) {
    const bool answered = answer && i < answer->observations.size();
    take_observation(state, flight.addresses[i], call,
                     answered
                         ? std::move(answer->observations[i])
                         : unknown_observation(answer ? Error{Code::internal, "the backend gave no answer"}
                                                      : answer.error()));
  }
  for (int step : flight.along) state.along[step] = state.now;
  for (int step : flight.steps) {
    if (--state.steps[at(step)].looks > 0) continue;
    if (std::exchange(state.steps[at(step)].first_look, false)) count_first_look(state, step, -1);
    carry_out(state, step);
  }
}

void take_result(RunState& state, CallResult& result) {
  const auto it = state.flights.find(result.call);
  if (it == state.flights.end()) return;
  const Flight flight = std::move(it->second);
  state.flights.erase(it);
  if (auto* seen = std::get_if<Result<Observed>>(&result.answer)) {
    if (*seen && !(*seen)->pools.empty()) state.pools[flight.instance] = (*seen)->pools;
    take_observations(state, result.call, flight, *seen);
  } else if (const auto* checks = std::get_if<Result<std::vector<Result<Check>>>>(&result.answer)) {
    take_check(state, flight.steps.front(), *checks);
  } else {
    state.resources[flight.addresses.front()].mutating = false;
    take_outcome(state, flight.steps.front(), flight.kind, std::get<Result<Outcome>>(result.answer));
  }
}

void fire_timers(RunState& state) {
  while (!state.timers.empty() && state.timers.begin()->first <= state.now) {
    const int step = state.timers.begin()->second;
    state.timers.erase(state.timers.begin());
    enqueue(state, step);
  }
}

void admit(RunState& state) {
  while (state.slots > 0 && !state.queue.empty()) {
    const int step = *state.queue.begin();
    state.queue.erase(state.queue.begin());
    state.steps[at(step)].slot = true;
    --state.slots;
    state.looks.insert(step);
  }
}

// What is to be looked at in one instance.
struct Looks {
  std::map<Address, std::vector<int>> targets;  // with the steps that look
  std::vector<int> along;                       // steps that look if it turns out that they may start
};
using LooksByInstance = std::map<std::string, Looks>;

size_t batch_of(const RunState& state, const std::string& instance) {
  const Instance* known = state.catalog->find_instance(instance);
  return known ? static_cast<size_t>(std::max(1, known->manifest->batch)) : 1000;
}

// Whether the next look is the one that mostly finds a create done.
bool is_first_look(const RunState& state, int index) {
  const StepState& step = state.steps[at(index)];
  return step.called && step.polls == 0 && step.unseen == 0 &&
         state.plan.steps[at(index)].kind == StepKind::create;
}

// Whether all that it waits for is looked at just now, and mostly found done. Of what may be there already,
// more is asked than can be told before that.
bool is_next_in_line(const RunState& state, int index) {
  const StepState& step = state.steps[at(index)];
  const StepKind kind = state.plan.steps[at(index)].kind;
  return step.stage == Stage::blocked && step.first_looks == step.open &&
         (kind == StepKind::await ||
          (kind == StepKind::create && !row_of(state, state.plan.steps[at(index)].address)));
}

// Saves it a look of its own.
void look_along(const RunState& state, int index, LooksByInstance& wanted) {
  const std::set<Address> targets = look_targets(state, index);
  const std::string instance = instance_of(state, *targets.begin());
  const auto looks = wanted.find(instance);
  if (looks == wanted.end() || looks->second.targets.size() + targets.size() > batch_of(state, instance) ||
      std::any_of(targets.begin(), targets.end(),
                  [&](const Address& target) { return instance_of(state, target) != instance; }))
    return;
  for (const Address& target : targets) looks->second.targets.try_emplace(target);
  looks->second.along.push_back(index);
}

void look_along(RunState& state, LooksByInstance& wanted) {
  std::set<int> followers;
  for (int step : state.looks) {
    if (!is_first_look(state, step)) continue;
    state.steps[at(step)].first_look = true;
    count_first_look(state, step, 1);
    followers.insert(state.followers[at(step)].begin(), state.followers[at(step)].end());
  }
  for (int follower : followers)
    if (is_next_in_line(state, follower)) look_along(state, follower, wanted);
}

// One call, or as many as the instance's batches need.
void call_looks(RunState& state, const std::string& instance, const Looks& looks) {
  const size_t batch = batch_of(state, instance);
  for (auto target = looks.targets.begin(); target != looks.targets.end();) {
    Call call{.id = state.next_call++, .kind = CallKind::observe, .instance = instance};
    std::set<int> steps;
    Flight flight{.along = looks.along, .instance = instance};
    for (; target != looks.targets.end() && call.requests.size() < batch; ++target) {
      call.requests.push_back(observe_request(state, target->first));
      flight.addresses.push_back(target->first);
      steps.insert(target->second.begin(), target->second.end());
    }
    for (int step : steps) ++state.steps[at(step)].looks;
    call.steps.assign(steps.begin(), steps.end());
    flight.steps = call.steps;
    state.flights.emplace(call.id, std::move(flight));
    state.turn.calls.push_back(std::move(call));
  }
}

// What was looked at for it while it waited is as good as its first look. What it makes was asked about
// without the values that it was to get: that it is absent needs none.
bool take_look_along(RunState& state, int index) {
  const auto seen = state.along.extract(index);
  if (!seen || state.now > seen.mapped() + kFresh) return false;
  const Step& step = state.plan.steps[at(index)];
  const Observation* latest = latest_of(state, step.address);
  return step.kind != StepKind::create || (latest && latest->existence == Existence::absent);
}

// For all steps that look in this turn. Those that have nothing to look at, or have just seen it, are carried
// out.
void issue_looks(RunState& state) {
  LooksByInstance wanted;
  for (int step : state.looks) {
    state.steps[at(step)].stage = Stage::looking;
    if (take_look_along(state, step)) continue;
    for (const Address& target : look_targets(state, step)) {
      const std::string instance = instance_of(state, target);
      if (instance.empty())
        state.resources[target].seen = std::make_unique<Observation>(
            unknown_observation({Code::failed_precondition, "no plugin serves its kind"}));
      else
        wanted[instance].targets[target].push_back(step);
    }
  }
  look_along(state, wanted);
  for (const auto& [instance, looks] : wanted) call_looks(state, instance, looks);
  for (int step : std::exchange(state.looks, {}))
    if (state.steps[at(step)].looks == 0) carry_out(state, step);
}

// A change of status or reason is recorded at once, progress once a second.
void record_steps(RunState& state) {
  std::set<int> later;
  for (int index : state.touched) {
    StepState& step = state.steps[at(index)];
    if (step.record == step.told) continue;
    const bool only_progress =
        step.record.status == step.told.status && step.record.attempts == step.told.attempts;
    if (only_progress && state.now < step.told_at + std::chrono::seconds(1)) {
      later.insert(index);
      continue;
    }
    step.told = step.record;
    step.told_at = state.now;
    state.turn.records.emplace_back(PutStep{state.options.id, step.record});
  }
  state.touched = std::move(later);
}

void record_end(RunState& state) {
  state.ended = true;
  for (int index : state.touched)
    state.turn.records.emplace_back(PutStep{state.options.id, state.steps[at(index)].record});
  state.touched.clear();
  state.turn.records.emplace_back(EndRun{state.options.id, state.now});
}

}  // namespace

std::shared_ptr<RunState> begin_run(const Plan& plan, const Catalog& catalog, std::vector<Owned> owned,
                                    const Observations& observations, const RunOptions& options,
                                    const std::optional<RunRecord>& before) {
  const auto state = std::make_shared<RunState>(RunState{.plan = plan});
  state->catalog = &catalog;
  state->options = options;
  state->slots = std::max(1, options.parallelism);
  state->resources.reserve(observations.size());
  for (const auto& [address, seen] : observations) state->resources[address].planned = &seen;
  for (Owned& row : owned) {
    ResourceState& resource = state->resources[row.address];
    resource.instance = row.instance;
    resource.owned = std::make_shared<const Owned>(std::move(row));
  }
  index_plan(*state);
  make_steps(*state);
  if (before) carry_over(*before, *state);
  return state;
}

Turn next(RunState& state, std::vector<CallResult> results, Time now, bool stopping) {
  state.turn = {};
  state.now = now;
  state.stopping = stopping;
  if (!state.begun) record_begin(state);
  for (CallResult& result : results) take_result(state, result);
  if (!stopping) {
    fire_timers(state);
    do {
      admit(state);
      issue_looks(state);
    } while (!state.looks.empty() || (state.slots > 0 && !state.queue.empty()));
  }
  const bool done = state.unfinished == 0;
  const bool stopped = stopping && state.flights.empty();
  if (stopped) interrupt(state);
  record_steps(state);
  if ((done || stopped) && !state.ended) record_end(state);
  state.turn.finished = done || stopped;
  if (!state.turn.finished && !stopping && !state.timers.empty())
    state.turn.wake = state.timers.begin()->first;
  return std::move(state.turn);
}

void hear(RunState& state, const std::set<Address>& happened, Time now) {
  const auto concerned = [&](int step) {
    const std::set<Address> targets = look_targets(state, step);
    return std::any_of(targets.begin(), targets.end(),
                       [&](const Address& target) { return happened.contains(target); });
  };
  // What is being looked at just now may be seen as it was before, and what has been was.
  for (auto& [id, flight] : state.flights) {
    for (int step : flight.steps)
      if (flight.kind == CallKind::observe && concerned(step)) state.steps[at(step)].polls = 0;
    std::erase_if(flight.along, concerned);
  }
  std::erase_if(state.along, [&](const auto& seen) { return concerned(seen.first); });
  std::vector<std::pair<Time, int>> hurried;
  std::erase_if(state.timers, [&](const std::pair<Time, int>& timer) {
    const StepState& step = state.steps[at(timer.second)];
    const bool backs_off = step.last_error || step.unseen > 0;
    if (backs_off || !concerned(timer.second)) return false;
    hurried.emplace_back(std::min(timer.first, next_tick(now)), timer.second);
    return true;
  });
  for (const auto& timer : hurried) {
    state.steps[at(timer.second)].polls = 0;
    state.timers.insert(timer);
  }
}

std::vector<StepRecord> step_records(const RunState& state) {
  std::vector<StepRecord> records;
  for (const StepState& step : state.steps) records.push_back(step.record);
  return records;
}

}  // namespace tenon
