// The command line as a function: main gives it the process, tests give it strings.
#pragma once

#include <string>
#include <vector>

#include "framework/cli/environment.h"

namespace tenon {

// arguments: without the program's name. Returns the exit code.
int run_cli(const std::vector<std::string>& arguments, Environment& env);

}  // namespace tenon
