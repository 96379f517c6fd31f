// The commands, one file each. Every one prints to env.out what was asked for and to env.err what went wrong,
// and returns an exit code of exit_code.h.
#pragma once

#include "framework/cli/arguments.h"
#include "framework/cli/environment.h"

namespace tenon {

int run_plan(const Arguments& arguments, Environment& env);
int run_apply(const Arguments& arguments, Environment& env);
int run_destroy(const Arguments& arguments, Environment& env);
int run_get(const Arguments& arguments, Environment& env);
int run_describe(const Arguments& arguments, Environment& env);
int run_graph(const Arguments& arguments, Environment& env);
int run_validate(const Arguments& arguments, Environment& env);
int run_version(const Arguments& arguments, Environment& env);
int run_import(const Arguments& arguments, Environment& env);
int run_forget(const Arguments& arguments, Environment& env);
int run_mv(const Arguments& arguments, Environment& env);
int run_explain(const Arguments& arguments, Environment& env);
int run_plugins(const Arguments& arguments, Environment& env);
int run_doctor(const Arguments& arguments, Environment& env);
int run_completion(const Arguments& arguments, Environment& env);
int run_complete_word(const Arguments& arguments, Environment& env);
int run_rebuild(const Arguments& arguments, Environment& env);

}  // namespace tenon
