// Ctrl-C while a run works: once stops softly, twice at once.
#pragma once

#include <signal.h>

#include "framework/run/executor.h"

namespace tenon {

// While it lives, SIGINT, SIGTERM and SIGHUP count up `stop`, and the first one says on standard error what
// happens next. One at a time in a process.
class StopOnSignals {
 public:
  explicit StopOnSignals(StopFlag& stop);
  ~StopOnSignals();
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;

 private:
  struct sigaction interrupt_, terminate_, hang_up_;
};

}  // namespace tenon
