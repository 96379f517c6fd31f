// What apply and destroy share: lock, plan, question, run, summary.
#pragma once

#include "framework/cli/arguments.h"
#include "framework/cli/environment.h"

namespace tenon {

// Takes the lock before it looks at anything and holds it through the question and the run. destroy:
// everything owned goes, and manifests are not read. Returns the exit code.
int act(const Arguments& arguments, Environment& env, bool destroy);

}  // namespace tenon
