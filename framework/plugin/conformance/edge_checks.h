// The part of the kit that looks beside the straight way. Private to framework/plugin/conformance.
#pragma once

#include <vector>

#include "framework/plugin/conformance/conformance.h"

namespace tenon {

// Makes and deletes the sample's object twice. As run_conformance.
std::vector<ConformanceFinding> check_edges(Backend& backend, const ConformanceSample& sample);

}  // namespace tenon
