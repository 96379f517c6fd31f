// A plan as people read it. Pure: same plan, same text.
#pragma once

#include <string>

#include "framework/base/json.h"
#include "framework/cli/text.h"
#include "framework/engine/engine.h"

namespace tenon {

// Every change at the place of its first step, awaits in between, then what is blocked or refused, notes, the
// summary.
std::string render_plan(const Planned& planned, const Catalog& catalog, const Style& style);

// "Plan: 3 to create, 0 to update, 0 to replace, 0 to delete, 1 await." or "No changes."
std::string plan_summary(const Plan& plan);

// {"formatVersion", "summary", "changes", "steps", "notes", ...} without a secret value in it.
Json plan_document(const Planned& planned, const Catalog& catalog);

}  // namespace tenon
