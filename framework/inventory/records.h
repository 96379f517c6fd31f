// What every inventory looks at before it takes records.
#pragma once

#include <vector>

#include "framework/base/result.h"
#include "framework/model/owned.h"

namespace tenon {

// internal: a row that could not be read again, and with it nothing else. Whoever made the address should
// have refused it.
Status check_records(const std::vector<Record>& records);

}  // namespace tenon
