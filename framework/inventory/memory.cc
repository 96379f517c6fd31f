#include "framework/inventory/memory.h"

#include "framework/base/digest.h"
#include "framework/base/secret.h"
#include "framework/inventory/records.h"

namespace tenon {
namespace {

struct Apply {
  std::map<Address, std::shared_ptr<const Owned>>& owned;
  std::optional<RunRecord>& run;
  Places& places;

  void operator()(PutOwned& put) const {
    auto& known = owned[put.owned->address];
    known = std::move(put.owned);
  }
  void operator()(const DropOwned& drop) const { owned.erase(drop.address); }
  void operator()(BeginRun& begin) const { run = std::move(begin.run); }
  void operator()(PutStep& put) const {
    if (!run || run->id != put.run) return;
    const auto index = static_cast<size_t>(put.step.step);
    if (index >= run->steps.size()) run->steps.resize(index + 1);
    run->steps[index] = std::move(put.step);
  }
  void operator()(const EndRun& end) const {
    if (run && run->id == end.run) run->ended = end.ended;
  }
  void operator()(PutPlaces& put) const { places = std::move(put.places); }
};

}  // namespace

MemoryInventory::MemoryInventory() : MemoryInventory(random_uuid()) {}

MemoryInventory::MemoryInventory(std::string uuid) : uuid_(std::move(uuid)), secret_key_(random_key()) {}

Result<std::vector<Owned>> MemoryInventory::owned() {
  std::vector<Owned> rows;
  for (const auto& [address, row] : owned_) rows.push_back(*row);
  return rows;
}

Status MemoryInventory::commit(std::vector<Record> records) {
  if (Status readable = check_records(records); !readable) return readable;
  for (Record& record : records) std::visit(Apply{owned_, run_, places_}, record);
  return {};
}

}  // namespace tenon
