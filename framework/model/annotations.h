// The annotations that Tenon itself reads: one that it does not know, or a value that it would take for
// none, is a mistake that could cost data. Pure functions.
#pragma once

#include <optional>
#include <string>

namespace tenon {

struct AnnotationProblem {
  bool at_key = false;  // otherwise at the value
  std::string summary, detail;
};

// Of an annotation with the prefix tenon.dev/; others are not ours.
std::optional<AnnotationProblem> problem_of_annotation(const std::string& name, const std::string& value);

}  // namespace tenon
