// A plan in a file, made by `plan --out` and carried out by `apply PLAN` exactly as it was shown.
#pragma once

#include <string>

#include "framework/engine/engine.h"

namespace tenon {

// It names each secret's source instead of the secret. failed_precondition: one came from standard input,
// which cannot be read again.
Status save_plan(const Plan& plan, const Catalog& catalog, const std::string& file);

// Looks at the world again, and reads the secrets again. failed_precondition: the plan was made for another
// inventory or other plugins, or what it looked at or a secret has changed since (the first is named); plan
// again. Otherwise an error of the file's.
Result<Planned> read_saved_plan(const std::string& file, const World& world);

}  // namespace tenon
