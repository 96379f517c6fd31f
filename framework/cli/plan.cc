#include <ostream>

#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/planning.h"
#include "framework/cli/render_plan.h"
#include "framework/cli/text.h"

namespace tenon {

int run_plan(const Arguments& arguments, Environment& env) {
  const auto session = Session::open(arguments, env);
  if (!session) return kFailure;
  const auto planned = plan_for(arguments, env, *session, false);
  if (!planned) return kFailure;
  if (arguments.format == Format::text)
    env.out << render_plan(*planned, session->catalog(), style_of(env));
  else
    env.out << dump(plan_document(*planned, session->catalog()), arguments.format == Format::yaml);
  if (planned->plan.refused()) return kRefused;
  if (planned->plan.blocked()) return kPartial;
  return arguments.detailed_exit_code && !planned->plan.empty() ? kChanges : kSuccess;
}

}  // namespace tenon
