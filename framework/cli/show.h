// What `get` and `describe` have in common: look, select, print, and say what is missing.
#pragma once

#include <functional>
#include <vector>

#include "framework/cli/arguments.h"
#include "framework/cli/environment.h"
#include "framework/cli/view.h"

namespace tenon {

// Prints the items that were asked for, by address.
using Show =
    std::function<void(const std::vector<const Item*>& items, const View& view, const Catalog& catalog)>;

// The exit code: kFailure also when a target names one resource that is neither owned nor about to be made.
int show_selected(const Arguments& arguments, Environment& env, const Show& show);

}  // namespace tenon
