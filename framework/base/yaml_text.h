// JSON values written as YAML's block style. Wraps yaml-cpp's emitter. Pure functions; thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace tenon {

// Keeps the order in which members were added.
using OrderedJson = nlohmann::ordered_json;

enum class Quotes {
  never,         // for people: text that looks like a number stays bare
  where_needed,  // text that a reader could take for anything else
  always,
};

// Ends in a newline. Keys are quoted where needed, unless never.
std::string to_yaml(const OrderedJson& value, Quotes quotes);

}  // namespace tenon
