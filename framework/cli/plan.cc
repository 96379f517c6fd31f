#include <optional>
#include <ostream>

#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/planning.h"
#include "framework/cli/render_plan.h"
#include "framework/cli/saved_plan.h"
#include "framework/cli/text.h"

namespace tenon {

namespace {

// Nothing: no lock was needed. A plan that is kept names the inventory, which is made if it is not there.
std::optional<Result<RunLock>> lock_to_save(const Arguments& arguments, Environment& env) {
  if (arguments.plan_file.empty()) return std::nullopt;
  return RunLock::acquire(arguments.state + "/lock", "tenon plan --out", env.clock.now());
}

}  // namespace

int run_plan(const Arguments& arguments, Environment& env) {
  const auto lock = lock_to_save(arguments, env);
  if (lock && !*lock) {
    print_error(lock->error(), env);
    return lock->error().code == Code::aborted ? kRefused : kFailure;
  }
  const auto session = Session::open(arguments, env, lock ? &**lock : nullptr);
  if (!session) return kFailure;
  const auto planned = plan_for(arguments, env, *session, false);
  if (!planned) return kFailure;
  if (arguments.format == Format::text)
    env.out << render_plan(*planned, session->catalog(), style_of(env));
  else
    env.out << dump(plan_document(*planned, session->catalog()), arguments.format == Format::yaml);
  if (planned->plan.refused()) return kRefused;
  if (lock) {
    if (const Status saved = save_plan(planned->plan, session->catalog(), arguments.plan_file); !saved) {
      print_error(saved.error(), env);
      return kFailure;
    }
  }
  if (planned->plan.blocked()) return kPartial;
  return arguments.detailed_exit_code && !planned->plan.empty() ? kChanges : kSuccess;
}

}  // namespace tenon
