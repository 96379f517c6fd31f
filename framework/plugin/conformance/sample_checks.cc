// Whether the sample is one: nothing that is found with another says anything of the plugin.
#include "framework/plugin/conformance/checks.h"

namespace tenon {
namespace {

Json completed(const KindManifest& kind, Json spec, std::string& problem) {
  std::vector<SchemaProblem> problems;
  complete_value(kind.schema, spec, problems);
  if (!problems.empty()) problem = problems[0].pointer + ": " + problems[0].summary;
  return spec;
}

std::string names_of(const Manifest& manifest) {
  std::string names;
  for (const KindManifest& kind : manifest.kinds) names += (names.empty() ? "" : ", ") + to_string(kind.name);
  return names;
}

}  // namespace

Findings check_sample(const ConformanceSample& sample) {
  Findings findings;
  const auto add = [&findings](const char* check, bool ok, const std::string& advice) {
    findings.push_back({check, ok, ok ? "" : advice});
    return ok;
  };
  if (!sample.changed.is_null())
    add("the change of the sample changes something", sample.changed != sample.spec,
        "give the sample with something changed that can be updated in place; it is the same");
  if (!sample.manifest) return findings;
  const KindManifest* kind = sample.manifest->find(sample.address.kind_name());
  if (!add("the plugin has the kind of the sample", kind != nullptr,
           to_string(sample.address) + " is none of what plugin " + sample.manifest->name +
               " makes: " + names_of(*sample.manifest)))
    return findings;
  std::string problem, problem_of_change;
  const Json whole = completed(*kind, sample.spec, problem);
  if (!sample.changed.is_null()) completed(*kind, sample.changed, problem_of_change);
  add("the sample is valid", problem.empty() && problem_of_change.empty(),
      "give one that its own schema accepts, changed or not; " + problem + problem_of_change);
  add("completing the sample changes nothing", whole == sample.spec,
      "a sample has its defaults: " + whole.dump());
  return findings;
}

}  // namespace tenon
