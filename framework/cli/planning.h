// Passes 1 to 6 for a command.
#pragma once

#include <optional>

#include "framework/cli/session.h"

namespace tenon {

// What the options of the command line ask for. Nothing: what is wrong was printed.
std::optional<PlanOptions> plan_options(const Arguments& arguments, Environment& env);

// Reads the manifests, which only destroy, forget, import and mv need not have. Nothing: what is wrong was
// printed.
std::optional<Planned> plan_for(const Arguments& arguments, Environment& env, Session& session,
                                const PlanOptions& options);

}  // namespace tenon
