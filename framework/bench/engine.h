// What tools/bench cannot see from outside: the scheduler against a simulated backend, and single calls of a
// plugin. One thread each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/base/result.h"
#include "framework/model/manifest.h"

namespace tenon::bench {

// A row as framework/bench/rows.py reads it: one line of JSON on stdout. peak_mib is of this process.
void print_row(const std::string& name, int n, double seconds, double cpu_seconds);

// User and system time of this process and of the children that it has reaped.
double cpu_seconds();
double since(std::chrono::steady_clock::time_point begin);
double median(std::vector<double> values);

Result<std::vector<Resource>> load_graph(const std::string& file);

// The graph in the file, with a backend whose creates take 10 ms and whose observes take nothing, an
// inventory in memory, and 100 steps at the same time.
Status schedule(const std::string& plugin, const std::string& graph);

// One call at a time in a host process and in this process, a host's start, and 8 creates at once under the
// configuration that makes them slow.
Status calls(const std::string& plugin, const std::string& host, const std::string& graph, const Json& slow);

}  // namespace tenon::bench
