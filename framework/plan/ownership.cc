#include "framework/plan/ownership.h"

namespace tenon {

Owner owner_of(const Observation& observation, const Address& address, const Owned* row,
               const std::string& inventory) {
  if (const auto& mark = observation.mark) {
    const bool ours = mark->inventory == inventory && mark->address == to_string(address);
    return ours ? Owner::us : Owner::somebody;
  }
  const bool recorded = row && !row->applied.is_null() && row->identity == observation.identity;
  return recorded ? Owner::us : Owner::nobody;
}

std::string owner_text(const Mark& mark) {
  return mark.address + " of inventory " + (mark.inventory.empty() ? "(none)" : mark.inventory);
}

}  // namespace tenon
