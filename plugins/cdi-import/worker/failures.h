// How the steps of an import fail: with a reason that the user sees. nullopt is success.
#pragma once

#include <optional>
#include <string>

#include "framework/base/result.h"
#include "plugins/cdi-import/state.h"

namespace tenon::cdi {

using MaybeFailure = std::optional<Failure>;

// No failure of the import: it was cancelled, or somebody killed its tool. Nothing is recorded, it may be
// resumed.
inline constexpr char kStopped[] = "Stopped";

inline Failure stopped(const std::string& why = "the import was asked to stop") { return {kStopped, why}; }

// Of a file or directory on this machine.
inline Failure local_failure(const Error& error) {
  return {error.code == Code::resource_exhausted ? "NoSpace" : "ImportFailed", error.message};
}

// Names both sizes. what: "the image", "the download".
inline Failure too_large(const std::string& what, int64_t size, int64_t claim, bool at_least = false) {
  return {"ImageTooLarge", what + " has " + (at_least ? "more than " : "") + std::to_string(size) +
                               " bytes and its claim " + std::to_string(claim) + ": ask for more storage"};
}

}  // namespace tenon::cdi
