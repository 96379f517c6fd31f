// What is sent to backends, made from what a run knows. Pure.
#pragma once

#include <string>

#include "framework/run/run_state.h"

namespace tenon::scheduling {

// Null: nothing is known of it.
const ResourceState* find(const RunState& state, const Address& address);

// "" : nobody serves it.
std::string instance_of(const RunState& state, const Address& address);

// As last observed, by this run or for its plan; null: never.
const Observation* latest_of(const RunState& state, const Address& address);

// Null: the inventory does not know it.
const Owned* row_of(const RunState& state, const Address& address);

const KindManifest* kind_of(const RunState& state, const Address& address);

// As last sent to the backend, by this run or an earlier one; "": never.
std::string sent_generation(const RunState& state, const Address& address);

// A step's spec with its references filled in from the latest observations.
Result<SharedJson> filled_spec(const RunState& state, const SharedJson& spec, const Address& address);

// The row as it will be once a create, update or adoption is done, as far as the step says it.
Owned row_after(const RunState& state, const Step& step);

Request observe_request(const RunState& state, const Address& address);

// Of a mutating call. sent: null for a delete.
Request call_request(const RunState& state, const Step& step, const Sent* sent);

// Everything that is observed before a step's call, or instead of one.
std::set<Address> look_targets(const RunState& state, int step);

}  // namespace tenon::scheduling
