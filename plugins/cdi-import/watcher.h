// Tells when imports have come to an end: by inotify on what a worker writes last. A worker that dies writes
// nothing; that is found by looking.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "framework/base/files.h"

namespace tenon::cdi {

// Thread-safe.
class Watcher {
 public:
  using Tell = std::function<void(const std::string& address)>;

  // tell: from a thread of this object's. An error: this machine has no inotify left.
  static Result<std::unique_ptr<Watcher>> make(Tell tell);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // From now on these addresses are told of, and no others.
  void watch(std::set<std::string> addresses);
  bool watches(const std::string& address) const;
  // Where the end of this import shows. A directory that is not there is passed over.
  void follow(const std::string& address, const std::vector<std::string>& directories);

 private:
  explicit Watcher(Tell tell) : tell_(std::move(tell)) {}
  void run();
  void hear(int descriptor, const std::string& file);

  const Tell tell_;
  FileDescriptor events_, end_;
  mutable std::mutex mutex_;
  std::set<std::string> addresses_;
  std::map<int, std::string> followed_;  // watch descriptor -> address
  std::thread thread_;
};

}  // namespace tenon::cdi
