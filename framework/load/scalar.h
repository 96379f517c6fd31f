// What a plain scalar of YAML means. Pure function; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon {

// The YAML 1.2 core schema: null, true and false, whole numbers (0x and 0o too), other numbers; everything
// else is a string. Two decisions beside it:
// - 0644 is octal, as kubectl reads it: manifests write file modes so, and nobody would notice a 644.
// - yes, no, on and off are strings, which kubectl takes for booleans: where a boolean is wanted the schema
//   then says what to write, and where a string is wanted they do what the writer meant.
// invalid_argument: a number that JSON cannot hold exactly, or infinity, or NaN.
Result<Json> resolve_plain(std::string_view text);

}  // namespace tenon
