// The version of what commands print with -o json and -o yaml, their member formatVersion. It is raised when
// a reader of the old form would misunderstand the new one; new members alone do not raise it.
#pragma once

namespace tenon {

inline constexpr int kOutputFormatVersion = 1;

}  // namespace tenon
