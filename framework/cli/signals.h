// Ctrl-C: before a run nothing was changed and the process ends; while it works, once stops softly, twice at
// once.
#pragma once

#include <signal.h>

#include <array>
#include <atomic>

#include "framework/run/executor.h"

namespace tenon {

// While it lives, SIGINT, SIGTERM and, unless nohup has it ignored, SIGHUP do this; then what they did
// before. One of a kind at a time in a process.
class OnSignals {
 public:
  explicit OnSignals(void (*handler)(int));
  ~OnSignals();
  OnSignals(const OnSignals&) = delete;
  OnSignals& operator=(const OnSignals&) = delete;

 private:
  std::array<struct sigaction, 3> before_;
};

// While it lives, these signals end the process at once with kInterrupted; it says so on standard error, and
// that nothing was changed unless something was, as `acted` tells.
class LeaveOnSignals {
 public:
  explicit LeaveOnSignals(const std::atomic<bool>& acted);
  ~LeaveOnSignals();

 private:
  OnSignals signals_;
};

// While it lives, these signals count up `stop`, and the first one says on standard error what happens next.
class StopOnSignals {
 public:
  explicit StopOnSignals(StopFlag& stop);
  ~StopOnSignals();

 private:
  OnSignals signals_;
};

}  // namespace tenon
