#include "framework/plugin/bisection.h"

#include <algorithm>

namespace tenon {
namespace {

void mark(std::vector<Finding>& findings, Range range, Finding finding) {
  std::fill_n(findings.begin() + static_cast<std::ptrdiff_t>(range.begin), range.size(), finding);
}

}  // namespace

std::vector<Finding> bisect(size_t count, int starts, const std::function<Trial(Range)>& trial) {
  std::vector<Finding> findings(count, Finding::unknown);
  std::vector<Range> open;  // the next one last
  if (count > 0) open.push_back({0, count});
  while (!open.empty() && starts > 0) {
    const Range range = open.back();
    open.pop_back();
    const Trial outcome = trial(range);
    if (outcome == Trial::impossible) break;
    if (outcome == Trial::answered) {
      mark(findings, range, Finding::answered);
      continue;
    }
    --starts;
    if (range.size() == 1) {
      mark(findings, range, Finding::crashes);
      continue;
    }
    const size_t middle = range.begin + range.size() / 2;
    open.push_back({middle, range.end});
    open.push_back({range.begin, middle});
  }
  return findings;
}

}  // namespace tenon
