// What the commands that change something share: lock, plan, question, run, summary. Every function returns
// an exit code, and has said what is wrong.
#pragma once

#include <functional>

#include "framework/cli/session.h"

namespace tenon {

// Holds the lock before anything is looked at, and through the question and the run.
int with_lock(const Arguments& arguments, Environment& env, const std::function<int(const RunLock&)>& work);
// The same with everything opened for writing.
int with_session(const Arguments& arguments, Environment& env, const std::function<int(Session&)>& work);

// True: go ahead. Otherwise it was said why not.
bool confirmed(const Arguments& arguments, Environment& env);

// Shows the plan, asks, carries it out.
int show_and_run(const Arguments& arguments, Environment& env, Session& session, const Planned& planned);
// The same for a plan that is made first.
int plan_and_run(const Arguments& arguments, Environment& env, Session& session, const PlanOptions& options);

}  // namespace tenon
