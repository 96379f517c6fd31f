// JSON pointers that others wrote: nlohmann throws on what is none, on "-" as an index and on an index that
// is too large. Pure functions.
#pragma once

#include <string>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon {

// invalid_argument: it is none.
Result<Json::json_pointer> parse_pointer(const std::string& text);
// Null: there is nothing there.
const Json* find_value(const Json& json, const std::string& pointer);

}  // namespace tenon
