// Has instances opened beside what comes before anybody asks them: reading manifests and the inventory,
// making the graph.
#pragma once

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "framework/backend/backend.h"

namespace tenon {

// Whether one can be opened is said to who asks it for something. Stops opening, and waits for that, when it
// goes.
class Opening {
 public:
  // Of the instances, those that have a backend, which outlives this.
  Opening(const Backends& backends, const std::set<std::string>& instances);

 private:
  std::vector<std::jthread> threads_;
};

}  // namespace tenon
