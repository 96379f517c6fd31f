// Objects that are directories, <root>/<namespace>/<name>, and whose identity is that path. For plugins that
// keep such a root; docs/plugin-abi.md, "Unknown is not absent".
#pragma once

#include <string>

#include "framework/base/result.h"

namespace tenon {

struct PlaceBelow {
  std::string name_space, name;
};

// Where the object of this identity is below the root (absolute), by whatever links either is named.
// failed_precondition: it was made elsewhere, so nothing that is seen or done below this root is about it;
// the message says where, and what to do. May do I/O; thread-safe.
Result<PlaceBelow> place_below(const std::string& root, const std::string& identity);

}  // namespace tenon
