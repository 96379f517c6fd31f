// Versions of what plugins keep in files that outlive them; docs/upgrade.md lists them all. One is raised
// when a reader of the old form would misunderstand the new one; new members alone do not raise it.
#pragma once

#include <string>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon {

inline constexpr int kClaimMarkVersion = 1;
inline constexpr int kContentsMarkVersion = 1;
inline constexpr int kImportStateVersion = 1;

// failed_precondition: the member `version` of what was read from `path` is above `known`. Whoever asks
// judges the rest.
Status refuse_newer(const std::string& path, const Json& json, int known);

}  // namespace tenon
