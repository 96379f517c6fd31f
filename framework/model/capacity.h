// What an instance has room for, and what planned changes take of it. Value types; JSON shapes in
// docs/plugin-abi.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "framework/base/quantity.h"

namespace tenon {

// Something that resources of one instance share: a volume group, a quota, memory.
struct Pool {
  Quantity capacity;
  Quantity free;
  std::string unit;  // "bytes", or what is counted: "cores"
};

using Pools = std::map<std::string, Pool>;  // by name, within one instance

// What a change takes of a pool besides what the resource has already; negative: it gives back.
struct Demand {
  std::string pool;
  Quantity amount;

  friend bool operator==(const Demand&, const Demand&) = default;
};

// "10Gi", "12 cores".
std::string amount_text(const Quantity& amount, const std::string& unit);

Json to_json(const Pools& pools);
// internal: not of the documented shape.
Result<Pools> pools_from_json(const Json& json);

Json to_json(const std::vector<Demand>& demands);
Result<std::vector<Demand>> demands_from_json(const Json& json);

}  // namespace tenon
