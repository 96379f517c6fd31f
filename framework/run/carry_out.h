// How a step moves on: what scheduler.cc's turn does for one step. Private to framework/run.
#pragma once

#include "framework/run/run_state.h"

namespace tenon::scheduling {

// Timers share a grid, so that what waits for one instance is looked at in one batch.
Time next_tick(Time time);

// All steps before it are done.
void start_step(RunState& state, int step);

// Wants to look again: at once for those that need no slot.
void enqueue(RunState& state, int step);

// Everything it looks at has been observed: decides and does it.
void carry_out(RunState& state, int step);

// Its plugin has said whether there is room.
void take_check(RunState& state, int step, const Result<std::vector<Result<Check>>>& answer);

// Its mutating call has returned.
void take_outcome(RunState& state, int step, CallKind kind, const Result<Outcome>& outcome);

// Ctrl-C, and nothing is on its way any more: what has not ended is pending again.
void interrupt(RunState& state);

}  // namespace tenon::scheduling
