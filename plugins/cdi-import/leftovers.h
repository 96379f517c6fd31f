// The temporary files of an import: beside the disk, so that the finished one can be renamed to it.
#pragma once

#include <string>

#include "framework/base/result.h"

namespace tenon::cdi {

// A name in the directory that no other worker uses, also none that was killed. what: "download", "disk", ….
std::string temporary_path(const std::string& directory, const std::string& what);

// Removes what earlier workers left. Only under the claim's lock.
Status remove_leftovers(const std::string& directory);

}  // namespace tenon::cdi
