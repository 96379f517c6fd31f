// The JSON value used throughout: object keys are sorted, so equal values have equal texts.
//
// nlohmann::json is held by value in resources, observations and plans; docs/adr/ tells what its header
// costs. A header that only passes JSON by reference includes <nlohmann/json_fwd.hpp>.
#pragma once

#include <nlohmann/json.hpp>

namespace tenon {

using Json = nlohmann::json;

}  // namespace tenon
