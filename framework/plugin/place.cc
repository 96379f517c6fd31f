#include "framework/plugin/place.h"

#include <filesystem>

namespace tenon {
namespace {

namespace fs = std::filesystem;

bool same_directory(const fs::path& a, const fs::path& b) {
  if (a == b) return true;
  std::error_code unresolved_a, unresolved_b;
  const fs::path resolved_a = fs::weakly_canonical(a, unresolved_a);
  return resolved_a == fs::weakly_canonical(b, unresolved_b) && !unresolved_a && !unresolved_b;
}

// Absolute, and without a slash at its end.
fs::path path_of(const std::string& identity) {
  std::error_code error;
  const fs::path path = fs::absolute(identity, error).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

Result<PlaceBelow> place_below(const std::string& root, const std::string& identity) {
  const fs::path path = path_of(identity), home = path.parent_path().parent_path();
  if (same_directory(home, path_of(root))) return PlaceBelow{path.parent_path().filename(), path.filename()};
  return Error{Code::failed_precondition,
               "it was made at " + path.string() + ", and this instance looks in " + root +
                   ": run tenon where it was made, or set `directory` of the instance in tenon.yaml to " +
                   home.string()};
}

}  // namespace tenon
