#include "framework/plan/capacity.h"

#include <algorithm>

#include "framework/model/resource.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

struct Share {
  Address address;
  Quantity amount;
};

std::string room_text(const std::string& name, const Pool& pool) {
  return "pool " + name + ", where " + amount_text(pool.free, pool.unit) + " of " +
         amount_text(pool.capacity, pool.unit) + " is free";
}

Overdraft too_large_alone(const std::string& name, const Pool& pool, const Share& share) {
  return {{share.address},
          title(share.address) + " takes " + amount_text(share.amount, pool.unit) + " of " +
              room_text(name, pool),
          "make it smaller, or make room in pool " + name};
}

Overdraft too_large_together(const std::string& name, const Pool& pool, const std::vector<Share>& shares,
                             const Quantity& sum, bool freed) {
  Overdraft overdraft;
  std::vector<std::string> who;
  for (const Share& share : shares) {
    overdraft.takers.push_back(share.address);
    who.push_back(title(share.address) + " (" + amount_text(share.amount, pool.unit) + ")");
  }
  overdraft.reason =
      listed(who) + " together take " + amount_text(sum, pool.unit) + " of " + room_text(name, pool);
  overdraft.remedy = freed ? "apply the deletes first, or make room in pool " + name
                           : "leave some of them out, make them smaller, or make room in pool " + name;
  return overdraft;
}

void judge_pool(const std::string& name, const Pool& pool, const std::vector<Taker>& takers,
                std::vector<Overdraft>& overdrafts) {
  std::vector<Share> shares;
  Quantity sum, given_back;
  for (const Taker& taker : takers) {
    Quantity amount;
    for (const Demand& demand : taker.demands)
      if (demand.pool == name) amount += demand.amount;
    if (amount.is_negative()) given_back += amount;
    if (!amount.is_positive()) continue;
    if (amount > pool.free) {
      overdrafts.push_back(too_large_alone(name, pool, {taker.address, amount}));
      continue;
    }
    sum += amount;
    shares.push_back({taker.address, amount});
  }
  if (sum <= pool.free) return;
  given_back += sum;
  overdrafts.push_back(too_large_together(name, pool, shares, sum, given_back <= pool.free));
}

// Takes every reference out and names its place; an element of a list stays, as null.
void leave_out_unknown(Json& value, const std::string& pointer, std::vector<std::string>& unknown) {
  if (!value.is_structured()) return;
  const bool list = value.is_array();
  std::vector<std::string> keys;
  size_t index = 0;
  for (auto& item : value.items()) {
    const std::string key = list ? std::to_string(index++) : item.key();
    const std::string place = joined(pointer, key);
    if (!is_reference(item.value())) {
      leave_out_unknown(item.value(), place, unknown);
      continue;
    }
    unknown.push_back(place);
    list ? static_cast<void>(item.value() = nullptr) : keys.push_back(key);
  }
  for (const std::string& key : keys) value.erase(key);
}

}  // namespace

std::vector<Overdraft> overdrafts_of(const Pools& pools, const std::vector<Taker>& takers) {
  std::vector<Overdraft> overdrafts;
  for (const auto& [name, pool] : pools) judge_pool(name, pool, takers, overdrafts);
  return overdrafts;
}

std::string unreported_pool(const Pools& pools, const std::vector<Demand>& demands) {
  for (const Demand& demand : demands)
    if (!pools.contains(demand.pool)) return demand.pool;
  return "";
}

PlannedChange planned_change(const Address& address, Action action, const Json& spec, const Json& applied,
                             const Json& actual) {
  PlannedChange change{address, action, spec, applied, actual, {}};
  leave_out_unknown(change.desired, "", change.unknown);
  return change;
}

}  // namespace tenon
