#include "framework/cli/acting.h"
#include "framework/cli/commands.h"

namespace tenon {

int run_apply(const Arguments& arguments, Environment& env) { return act(arguments, env, false); }

}  // namespace tenon
