// A plan as JSON: what `tenon plan -o json` prints, what a run records, what a saved plan holds.
#pragma once

#include <string>

#include "framework/base/json.h"
#include "framework/base/result.h"
#include "framework/model/catalog.h"
#include "framework/model/change.h"
#include "framework/model/secrets.h"

namespace tenon {

// Raised when a reader of the old form would misunderstand the new one; new members alone do not raise it.
inline constexpr int kPlanFormatVersion = 2;

// Handles stay. A value that a schema of the catalog marks x-secret and that is none is masked; the member
// "masked" then says so, and what is read back is for looking at, not for applying.
Json to_json(const Plan& plan, const Catalog& catalog);
// The same as text.
std::string plan_text(const Plan& plan, const Catalog& catalog);
// Of a plan that nobody applies again: without fingerprints, fields, and changes that do nothing. Reads back
// as a plan.
std::string record_text(const Plan& plan, const Catalog& catalog);

// failed_precondition: a newer formatVersion; invalid_argument: not a plan, or damaged.
Result<Plan> plan_from_json(const Json& json);

}  // namespace tenon
