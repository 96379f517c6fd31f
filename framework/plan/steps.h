// Pass 6: what was decided → steps, in order. Internal to this folder.
#pragma once

#include "framework/plan/situation.h"

namespace tenon {

struct Steps {
  std::vector<Step> steps;
  // Each a circle of steps in which every one waits for the next: there is no order to do that in.
  std::vector<std::vector<Step>> circles;
};

// Steps of what is neither refused nor blocked.
Steps make_steps(const Situation& situation);

}  // namespace tenon
