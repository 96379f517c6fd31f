// Delayed: work for later, on one thread of its own. What has not begun when it is destroyed is dropped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace tenon::libvirt {

class Delayed {
 public:
  Delayed() : thread_([this](std::stop_token stop) { run(stop); }) {}

  // Thread-safe. The work must not throw; the next one waits for its end.
  void after(std::chrono::seconds delay, std::function<void()> work);

 private:
  using Clock = std::chrono::steady_clock;

  void run(std::stop_token stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::multimap<Clock::time_point, std::function<void()>> due_;
  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace tenon::libvirt
