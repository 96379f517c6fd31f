#include "framework/bench/measure.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "framework/load/load.h"

namespace tenon::bench {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

rusage usage(int who) {
  rusage result{};
  getrusage(who, &result);
  return result;
}

}  // namespace

void print_row(const std::string& name, int n, double seconds, double cpu_seconds) {
  const double peak = static_cast<double>(usage(RUSAGE_SELF).ru_maxrss) / 1024;
  std::cout << Json{{"name", name},
                    {"n", n},
                    {"seconds", seconds},
                    {"cpu_seconds", cpu_seconds},
                    {"peak_mib", peak}}
            << std::endl;
}

double cpu_seconds() {
  double total = 0;
  for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    const rusage used = usage(who);
    total += seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  }
  return total;
}

double since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Result<std::vector<Resource>> load_graph(const std::string& file) {
  Diagnostics diagnostics;
  std::vector<Resource> resources = to_resources(load_paths({file}, diagnostics), "default", diagnostics);
  if (!diagnostics.empty()) return Error{Code::invalid_argument, to_string(diagnostics.front())};
  return resources;
}

}  // namespace tenon::bench
