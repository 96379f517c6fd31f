#include "framework/run/carry_out.h"

#include <algorithm>

#include "framework/base/durations.h"
#include "framework/model/pointer.h"
#include "framework/model/resource.h"
#include "framework/plan/capacity.h"
#include "framework/run/decide.h"
#include "framework/run/requests.h"
#include "framework/run/retry.h"

namespace tenon::scheduling {
namespace {

constexpr Duration kGrid(50);
// An object whose worker ended is given this many workers more.
constexpr Code kDeadWorker = Code::unavailable;

size_t at(int index) { return static_cast<size_t>(index); }

const Step& plan_step(const RunState& state, int index) { return state.plan.steps[at(index)]; }

// Tells the report and the record, where something changed.
void set_status(RunState& state, int index, StepStatus status, const std::string& reason,
                std::optional<double> progress = {}) {
  StepRecord& record = state.steps[at(index)].record;
  if (record.status == status && record.reason == reason && record.progress == progress) return;
  record.status = status;
  record.reason = reason;
  record.progress = progress;
  state.turn.events.push_back({.step = index, .status = status, .text = reason, .progress = progress});
  state.touched.insert(index);
}

void release_slot(RunState& state, int index) {
  if (std::exchange(state.steps[at(index)].slot, false)) ++state.slots;
}

void pause_until(RunState& state, int index, Time time) {
  release_slot(state, index);
  state.steps[at(index)].stage = Stage::pausing;
  state.timers.emplace(next_tick(time), index);
}

void end_step(RunState& state, int index, StepStatus status, const std::string& reason) {
  release_slot(state, index);
  state.steps[at(index)].stage = Stage::ended;
  --state.unfinished;
  const auto progress = status == StepStatus::failed ? state.steps[at(index)].record.progress : std::nullopt;
  set_status(state, index, status, reason, progress);
}

void finish_step(RunState& state, int index) {
  end_step(state, index, StepStatus::done, "");
  for (int follower : state.followers[at(index)])
    if (--state.steps[at(follower)].open == 0) start_step(state, follower);
}

// Skips every descendant, each once, naming the one cause.
void fail_step(RunState& state, int index, const std::string& reason) {
  end_step(state, index, StepStatus::failed, reason);
  const Step& step = plan_step(state, index);
  const std::string cause = std::string(to_string(step.kind)) + " of " + to_string(step.address) + " failed";
  std::vector<int> next = state.followers[at(index)];
  while (!next.empty()) {
    const int skipped = next.back();
    next.pop_back();
    if (state.steps[at(skipped)].stage == Stage::ended) continue;
    end_step(state, skipped, StepStatus::skipped, cause);
    next.insert(next.end(), state.followers[at(skipped)].begin(), state.followers[at(skipped)].end());
  }
}

// Where it names what moves.
void note_names(RunState& state, const Owned& row) {
  const auto note = [&](const Address& target) {
    if (const auto moving = state.named_by.find(target); moving != state.named_by.end())
      moving->second.insert(row.address);
  };
  if (row.parent) note(*row.parent);
  for (const Address& target : row.dependencies) note(target);
}

void note_all_names(RunState& state) {
  for (const Step& step : state.plan.steps)
    if (step.kind == StepKind::move) state.named_by[*step.from];
  for (const auto& [address, resource] : state.resources)
    if (resource.owned) note_names(state, *resource.owned);
}

bool names(const Owned& row, const Address& target) {
  return row.parent == target ||
         std::find(row.dependencies.begin(), row.dependencies.end(), target) != row.dependencies.end();
}

void put_owned(RunState& state, Owned row) {
  if (!state.named_by.empty()) note_names(state, row);
  const auto owned = std::make_shared<const Owned>(std::move(row));
  state.turn.records.emplace_back(PutOwned{owned});
  state.resources[owned->address].owned = owned;
}

// Durable before the call: an object with this nonce may exist and is ours.
void record_intent(RunState& state, const Step& step, const Sent& sent) {
  const Owned* known = row_of(state, step.address);
  Owned row = row_after(state, step);
  const bool open = row.intent && row.intent->nonce == sent.nonce;
  const Observation* seen = latest_of(state, step.address);
  Intent intent{.nonce = sent.nonce,
                .generation = sent.generation,
                .spec = sent.spec,
                .since = state.now,
                .defaulted = step.defaulted};
  intent.before = seen ? seen->existence : Existence::unknown;
  if (open) {
    intent.before = row.intent->before;
    intent.since = row.intent->since;
  }
  row.intent = std::move(intent);
  // Only by its identity is it found again, whatever its name is.
  if (step.kind == StepKind::adopt) row.identity = seen->identity;
  // Until the call has succeeded, what exists may still hold what it was made with.
  row.defaulted = known ? known->defaulted : std::vector<std::string>();
  if (known)
    for (const Address& target : known->dependencies)
      if (std::find(row.dependencies.begin(), row.dependencies.end(), target) == row.dependencies.end())
        row.dependencies.push_back(target);
  if (!known || !(row == *known)) put_owned(state, std::move(row));
}

void record_applied(RunState& state, const Step& step, const Sent& sent) {
  Owned row = row_after(state, step);
  const Observation& seen = self_of(state, step.address);
  if (!sent.identity.empty()) row.identity = sent.identity;
  if (!seen.identity.empty()) row.identity = seen.identity;
  if (!sent.private_state.is_null()) row.private_state = sent.private_state;
  row.nonce = sent.nonce;
  row.generation = sent.generation;
  row.applied = sent.spec;
  row.intent.reset();
  // What stays as it was told needs no new default; what is adopted is owed those that it lacks.
  if (step.kind != StepKind::adopt)
    std::erase_if(row.defaulted,
                  [&row](const std::string& pointer) { return !find_value(row.applied, pointer); });
  put_owned(state, std::move(row));
  state.resources[step.address].sent.reset();
}

// Also in the rows that name it: they are not sent to their backends before they are declared again.
void record_move(RunState& state, const Step& step) {
  const Address from = *step.from;
  if (state.named_by.empty()) note_all_names(state);
  put_owned(state, row_after(state, step));
  state.resources[from].owned.reset();
  state.resources[step.address].sent.reset();
  state.turn.records.emplace_back(DropOwned{from});
  for (const Address& address : std::exchange(state.named_by.at(from), {})) {
    const Owned* known = row_of(state, address);
    if (!known || !names(*known, from)) continue;
    Owned row = *known;
    std::replace(row.dependencies.begin(), row.dependencies.end(), from, step.address);
    if (row.parent == from) row.parent = step.address;
    put_owned(state, std::move(row));
  }
}

void record_removal(RunState& state, const Address& address) {
  ResourceState& resource = state.resources[address];
  resource.owned.reset();
  resource.sent.reset();
  state.turn.records.emplace_back(DropOwned{address});
}

// A create whose end was not recorded has nobody else to record it.
void close_intent(RunState& state, const Address& address) {
  const Owned* known = row_of(state, address);
  const Observation& seen = self_of(state, address);
  if (!known || !known->intent || !seen.mark) return;
  Owned row = *known;
  if (seen.mark->nonce != row.intent->nonce || seen.mark->generation != row.intent->generation) return;
  if (!seen.identity.empty()) row.identity = seen.identity;
  row.nonce = row.intent->nonce;
  row.generation = row.intent->generation;
  row.applied = row.intent->spec;
  row.defaulted = row.intent->defaulted;
  row.intent.reset();
  put_owned(state, std::move(row));
}

void finish(RunState& state, int index, const Decision& decision) {
  const Step& step = plan_step(state, index);
  switch (step.kind) {
    case StepKind::remove:
    case StepKind::forget: record_removal(state, step.address); break;
    case StepKind::await: close_intent(state, step.address); break;
    case StepKind::move: record_move(state, step); break;
    case StepKind::create:
    case StepKind::update:
    case StepKind::adopt: {
      const Sent* sent = state.resources[step.address].sent.get();
      record_applied(state, step, Sent(sent ? *sent : *decision.sent));
    }
  }
  finish_step(state, index);
}

// Counts the time without progress; true: it was too long, and the step has failed.
bool timed_out(RunState& state, int index, const Decision& decision) {
  StepState& mine = state.steps[at(index)];
  const bool first = mine.record.seen.empty() && mine.unseen == 0;
  if (decision.move == Move::unseen ? first : decision.signature != mine.record.seen) {
    mine.record.seen = decision.signature;
    mine.record.last_progress = state.now;
    state.touched.insert(index);
  }
  if (state.now - mine.record.last_progress < decision.timeout) return false;
  fail_step(state, index, "no progress for " + display_duration(decision.timeout) + ": " + decision.reason);
  return true;
}

void wait(RunState& state, int index, const Decision& decision) {
  if (timed_out(state, index, decision)) return;
  StepState& mine = state.steps[at(index)];
  const bool running = mine.called && plan_step(state, index).kind != StepKind::await;
  set_status(state, index, running ? StepStatus::running : StepStatus::waiting, decision.reason,
             decision.progress);
  if (decision.move == Move::unseen) {
    pause_until(state, index, *next_attempt(Code::unavailable, std::min(++mine.unseen, 8), state.now));
    return;
  }
  mine.unseen = 0;
  const Time deadline = mine.record.last_progress + decision.timeout;
  pause_until(state, index, std::min(state.now + poll_interval(++mine.polls), deadline));
}

// What was not known when the plan was made is known now.
void ask_for_room(RunState& state, int index, const Decision& decision) {
  const Step& step = plan_step(state, index);
  const Owned* row = row_of(state, step.address);
  const Observation& self = self_of(state, step.address);
  Call out{.id = state.next_call++, .kind = CallKind::check, .instance = instance_of(state, step.address)};
  out.changes.push_back(planned_change(step.address,
                                       step.kind == StepKind::update ? Action::update : Action::create,
                                       decision.sent->spec, row ? *row->applied : Json(), self.actual));
  out.pools = state.pools[out.instance];
  out.steps.push_back(index);
  state.flights[out.id] = {.kind = out.kind, .addresses = {step.address}, .steps = {index}};
  state.turn.calls.push_back(std::move(out));
  state.steps[at(index)].stage = Stage::calling;
}

// What a step will take that does not show yet, since it was not called; checked in this run, or else when
// the plan was made.
const std::vector<Demand>* demands_of(const RunState& state, size_t i) {
  const Step& step = state.plan.steps[i];
  if (step.kind != StepKind::create && step.kind != StepKind::update) return nullptr;
  if (state.steps[i].stage == Stage::ended || state.steps[i].called) return nullptr;
  if (state.steps[i].checked) return &state.steps[i].demands;
  const ResourceState* resource = find(state, step.address);
  return step.unchecked || !resource || !resource->change ? nullptr : &resource->change->demands;
}

// Why there is no room for a step, whose demands are known; "": there is.
std::string lack_of_room(const RunState& state, int index) {
  const Step& step = plan_step(state, index);
  const std::vector<Demand>& wanted = state.steps[at(index)].demands;
  const std::string instance = instance_of(state, step.address);
  static const Pools none;
  const auto known = state.pools.find(instance);
  const Pools& pools = known == state.pools.end() ? none : known->second;
  if (const std::string pool = unreported_pool(pools, wanted); !pool.empty())
    return "pool " + pool + " was not reported, so nobody knows whether there is room";
  std::vector<Taker> takers = {{step.address, wanted}};
  for (size_t i = 0; i < state.steps.size(); ++i)
    if (const std::vector<Demand>* others = i == at(index) ? nullptr : demands_of(state, i))
      if (instance_of(state, state.plan.steps[i].address) == instance)
        takers.push_back({state.plan.steps[i].address, *others});
  for (const Overdraft& overdraft : overdrafts_of(pools, takers))
    if (std::count(overdraft.takers.begin(), overdraft.takers.end(), step.address) > 0)
      return overdraft.reason + "; " + overdraft.remedy + ", and plan again";
  return "";
}

void call(RunState& state, int index, const Decision& decision) {
  const Step& step = plan_step(state, index);
  StepState& mine = state.steps[at(index)];
  if (step.unchecked && !mine.checked && !state.stopping) return ask_for_room(state, index, decision);
  if (mine.last_error && is_outcome_unknown(mine.last_error->code) &&
      !next_attempt(mine.last_error->code, mine.failures, state.now))
    return fail_step(state, index, mine.last_error->message);
  if (state.stopping) return release_slot(state, index);
  ResourceState& resource = state.resources[step.address];
  if (resource.mutating) return pause_until(state, index, state.now + poll_interval(++mine.polls));
  if (step.kind == StepKind::create || step.kind == StepKind::adopt)
    record_intent(state, step, *decision.sent);
  if (decision.sent && step.kind != StepKind::await && !resource.sent)
    resource.sent = std::make_unique<Sent>(*decision.sent);
  Call out{.id = state.next_call++, .kind = decision.kind, .instance = instance_of(state, step.address)};
  out.requests.push_back(call_request(state, step, decision.sent ? &*decision.sent : nullptr));
  out.steps.push_back(index);
  // An update that ends an open create starts from what exists.
  SharedJson& applied = out.requests.front().applied;
  if (decision.kind == CallKind::update && applied.is_null()) applied = self_of(state, step.address).actual;
  state.flights[out.id] = {.kind = decision.kind, .addresses = {step.address}, .steps = {index}};
  resource.mutating = true;
  state.turn.calls.push_back(std::move(out));
  mine.stage = Stage::calling;
  mine.record.last_progress = state.now;
  ++mine.record.attempts;
  state.touched.insert(index);
  const bool awaiting = step.kind == StepKind::await;
  set_status(state, index, awaiting ? StepStatus::waiting : StepStatus::running,
             awaiting ? decision.reason : "", decision.progress);
}

// Nobody works on it any more. Looks once more after a while, since a worker that just starts looks the same.
void resume(RunState& state, int index, const Decision& decision) {
  StepState& mine = state.steps[at(index)];
  if (mine.resume_at && *mine.resume_at <= state.now && state.slots > 0 && !state.stopping) {
    mine.resume_at.reset();
    mine.slot = true;
    --state.slots;
    return call(state, index, decision);
  }
  if (!mine.resume_at) {
    mine.resume_at = next_attempt(kDeadWorker, ++mine.resumes, state.now);
    mine.record.last_progress = state.now;
    if (!mine.resume_at)
      return fail_step(state, index, "its worker ended again and again: " + decision.reason);
  }
  wait(state, index, decision);
}

// What a call reported is kept at once: it may be all that finds the object again.
void keep_outcome(RunState& state, const Step& step, const Outcome& outcome) {
  ResourceState& resource = state.resources[step.address];
  if (resource.sent) {
    resource.sent->identity = outcome.identity;
    resource.sent->private_state = outcome.private_state;
  }
  if (!resource.owned) return;
  Owned row = *resource.owned;
  if (!outcome.identity.empty()) row.identity = outcome.identity;
  if (!outcome.private_state.is_null()) row.private_state = outcome.private_state;
  if (!(row == *resource.owned)) put_owned(state, std::move(row));
}

}  // namespace

Time next_tick(Time time) {
  const auto ticks = (time.time_since_epoch() + kGrid - Duration(1)) / kGrid;
  return Time(ticks * kGrid);
}

void start_step(RunState& state, int index) {
  StepRecord& record = state.steps[at(index)].record;
  if (record.seen.empty()) record.last_progress = state.now;
  state.steps[at(index)].quiet_since = state.now;
  enqueue(state, index);
}

void enqueue(RunState& state, int index) {
  StepState& mine = state.steps[at(index)];
  mine.stage = Stage::queued;
  const bool needs_slot = plan_step(state, index).kind != StepKind::await && !mine.called;
  (needs_slot ? state.queue : state.looks).insert(index);
}

void carry_out(RunState& state, int index) {
  const Decision decision = decide(state, index);
  switch (decision.move) {
    case Move::call: return call(state, index, decision);
    case Move::resume: return resume(state, index, decision);
    case Move::finish: return finish(state, index, decision);
    case Move::wait:
    case Move::unseen: return wait(state, index, decision);
    case Move::fail: return fail_step(state, index, decision.reason);
  }
}

void take_check(RunState& state, int index, const Result<std::vector<Result<Check>>>& answer) {
  StepState& mine = state.steps[at(index)];
  const Result<Check> check = !answer ? Result<Check>(answer.error())
                              : answer->empty()
                                  ? Result<Check>(Error{Code::internal, "the backend gave no answer"})
                                  : answer->front();
  if (!check)
    return fail_step(state, index, "whether there is room cannot be told: " + check.error().message);
  if (check->refusal) return fail_step(state, index, check->refusal->reason + "; plan again");
  mine.demands = check->demands;
  if (const std::string lack = lack_of_room(state, index); !lack.empty())
    return fail_step(state, index, lack);
  mine.checked = true;
  release_slot(state, index);
  enqueue(state, index);
}

void take_outcome(RunState& state, int index, CallKind kind, const Result<Outcome>& outcome) {
  const Step& step = plan_step(state, index);
  StepState& mine = state.steps[at(index)];
  if (outcome) {
    const size_t bytes = outcome->private_state.dump().size();
    if (bytes > kPrivateBytes && kind != CallKind::remove) {
      keep_outcome(state, step, {.identity = outcome->identity});
      return fail_step(
          state, index,
          to_string(step.address) + ": its plugin returned " + std::to_string(bytes) +
              " bytes of private state, of which an inventory keeps " + std::to_string(kPrivateBytes) +
              " at most. What it has done is there and found again, without that state: mend the plugin");
    }
    // By it a later look may have to tell that it is gone.
    if (kind == CallKind::remove && bytes <= kPrivateBytes && !outcome->private_state.is_null())
      keep_outcome(state, step, {.private_state = outcome->private_state});
    if (kind != CallKind::remove) keep_outcome(state, step, *outcome);
    mine.called = step.kind != StepKind::await;
    mine.ongoing = outcome->in_progress;
    mine.failures = mine.polls = 0;
    mine.last_error.reset();
    release_slot(state, index);
    return enqueue(state, index);
  }
  const Error& error = outcome.error();
  mine.last_error = error;
  mine.quiet_since = state.now;
  mine.record.last_progress = state.now;
  const auto again = next_attempt(error.code, ++mine.failures, state.now);
  if (!again && !is_outcome_unknown(error.code)) return fail_step(state, index, error.message);
  set_status(state, index, StepStatus::waiting, error.message, mine.record.progress);
  // An unknown outcome is observed in any case; whether it may be called again is decided then.
  pause_until(state, index, again.value_or(state.now + poll_interval(1)));
}

void interrupt(RunState& state) {
  for (size_t i = 0; i < state.steps.size(); ++i) {
    StepState& step = state.steps[i];
    if (step.stage == Stage::ended || step.record.status == StepStatus::pending) continue;
    set_status(state, static_cast<int>(i), StepStatus::pending,
               step.record.reason.empty() ? "interrupted" : step.record.reason, step.record.progress);
  }
}

}  // namespace tenon::scheduling
