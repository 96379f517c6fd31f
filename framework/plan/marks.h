// What is planned to change whose an object is: adopt, forget, move. Internal to this folder.
#pragma once

#include "framework/plan/ownership.h"
#include "framework/plan/situation.h"

namespace tenon {

// Of what was observed present. By the rule of ownership.h.
Owner owner_of(const Situation& situation, const Address& address);

// The refusal of something that is not ours; adoptable: somebody could take it over.
Refusal not_ours(const Address& address, const Observation& observation, bool adoptable);

Refusal not_of_this_set(const Situation& situation, const Address& address, const Owned& row);

// Its plugin cannot: "adopt" (which includes forget) or "move".
Refusal not_able(const Situation& situation, const std::string& instance, const std::string& capability);

// Labels, protection, parent, set or new dependencies: what the inventory and the mark keep beside the spec
// and is declared otherwise now. As words.
std::vector<std::string> record_changes(const Situation& situation, const Resource& resource,
                                        const Owned& row);

// Whether it is blocked since nobody knows what is there.
bool block_if_unknown(const Observation& observation, Fate& fate);

// Only what was asked for by name is planned: forget, import, move.
Fate decide_mark(const Situation& situation, const Address& address);

// The old address of something that is declared to have moved and has not yet; null: nothing moves.
const Address* moving_from(const Situation& situation, const Address& address);
// Where what is at this address moves to; null: it stays.
const Address* moving_to(const Situation& situation, const Address& address);

// A fate with action move, or refused or blocked. What differs from the manifest is for the caller.
void move(const Situation& situation, const Address& from, Fate& fate);

}  // namespace tenon
