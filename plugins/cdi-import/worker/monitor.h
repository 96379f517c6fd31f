// What the steps of an import share: where they tell how far they are, and where they learn that they should
// stop.
//
// One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "plugins/cdi-import/state.h"

namespace tenon::cdi {

class Monitor {
 public:
  using StopQuestion = std::function<bool()>;

  // stop: whether the work has become pointless; asked at most ten times a second.
  Monitor(StateDirectory state, StopQuestion stop) : state_(std::move(state)), stop_(std::move(stop)) {}

  // The step covers this part of the whole import, from 0 to 1.
  void begin(const std::string& step, double from, double to);
  // total: 0 where it is not known; `guess` then stands for it. Written at most five times a second.
  void advance(int64_t done, int64_t total, int64_t guess = 0);
  void advance_to(double fraction);

  // True once the work should stop; stays true.
  bool stopped();

 private:
  using Clock = std::chrono::steady_clock;
  void report(double fraction, const std::string& message);

  StateDirectory state_;
  StopQuestion stop_;
  std::string step_;
  double from_ = 0, to_ = 1;
  Clock::time_point reported_{}, asked_{};
  bool is_stopped_ = false;
};

}  // namespace tenon::cdi
