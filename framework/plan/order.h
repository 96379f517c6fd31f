// A deterministic topological order of numbered nodes, and the cycles that prevent one.
#pragma once

#include <vector>

namespace tenon {

struct Order {
  std::vector<int> sorted;               // all nodes, those of `before` first; ties by number
  std::vector<std::vector<int>> cycles;  // each a path in which every node has the next one before it
};

// before[n]: nodes that come before n; may name one twice. With cycles, what they hold back is sorted as if
// the edge into the smallest node were not there.
Order order_of(const std::vector<std::vector<int>>& before);

}  // namespace tenon
