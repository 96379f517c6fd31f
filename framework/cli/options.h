// Every command with its options, as CLI11 wants them. Only arguments.cc looks at this: CLI11 is large.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "framework/cli/arguments.h"

namespace tenon {

// Parsing with it fills `arguments`, which outlives it.
std::unique_ptr<CLI::App> make_app(Arguments& arguments);

}  // namespace tenon
