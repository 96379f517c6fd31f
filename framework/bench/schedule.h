// Rows of tools/bench: printed when they are measured.
#pragma once

#include <chrono>
#include <string>

#include "framework/base/result.h"

namespace tenon::bench {

// The graph in the file, with a backend whose creates take 10 ms and whose observes take `look`, an inventory
// in memory, and 100 steps at the same time; and its calls alone, without Tenon.
Status schedule(const std::string& plugin, const std::string& graph, std::chrono::milliseconds look);

}  // namespace tenon::bench
