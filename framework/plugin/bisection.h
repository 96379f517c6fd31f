// Which items of a batch crash the plugin, found by halving. Pure: what is tried comes in as a function.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace tenon {

// Items begin to end - 1 of a batch.
struct Range {
  size_t begin = 0, end = 0;

  size_t size() const { return end - begin; }
  friend bool operator==(const Range&, const Range&) = default;
};

enum class Trial { answered, crashed, impossible };

enum class Finding {
  answered,
  crashes,  // by itself, in a batch of one
  unknown,  // starts or trials had come to their end
};

// Tries ranges of the `count` items, the whole first and then in their order, until each was answered or
// crashed alone. What crashed must be started again, so at most `starts` trials may crash; an impossible one
// ends it at once.
std::vector<Finding> bisect(size_t count, int starts, const std::function<Trial(Range)>& trial);

}  // namespace tenon
