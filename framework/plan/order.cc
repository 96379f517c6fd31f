#include "framework/plan/order.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <set>

namespace tenon {
namespace {

using Nodes = std::vector<std::vector<int>>;

class Sorter {
 public:
  explicit Sorter(const Nodes& before) : before_(before), after_(before.size()), missing_(before.size()) {
    for (size_t node = 0; node < before.size(); ++node)
      for (int earlier : before[node]) {
        after_[earlier].push_back(static_cast<int>(node));
        ++missing_[node];
      }
    for (size_t node = 0; node < before.size(); ++node)
      if (missing_[node] == 0) ready_.push(static_cast<int>(node));
  }

  Order run() {
    drain();
    for (size_t node = 0; node < before_.size(); ++node) {
      if (missing_[node] <= 0) continue;
      add_cycle(static_cast<int>(node));
      missing_[node] = 0;
      ready_.push(static_cast<int>(node));
      drain();
    }
    return std::move(order_);
  }

 private:
  void drain() {
    while (!ready_.empty()) {
      const int node = ready_.top();
      ready_.pop();
      missing_[node] = -1;
      order_.sorted.push_back(node);
      for (int later : after_[node])
        if (missing_[later] > 0 && --missing_[later] == 0) ready_.push(later);
    }
  }

  // Every node left has one left before it, so walking ends in a cycle.
  void add_cycle(int node) {
    std::vector<int> path;
    std::set<int> seen;
    while (seen.insert(node).second) {
      path.push_back(node);
      for (int earlier : before_[node])
        if (missing_[earlier] > 0) {
          node = earlier;
          break;
        }
    }
    path.erase(path.begin(), std::find(path.begin(), path.end(), node));
    std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
    order_.cycles.push_back(std::move(path));
  }

  const Nodes& before_;
  Nodes after_;
  std::vector<int> missing_;  // how many of `before` are not sorted yet; -1: is sorted itself
  std::priority_queue<int, std::vector<int>, std::greater<>> ready_;
  Order order_;
};

}  // namespace

Order order_of(const Nodes& before) { return Sorter(before).run(); }

}  // namespace tenon
