#include "framework/model/capacity.h"

namespace tenon {
namespace {

// Quantities cross as whole numbers of their unit, and are read in any form that a quantity has.
Result<Quantity> amount_from(const Json& json, const char* name) {
  if (!json.contains(name)) return Quantity();
  return Quantity::from_json(json.at(name));
}

Error malformed(const std::string& what, const std::string& why) {
  return {Code::internal, what + " has not the documented shape: " + why};
}

Result<Pool> pool_from(const std::string& name, const Json& json) {
  if (!json.is_object()) return malformed("pool " + name, "it is no object");
  const auto capacity = amount_from(json, "capacity"), free = amount_from(json, "free");
  if (!capacity) return malformed("pool " + name, capacity.error().message);
  if (!free) return malformed("pool " + name, free.error().message);
  const auto unit = json.find("unit");
  return Pool{*capacity, *free, unit != json.end() && unit->is_string() ? unit->get<std::string>() : "bytes"};
}

}  // namespace

std::string amount_text(const Quantity& amount, const std::string& unit) {
  if (unit == "bytes" || unit.empty()) return format_bytes(amount.value());
  return std::to_string(amount.value()) + " " + unit;
}

Json to_json(const Pools& pools) {
  Json json = Json::object();
  for (const auto& [name, pool] : pools)
    json[name] = {{"capacity", pool.capacity.value()}, {"free", pool.free.value()}, {"unit", pool.unit}};
  return json;
}

Result<Pools> pools_from_json(const Json& json) {
  Pools pools;
  if (!json.is_object()) return malformed("what is said of pools", "it is no object");
  for (const auto& item : json.items()) {
    auto pool = pool_from(item.key(), item.value());
    if (!pool) return pool.error();
    pools.emplace(item.key(), std::move(*pool));
  }
  return pools;
}

Json to_json(const std::vector<Demand>& demands) {
  Json list = Json::array();
  for (const Demand& demand : demands)
    list.push_back({{"pool", demand.pool}, {"amount", demand.amount.value()}});
  return list;
}

Result<std::vector<Demand>> demands_from_json(const Json& json) {
  std::vector<Demand> demands;
  if (!json.is_array()) return malformed("a list of demands", "it is no list");
  for (const Json& item : json) {
    if (!item.is_object() || !item.contains("pool") || !item["pool"].is_string())
      return malformed("a demand", "it names no pool");
    const auto amount = amount_from(item, "amount");
    if (!amount) return malformed("a demand", amount.error().message);
    demands.push_back({item["pool"].get<std::string>(), *amount});
  }
  return demands;
}

}  // namespace tenon
