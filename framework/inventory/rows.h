// The JSON of an inventory's rows that are not Owned: the last run and its steps.
#pragma once

#include "framework/base/json.h"
#include "framework/base/result.h"
#include "framework/model/owned.h"

namespace tenon {

// Without the steps, which have rows of their own.
Json to_json(const RunRecord& run);
Json to_json(const StepRecord& step);

// internal: not of this shape.
Result<RunRecord> run_from_json(const Json& json);
Result<StepRecord> step_from_json(const Json& json);

}  // namespace tenon
