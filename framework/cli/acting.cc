#include "framework/cli/acting.h"

#include <unistd.h>

#include <algorithm>
#include <istream>
#include <ostream>

#include "framework/base/digest.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/locking.h"
#include "framework/cli/planning.h"
#include "framework/cli/progress.h"
#include "framework/cli/render_plan.h"
#include "framework/cli/signals.h"
#include "framework/cli/text.h"
#include "framework/engine/places.h"

namespace tenon {
namespace {

bool reads_manifest_from_input(const Arguments& arguments) {
  return std::find(arguments.files.begin(), arguments.files.end(), "-") != arguments.files.end();
}

size_t count(const Plan& plan, const RunResult& result, StepKind kind) {
  return static_cast<size_t>(
      std::count_if(result.steps.begin(), result.steps.end(), [&](const StepRecord& record) {
        return record.status == StepStatus::done && plan.steps[record.step].kind == kind;
      }));
}

size_t count(const RunResult& result, StepStatus status) {
  return static_cast<size_t>(
      std::count_if(result.steps.begin(), result.steps.end(),
                    [&](const StepRecord& record) { return record.status == status; }));
}

bool is_blocked(const Change& change) { return change.action == Action::blocked; }

std::string run_summary(const Plan& plan, const RunResult& result, Duration took) {
  std::string text = std::to_string(count(plan, result, StepKind::create)) + " created, " +
                     std::to_string(count(plan, result, StepKind::update)) + " updated, " +
                     std::to_string(count(plan, result, StepKind::remove)) + " deleted";
  for (const auto& [kind, done] :
       {std::pair(StepKind::adopt, "adopted"), {StepKind::forget, "forgotten"}, {StepKind::move, "moved"}})
    if (const size_t times = count(plan, result, kind)) text += ", " + std::to_string(times) + " " + done;
  if (const size_t failed = count(result, StepStatus::failed))
    text += ", " + std::to_string(failed) + " failed";
  if (const size_t skipped = count(result, StepStatus::skipped))
    text += ", " + std::to_string(skipped) + " skipped";
  if (const auto blocked = std::count_if(plan.changes.begin(), plan.changes.end(), is_blocked))
    text += ", " + std::to_string(blocked) + " blocked";
  return text + ", in " + display_duration(took) + ".";
}

std::string how_to_go_on(const Arguments& arguments) {
  if (arguments.command == "destroy") return "The next 'tenon destroy' goes on from here.\n";
  if (arguments.command != "apply")
    return "What is not done yet can still be done: look with 'tenon get', and run 'tenon " +
           arguments.command + "' for the rest.\n";
  const std::string apply =
      arguments.plan_file.empty() ? "The next 'tenon apply' goes on" : "Plan again to go on";
  return apply + " from here; an import that has begun goes on by itself, and 'tenon destroy' stops it.\n";
}

int conclude(const Arguments& arguments, const Plan& plan, const RunResult& result, Duration took,
             Environment& env) {
  const Style style = style_of(env);
  const bool complete =
      count(result, StepStatus::done) == plan.steps.size() && !result.broken_off && !plan.blocked();
  const std::string head = complete             ? style.green("Done: ")
                           : result.broken_off  ? style.red("Broken off: ")
                           : result.interrupted ? style.yellow("Interrupted: ")
                                                : style.red("Done in part: ");
  env.out << "\n" << head << run_summary(plan, result, took) << "\n";
  if (env.stop >= 2) return kInterrupted;
  if (result.broken_off) {
    print_error(*result.broken_off, env);
    env.err
        << "Mend that and run the command again: what was called and is not recorded is found by its mark.\n";
  } else if (result.interrupted) {
    env.out << how_to_go_on(arguments);
  }
  return complete ? kSuccess : kPartial;
}

int carry_out(const Arguments& arguments, Environment& env, Session& session, const Planned& planned) {
  const Time begin = env.clock.now();
  const RunOptions options{.id = random_uuid(),
                           .process = arguments.command + ", pid " + std::to_string(getpid()),
                           .parallelism = arguments.parallelism};
  Result<RunResult> result = Error{};
  {
    const StopOnSignals guard(env.stop);
    env.acted = true;
    Progress progress(env.out, style_of(env), env.clock, can_draw(env), env.width);
    result = apply(session.world(), planned, progress, env.stop, options);
  }
  if (result) return conclude(arguments, planned.plan, *result, env.clock.now() - begin, env);
  print_error(result.error(), env);
  return kFailure;
}

// What is as it should be is where its instances look.
int nothing_to_do(Environment& env, Session& session, const Planned& planned) {
  const Status placed = record_places(session.world(), planned);
  if (!placed) {
    print_error(placed.error(), env);
    return kFailure;
  }
  return kSuccess;
}

}  // namespace

bool confirmed(const Arguments& arguments, Environment& env) {
  if (arguments.yes) return true;
  if (!env.in_terminal || reads_manifest_from_input(arguments)) {
    env.err
        << "Refused: there is no terminal to ask on; look at the plan and say --yes. Nothing was changed.\n";
    return false;
  }
  env.out << "\nDo you want to perform these actions? Only 'yes' is accepted: " << std::flush;
  std::string answer;
  std::getline(env.in, answer);
  if (answer == "yes") return true;
  env.out << "Not confirmed. Nothing was changed.\n";
  return false;
}

int with_lock(const Arguments& arguments, Environment& env, const std::function<int(const RunLock&)>& work) {
  const LeaveOnSignals guard(env.acted);
  int status = kSuccess;
  const auto lock = take_lock(arguments, env, "tenon " + arguments.command, status);
  return lock ? work(*lock) : status;
}

int with_session(const Arguments& arguments, Environment& env, const std::function<int(Session&)>& work) {
  return with_lock(arguments, env, [&](const RunLock& lock) {
    const auto session = Session::open(arguments, env, &lock);
    return session ? work(*session) : static_cast<int>(kFailure);
  });
}

int show_and_run(const Arguments& arguments, Environment& env, Session& session, const Planned& planned) {
  env.out << render_plan(planned, session.catalog(), style_of(env));
  if (planned.plan.refused()) {
    env.err << "Refused: nothing was changed.\n";
    return kRefused;
  }
  if (planned.plan.empty() && !planned.plan.blocked()) return nothing_to_do(env, session, planned);
  // A run that can do nothing is recorded all the same: `get` shows what is blocked, and why.
  if (!planned.plan.empty() && !confirmed(arguments, env)) return kRefused;
  return carry_out(arguments, env, session, planned);
}

int plan_and_run(const Arguments& arguments, Environment& env, Session& session, const PlanOptions& options) {
  const auto planned = plan_for(arguments, env, session, options);
  return planned ? show_and_run(arguments, env, session, *planned) : static_cast<int>(kFailure);
}

}  // namespace tenon
