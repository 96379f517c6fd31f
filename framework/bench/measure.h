// What the measurements have in common: the graph, the clocks, and a row of the table. Functions without
// state.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "framework/base/result.h"
#include "framework/model/resource.h"

namespace tenon::bench {

// A row as framework/bench/rows.py reads it: one line of JSON on stdout. peak_mib is of this process.
void print_row(const std::string& name, int n, double seconds, double cpu_seconds);

// User and system time of this process and of the children that it has reaped.
double cpu_seconds();
double since(std::chrono::steady_clock::time_point begin);
double median(std::vector<double> values);

Result<std::vector<Resource>> load_graph(const std::string& file);

}  // namespace tenon::bench
