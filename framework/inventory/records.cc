#include "framework/inventory/records.h"

#include <algorithm>

#include "framework/model/naming.h"

namespace tenon {

Status check_records(const std::vector<Record>& records) {
  for (const Record& record : records) {
    const auto* put = std::get_if<PutOwned>(&record);
    if (!put) continue;
    const Owned& row = *put->owned;
    const bool readable = reads_back(row.address) && (!row.parent || reads_back(*row.parent)) &&
                          std::all_of(row.dependencies.begin(), row.dependencies.end(), reads_back);
    if (!readable)
      return Error{Code::internal,
                   "the row of " + to_string(row.address) +
                       " names an address that could not be read again, so it is not recorded"};
  }
  return {};
}

}  // namespace tenon
