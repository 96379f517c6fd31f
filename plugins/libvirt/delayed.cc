#include "plugins/libvirt/delayed.h"

namespace tenon::libvirt {

void Delayed::after(std::chrono::seconds delay, std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  due_.emplace(Clock::now() + delay, std::move(work));
  changed_.notify_all();
}

void Delayed::run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (due_.empty()) {
      changed_.wait(lock, stop, [this] { return !due_.empty(); });
      continue;
    }
    const auto first = due_.begin()->first;
    if (Clock::now() < first) {
      changed_.wait_until(lock, stop, first, [&] { return due_.begin()->first < first; });
      continue;
    }
    const auto work = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace tenon::libvirt
