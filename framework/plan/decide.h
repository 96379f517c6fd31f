// Pass 5: what becomes of each resource, taken by itself; then what of that its neighbours allow. Internal to
// this folder.
#pragma once

#include "framework/plan/capacity.h"
#include "framework/plan/situation.h"

namespace tenon {

// By its own observation, inventory row and spec. What it depends on must have been decided.
Fate decide(const Situation& situation, const Address& address);

// After all have been decided, again and again until neither blocks anything more (true: something was).

// Refuses deletes and replaces of what is populated, protected, in use or required by something that stays;
// blocks those of what something blocked requires.
bool guard_removals(Situation& situation);

// Blocks what depends on something blocked.
bool block_dependants(Situation& situation);

// Tells what stays that what it requires is lost.
void note_losses(Situation& situation);

// Once, after these: refuses what its instance has no room for, and what its plugin's check refuses.
void check_room(Situation& situation, const Capacity& capacity);

// Once, after these: refuses imports that would write over the data in a claim, unless they are approved.
void guard_imports(Situation& situation);

}  // namespace tenon
