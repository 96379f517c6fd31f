// The groups of checks beside the straight way. Private to framework/plugin/conformance. Each leaves nothing
// behind where the backend does what it says.
#pragma once

#include "framework/plugin/conformance/probe.h"

namespace tenon {

// Of the sample itself, before anything is made of it.
Findings check_sample(const ConformanceSample& sample);
// Neighbours, lost answers, foreign calls, many at once, another process, a second life.
Findings check_edges(Backend& backend, const ConformanceSample& sample);
// What becomes of calls that are cut off: by their deadline, by a request to stop, by a kill of the host.
Findings check_faults(Backend& backend, const ConformanceSample& sample);
// expand, status, check, convert, watch and act, as far as the manifest names them.
Findings check_capabilities(Backend& backend, const ConformanceSample& sample);

}  // namespace tenon
