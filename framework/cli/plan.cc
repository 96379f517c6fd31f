#include <optional>
#include <ostream>

#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/locking.h"
#include "framework/cli/plan_output.h"
#include "framework/cli/planning.h"
#include "framework/cli/render_plan.h"
#include "framework/cli/saved_plan.h"
#include "framework/cli/signals.h"
#include "framework/cli/text.h"

namespace tenon {

int run_plan(const Arguments& arguments, Environment& env) {
  // A plan that is kept names the inventory, which is made if it is not there.
  const bool saves = !arguments.plan_file.empty();
  int status = kSuccess;
  std::optional<RunLock> lock;
  std::optional<LeaveOnSignals> guard;
  if (saves) {
    if (const Status may = check_plan_output(arguments.plan_file, arguments.files); !may) {
      print_error(may.error(), env);
      return kFailure;
    }
    guard.emplace(env.acted);
  }
  if (saves) lock = take_lock(arguments, env, "tenon plan --out", status);
  if (saves && !lock) return status;
  const auto session = Session::open(arguments, env, lock ? &*lock : nullptr);
  if (!session) return kFailure;
  const auto options = plan_options(arguments, env);
  const auto planned = options ? plan_for(arguments, env, *session, *options) : std::nullopt;
  if (!planned) return kFailure;
  if (arguments.format == Format::text)
    env.out << render_plan(*planned, session->catalog(), style_of(env));
  else
    env.out << dump(plan_document(*planned, session->catalog()), arguments.format == Format::yaml);
  if (planned->plan.refused()) return kRefused;
  if (saves) {
    if (const Status saved = save_plan(planned->plan, session->catalog(), arguments.plan_file); !saved) {
      print_error(saved.error(), env);
      return kFailure;
    }
  }
  if (planned->plan.blocked()) return kPartial;
  return arguments.detailed_exit_code && !planned->plan.empty() ? kChanges : kSuccess;
}

}  // namespace tenon
