#include "framework/cli/acting.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/planning.h"
#include "framework/cli/saved_plan.h"

namespace tenon {
namespace {

int apply_saved(const Arguments& arguments, Environment& env, Session& session) {
  const Result<Planned> saved =
      session.patiently([&] { return read_saved_plan(arguments.plan_file, session.world()); });
  if (saved) return show_and_run(arguments, env, session, *saved);
  print_error(saved.error(), env);
  return saved.error().code == Code::failed_precondition ? kRefused : kFailure;
}

}  // namespace

int run_apply(const Arguments& arguments, Environment& env) {
  return with_session(arguments, env, [&](Session& session) {
    if (!arguments.plan_file.empty()) return apply_saved(arguments, env, session);
    const auto options = plan_options(arguments, env);
    return options ? plan_and_run(arguments, env, session, *options) : static_cast<int>(kFailure);
  });
}

}  // namespace tenon
