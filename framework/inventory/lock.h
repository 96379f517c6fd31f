// The run's lock: who holds it may change the inventory and the world.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "framework/base/clock.h"
#include "framework/base/files.h"
#include "framework/base/result.h"

namespace tenon {

// An flock on a file such as ./.tenon/lock. Children that inherit the descriptor hold it too, so a new run
// waits for the last call of a dead one; the kernel releases it with the last of them. The file's text only
// informs.
class RunLock {
 public:
  // Waits at most `wait`. aborted: somebody else holds it; the message says who and since when. command: what
  // this process does, for the others' message. now: when the waiting begins, for the same.
  static Result<RunLock> acquire(const std::string& path, const std::string& command, Time now,
                                 std::chrono::milliseconds wait = {});

  // To be inherited by hosts; still owned by the lock. Closed on exec unless the child asks for it.
  int descriptor() const { return file_.get(); }

 private:
  explicit RunLock(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
};

struct LockHolder {
  std::string description;  // who, where and since when, as far as the file tells
  bool ended = false;       // the run is dead; a child that it left still holds the lock
};

// Nothing: nobody holds the lock now.
std::optional<LockHolder> lock_holder(const std::string& path);

}  // namespace tenon
