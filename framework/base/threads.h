// Helpers that work beside the calling thread, and that it can do without.
#pragma once

#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace tenon {

// False: there is no thread to be had now (a limit of processes, or no memory), and nothing was started. What
// it was for is then the caller's.
template <typename... Work>
bool start_thread(std::vector<std::jthread>& threads, Work&&... work) {
  try {
    threads.emplace_back(std::forward<Work>(work)...);
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

}  // namespace tenon
