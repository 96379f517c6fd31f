// Passes 1 to 6 for a command: plan, apply and destroy begin alike.
#pragma once

#include <optional>

#include "framework/cli/session.h"

namespace tenon {

// Nothing: what is wrong was printed.
std::optional<Planned> plan_for(const Arguments& arguments, Environment& env, Session& session, bool destroy);

}  // namespace tenon
