#include "framework/inventory/memory.h"

#include "framework/base/digest.h"
#include "framework/base/secret.h"
#include "framework/inventory/records.h"

namespace tenon {
namespace {

struct Apply {
  std::map<Address, Owned>& owned;
  std::optional<RunRecord>& run;
  Places& places;

  void operator()(const PutOwned& put) const { owned.insert_or_assign(put.owned.address, put.owned); }
  void operator()(const DropOwned& drop) const { owned.erase(drop.address); }
  void operator()(const BeginRun& begin) const { run = begin.run; }
  void operator()(const PutStep& put) const {
    if (!run || run->id != put.run) return;
    const auto index = static_cast<size_t>(put.step.step);
    if (index >= run->steps.size()) run->steps.resize(index + 1);
    run->steps[index] = put.step;
  }
  void operator()(const EndRun& end) const {
    if (run && run->id == end.run) run->ended = end.ended;
  }
  void operator()(const PutPlaces& put) const { places = put.places; }
};

}  // namespace

MemoryInventory::MemoryInventory() : MemoryInventory(random_uuid()) {}

MemoryInventory::MemoryInventory(std::string uuid) : uuid_(std::move(uuid)), secret_key_(random_key()) {}

Result<std::vector<Owned>> MemoryInventory::owned() {
  std::vector<Owned> rows;
  for (const auto& [address, row] : owned_) rows.push_back(row);
  return rows;
}

Status MemoryInventory::commit(const std::vector<Record>& records) {
  if (Status readable = check_records(records); !readable) return readable;
  for (const Record& record : records) std::visit(Apply{owned_, run_, places_}, record);
  return {};
}

}  // namespace tenon
