// Many items of one list, worked on by as many threads as there are processors. What comes out is the same
// for any number of them, as long as the work on a range depends on that range alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

#include "framework/base/threads.h"

namespace tenon {

// work(begin, end, part) for contiguous ranges of [0, count), one per thread; their parts in the order of the
// list. worth_a_thread: items below which another thread does not pay. Where no thread is to be had, the
// calling one does it. work throws nothing.
template <typename Part, typename Work>
std::vector<Part> in_ranges(size_t count, size_t worth_a_thread, const Work& work) {
  const size_t useful = std::max<size_t>(1, count / worth_a_thread);
  std::vector<Part> parts(std::min<size_t>(useful, std::max(1u, std::thread::hardware_concurrency())));
  const auto run = [&](size_t i) {
    work(count * i / parts.size(), count * (i + 1) / parts.size(), parts[i]);
  };
  {
    std::vector<std::jthread> threads;
    size_t left = 1;
    while (left < parts.size() && start_thread(threads, run, left)) ++left;
    run(0);
    for (; left < parts.size(); ++left) run(left);
  }
  return parts;
}

}  // namespace tenon
