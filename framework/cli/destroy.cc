#include "framework/cli/acting.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/planning.h"

namespace tenon {

int run_destroy(const Arguments& arguments, Environment& env) {
  auto options = plan_options(arguments, env);
  if (!options) return kFailure;
  options->destroy = true;
  return with_session(arguments, env,
                      [&](Session& session) { return plan_and_run(arguments, env, session, *options); });
}

}  // namespace tenon
