#include "framework/plan/ownership.h"

#include "framework/model/capabilities.h"

namespace tenon {

Owner owner_of(const Observation& observation, const Address& address, const Owned* row,
               const std::string& inventory, const Catalog& catalog) {
  if (const auto& mark = observation.mark) {
    const bool ours = mark->inventory == inventory && mark->address == to_string(address);
    return ours ? Owner::us : Owner::somebody;
  }
  if (is_to_be_marked(observation, address, row, catalog)) return Owner::us;
  // What a plugin that can mark has made keeps its mark until somebody takes that away.
  const bool keeps_marks = row && is_able(catalog, row->instance, "adopt");
  return has_recorded_identity(observation, row) && !keeps_marks ? Owner::us : Owner::nobody;
}

bool has_recorded_identity(const Observation& observation, const Owned* row) {
  return row && !row->applied.is_null() && row->identity == observation.identity;
}

bool is_to_be_marked(const Observation& observation, const Address& address, const Owned* row,
                     const Catalog& catalog) {
  if (observation.existence != Existence::present || observation.mark) return false;
  if (!row || !row->intent || row->intent->before != Existence::absent) return false;
  const KindManifest* kind = catalog.find(address);
  return kind && kind->create.marked_later;
}

std::string owner_text(const Mark& mark) {
  return mark.address + " of inventory " + (mark.inventory.empty() ? "(none)" : mark.inventory);
}

}  // namespace tenon
