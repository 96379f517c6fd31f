// Actions: what is done to an object and is no part of its spec, such as a reset or a scrub.
#pragma once

#include <string>

#include "framework/engine/engine.h"

namespace tenon {

// Carries out one of the kind's actions on what the inventory owns, where it is recorded to be. not_found:
// nothing is owned there; invalid_argument: the kind has no such action (those it has are named), or the
// arguments are not what its schema says; failed_precondition: it does not exist now; otherwise the plugin's
// error. Blocks; hold the run's lock.
Result<ActionResult> act(const World& world, const Address& address, const std::string& action,
                         Json arguments);

}  // namespace tenon
