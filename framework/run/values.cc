#include "framework/run/values.h"

#include "framework/model/pointer.h"
#include "framework/model/resource.h"
#include "framework/model/secrets.h"
#include "framework/plan/seal.h"

namespace tenon {
namespace {

Error unresolved(const ValueReference& reference) {
  return {Code::failed_precondition, "the value at " + reference.pointer +
                                         " cannot be filled in: " + to_string(reference.target) +
                                         " has no output " + reference.path + "; plan again"};
}

Status validate(const Json& filled, const KindManifest* kind) {
  if (!kind) return {};
  std::vector<SchemaProblem> problems;
  Json copy = filled;
  complete_value(kind->schema, copy, problems);
  if (problems.empty()) return {};
  const SchemaProblem& first = problems.front();
  return Error{Code::failed_precondition, "a value that is known only now is not accepted: " + first.pointer +
                                              ": " + first.summary + "; mend it and plan again"};
}

}  // namespace

Result<SharedJson> fill_references(const SharedJson& spec, const OutputsOf& outputs,
                                   const KindManifest* kind) {
  const auto references = references_in(spec);
  if (!references) return references.error();
  if (references->empty()) return spec;
  Json filled = spec;
  for (const ValueReference& reference : *references) {
    const Json* from = outputs(reference.target);
    const Json* value = from ? find_value(*from, reference.path) : nullptr;
    if (!value) return unresolved(reference);
    if (kind && would_show_secret(kind->schema, reference.pointer, *value))
      return Error{Code::failed_precondition, "the value at " + reference.pointer + " is a secret, and " +
                                                  to_string(reference.target) +
                                                  " shows what it gives for it: write the secret itself"};
    filled[Json::json_pointer(reference.pointer)] = *value;
  }
  if (Status valid = validate(filled, kind); !valid) return valid.error();
  return SharedJson(std::move(filled));
}

}  // namespace tenon
