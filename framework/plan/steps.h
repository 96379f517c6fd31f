// Pass 6: what was decided → steps, in order. Internal to this folder.
#pragma once

#include "framework/plan/situation.h"

namespace tenon {

std::vector<Step> make_steps(const Situation& situation);

}  // namespace tenon
