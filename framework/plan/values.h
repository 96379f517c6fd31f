// Value references: which of them are known already. Internal to this folder.
#pragma once

#include "framework/plan/situation.h"

namespace tenon {

// The spec with every reference replaced whose value is known and stays so: the target exists, is neither
// created nor replaced in this plan, and puts out something at that path. The others stay references.
// Nothing: the spec has none.
std::optional<SharedJson> fill_known_values(const Situation& situation, const Resource& resource);

// The references of a spec that is filled, with the values that stand there now, "after" nothing.
std::vector<FieldChange> known_values(const Situation& situation, const Address& address, const Json& filled);

// Why what is known already cannot be sent: the schema does not accept a value, or what has to act no more
// puts out nothing there. "": it can.
std::string problem_with_values(const Situation& situation, const Address& address, const Json& filled);

}  // namespace tenon
