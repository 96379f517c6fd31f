// JSON as it is written in files. Internal to this folder. Pure function; thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "framework/base/json.h"

namespace tenon {

// Strict JSON, which is faster than YAML and exact about escapes. Nothing: let YAML judge it, and say where
// it is wrong; so it is for keys that are there twice, numbers that lose digits, and what is beyond the
// limits. values: how many it has.
std::optional<Json> parse_strict_json(std::string_view text, size_t& values);

// The offset of the innermost bracket that is open where a text that begins like JSON ends. Nothing: there is
// none, or it is no JSON.
std::optional<size_t> find_unclosed(std::string_view text);

}  // namespace tenon
