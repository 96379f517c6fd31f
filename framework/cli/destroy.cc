#include "framework/cli/acting.h"
#include "framework/cli/commands.h"

namespace tenon {

int run_destroy(const Arguments& arguments, Environment& env) { return act(arguments, env, true); }

}  // namespace tenon
