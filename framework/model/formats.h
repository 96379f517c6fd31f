// The version of what plugins say about themselves; docs/upgrade.md lists all formats. Raised when a reader
// of the old form would misunderstand the new one; new members alone do not raise it.
#pragma once

namespace tenon {

inline constexpr int kManifestVersion = 1;  // all that parse_manifest reads

}  // namespace tenon
