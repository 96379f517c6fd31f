// Retry and back-off, one pure function, used everywhere.
#pragma once

#include <optional>

#include "framework/base/clock.h"
#include "framework/base/result.h"

namespace tenon {

// When to try again after `count` failures in a row (1 is the first) with this code; nothing: do not.
// Transient codes wait 0.2 s, doubled each time, at most 30 s, at most 8 times; an unknown outcome is
// observed first, then at most once.
std::optional<Time> next_attempt(Code code, int count, Time now);

// How long to wait before looking again at something that was unfinished `count` times: 50 ms rising to 1 s.
Duration poll_interval(int count);

}  // namespace tenon
