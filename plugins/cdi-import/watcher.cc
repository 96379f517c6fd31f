#include "plugins/cdi-import/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>

namespace tenon::cdi {

Result<std::unique_ptr<Watcher>> Watcher::make(Tell tell) {
  std::unique_ptr<Watcher> watcher(new Watcher(std::move(tell)));
  watcher->events_.reset(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watcher->events_) return errno_error("making", "an inotify instance", errno);
  watcher->end_.reset(eventfd(0, EFD_CLOEXEC));
  if (!watcher->end_) return errno_error("making", "an event", errno);
  watcher->thread_ = std::thread([raw = watcher.get()] { raw->run(); });
  return watcher;
}

Watcher::~Watcher() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(end_.get(), &one, sizeof one);
  thread_.join();
}

void Watcher::watch(std::set<std::string> addresses) {
  const std::lock_guard lock(mutex_);
  addresses_ = std::move(addresses);
}

bool Watcher::watches(const std::string& address) const {
  const std::lock_guard lock(mutex_);
  return addresses_.contains(address);
}

void Watcher::follow(const std::string& address, const std::vector<std::string>& directories) {
  const std::lock_guard lock(mutex_);
  for (const std::string& directory : directories)
    // What is written last is written beside and renamed.
    if (const int descriptor = inotify_add_watch(events_.get(), directory.c_str(), IN_MOVED_TO | IN_ONLYDIR);
        descriptor >= 0)
      followed_[descriptor] = address;
}

void Watcher::run() {
  alignas(inotify_event) char bytes[16384];
  for (;;) {
    pollfd polled[2] = {{events_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}};
    if (poll(polled, 2, -1) < 0 && errno != EINTR) return;
    if (polled[1].revents) return;
    const ssize_t count = read(events_.get(), bytes, sizeof bytes);
    for (ssize_t at = 0; at < count;) {
      const auto* event = reinterpret_cast<const inotify_event*>(bytes + at);
      hear(event->wd, event->len > 0 ? event->name : "");
      at += static_cast<ssize_t>(sizeof *event + event->len);
    }
  }
}

void Watcher::hear(int descriptor, const std::string& file) {
  if (file != "contents.json" && file != "failure.json") return;
  std::unique_lock lock(mutex_);
  const auto followed = followed_.find(descriptor);
  if (followed == followed_.end() || !addresses_.contains(followed->second)) return;
  const std::string address = followed->second;
  lock.unlock();
  tell_(address);
}

}  // namespace tenon::cdi
