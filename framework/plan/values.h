// Value references: which of them are known already. Internal to this folder.
#pragma once

#include "framework/plan/situation.h"

namespace tenon {

// The spec with every reference replaced whose value is known and stays so: the target exists, is neither
// created nor replaced in this plan, and puts out something at that path. The others stay references.
// Nothing: the spec has none.
std::optional<SharedJson> fill_known_values(const Situation& situation, const Resource& resource);

}  // namespace tenon
