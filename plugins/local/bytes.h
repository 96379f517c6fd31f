// A Kubernetes quantity in whole bytes.
#pragma once

#include <cstdint>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon::local {

// From text ("64Mi", "1.5G", "1e9") or a number; a fraction of a byte is rounded up. invalid_argument: no
// quantity, not positive, or over 2^63-1.
Result<int64_t> parse_bytes(const Json& quantity);

}  // namespace tenon::local
