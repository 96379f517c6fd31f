#include "framework/model/annotations.h"

#include <algorithm>
#include <vector>

#include "framework/base/diagnostics.h"
#include "framework/model/resource.h"

namespace tenon {
namespace {

constexpr std::string_view kPrefix = "tenon.dev/";

const std::vector<std::string>& known() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const std::string_view name : {kBackendAnnotation, kDependsOnAnnotation, kApproveAnnotation,
                                        kProtectAnnotation, kMovedFromAnnotation})
      all.emplace_back(name);
    return all;
  }();
  return names;
}

AnnotationProblem unknown(const std::string& name) {
  const std::string_view nearest = nearest_name(name, known());
  std::string detail = nearest.empty() ? "" : "did you mean '" + std::string(nearest) + "'?\n";
  detail += "known annotations: ";
  for (const std::string& one : known()) detail += (&one == &known().front() ? "" : ", ") + one;
  return {true, "unknown annotation '" + name + "'", std::move(detail)};
}

}  // namespace

std::optional<AnnotationProblem> problem_of_annotation(const std::string& name, const std::string& value) {
  if (!name.starts_with(kPrefix)) return {};
  if (std::find(known().begin(), known().end(), name) == known().end()) return unknown(name);
  if (name == kProtectAnnotation && value != "true" && value != "false")
    return AnnotationProblem{false, "expected \"true\" or \"false\" for '" + name + "', got '" + value + "'",
                             "\"true\" protects it from being deleted or replaced"};
  return {};
}

}  // namespace tenon
