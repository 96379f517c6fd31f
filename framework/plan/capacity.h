// Whether there is room: the pools of each instance against what all planned changes take of them together.
// Deterministic; a plugin's check comes in as a function.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "framework/model/capacity.h"
#include "framework/model/change.h"

namespace tenon {

inline constexpr std::string_view kCheckCapability = "check";

// Asks one instance about all its planned changes at once; one answer per change, in order.
using CheckChanges = std::function<std::vector<Result<Check>>(
    const std::string& instance, const std::vector<PlannedChange>& changes, const Pools& pools)>;

struct Capacity {
  std::map<std::string, Pools> pools;  // by instance, as observed
  CheckChanges check;                  // null: nobody is asked
};

// What one change takes, for overdrafts_of.
struct Taker {
  Address address;
  std::vector<Demand> demands;
};

// A pool that is too small for some of the takers.
struct Overdraft {
  std::vector<Address> takers;  // those to be refused
  std::string reason;           // a sentence that names the pool, what is free and who takes how much
  std::string remedy;
};

// Whoever is too large alone is refused alone; of the others all, if they do not fit together. What others
// give back does not count: it is free only once that is done. Pools that are not known are passed over.
std::vector<Overdraft> overdrafts_of(const Pools& pools, const std::vector<Taker>& takers);

// The first pool that a demand names and the instance did not report; "": none.
std::string unreported_pool(const Pools& pools, const std::vector<Demand>& demands);

// A planned change as check sees it. spec: with the values that are known already.
PlannedChange planned_change(const Address& address, Action action, const Json& spec, const Json& applied,
                             const Json& actual);

}  // namespace tenon
