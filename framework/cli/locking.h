// The run's lock, as every command takes it that changes something.
#pragma once

#include <optional>
#include <string>

#include "framework/cli/arguments.h"
#include "framework/cli/environment.h"
#include "framework/inventory/lock.h"

namespace tenon {

// Waits as --lock-timeout says; without it a little for the last call of a run that has ended, and for nobody
// else. Tells for whom. Nothing: it was printed who holds it since when, or what went wrong, and `status` is
// the exit code. command: what the others are told, such as "tenon apply".
std::optional<RunLock> take_lock(const Arguments& arguments, Environment& env, const std::string& command,
                                 int& status);

}  // namespace tenon
