// Spans of time as people read them: the same words wherever Tenon names one. Pure.
#pragma once

#include <string>

#include "framework/base/clock.h"

namespace tenon {

// "0.4 s", "12 s", "3 min 20 s", "10 min".
std::string display_duration(Duration duration);

}  // namespace tenon
