// The JSON of an inventory's rows that are not Owned: the last run and its steps. A run's plan is by far the
// largest of all, and is neither read nor written as anything but text.
#pragma once

#include <string>

#include "framework/base/json.h"
#include "framework/base/result.h"
#include "framework/model/owned.h"

namespace tenon {

// Without the steps, which have rows of their own.
std::string run_text(const RunRecord& run);
Json to_json(const StepRecord& step);

// internal: not of this shape.
Result<RunRecord> run_from_text(const std::string& text);
Result<StepRecord> step_from_json(const Json& json);

}  // namespace tenon
