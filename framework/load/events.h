// What the handlers of yaml-cpp's events have in common. Internal to this folder.
#pragma once

#include <yaml-cpp/mark.h>

#include <string>

#include "framework/load/yaml.h"

namespace tenon {

inline Place place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Ends the parse from within a handler.
struct Refused {
  YamlProblem problem;
};

[[noreturn]] inline void refuse(const YAML::Mark& mark, std::string summary, std::string detail = "") {
  throw Refused{{place_of(mark), std::move(summary), std::move(detail), {}}};
}

}  // namespace tenon
