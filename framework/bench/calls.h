// Rows of tools/bench: printed when they are measured.
#pragma once

#include <string>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon::bench {

// A round trip between two processes, one call at a time in this process and in a host process, a host's
// start, and 8 creates at once under the configuration that makes them slow.
Status calls(const std::string& plugin, const std::string& host, const std::string& graph, const Json& slow);

}  // namespace tenon::bench
