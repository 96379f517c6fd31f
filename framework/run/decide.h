// What to do about one step after everything it looks at has just been observed. Pure; a table of one
// function per kind of step.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "framework/run/run_state.h"

namespace tenon::scheduling {

// call: make the mutating call. resume: the worker died; create again after a while. finish: its goal is
// observed. wait: look again. unseen: something could not be looked at. fail.
enum class Move { call, resume, finish, wait, unseen, fail };

struct Decision {
  Move move = Move::wait;
  std::string reason;
  std::optional<double> progress;
  std::string signature;  // of what was seen: progress is when it changes
  Duration timeout = std::chrono::hours(1);
  CallKind kind = CallKind::create;
  std::optional<Sent> sent;  // of a create or update; finish: what is recorded as applied
};

Decision decide(const RunState& state, int step);

Decision decide_create(const RunState& state, int step);
Decision decide_update(const RunState& state, int step);
Decision decide_remove(const RunState& state, int step);
Decision decide_await(const RunState& state, int step);
Decision decide_adopt(const RunState& state, int step);
Decision decide_forget(const RunState& state, int step);
Decision decide_move(const RunState& state, int step);

// What they have in common.
Decision fail(std::string reason);
Decision call(CallKind kind, std::optional<Sent> sent);
Decision unseen(const Address& address, const Observation& observation, Duration timeout);
Decision wait_for(const Observation& observation, std::string reason, Duration timeout);

// An observation of the step's own resource; unknown if there is none.
const Observation& self_of(const RunState& state, const Address& address);

// Present and not ours: a failure that names the owner. nonces: any of these is ours; none: any is. Without a
// mark the rule of plan/ownership.h decides.
std::optional<Decision> refuse_foreign(const RunState& state, const Address& address,
                                       const Observation& observation, const std::set<std::string>& nonces);

// The guards of a step: a wait, a failure, or nothing when all are met.
std::optional<Decision> held_back(const RunState& state, const std::vector<Await>& guards);

// One per intent: the same again for every retry and every run that goes on with it.
std::string nonce_for(const RunState& state, const Step& step);

// The spec as it will be sent, or as it was sent before.
Result<Sent> prepare(const RunState& state, const Step& step, std::string nonce);

// How long something may stay unobservable before a call that is not made yet is given up.
inline constexpr Duration kBeforeCall = std::chrono::minutes(2);

// Present at its generation, and ready if no await will see to that.
Decision settle(const RunState& state, const Address& address, const Observation& observation,
                const Sent& sent);

Duration settle_timeout(const RunState& state, const Address& address);

}  // namespace tenon::scheduling
