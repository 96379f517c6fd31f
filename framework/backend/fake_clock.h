// A clock that stands still until it is moved: for tests of what waits.
#pragma once

#include <atomic>

#include "framework/base/clock.h"

namespace tenon {

class FakeClock final : public Clock {
 public:
  Time now() const override { return now_.load(); }
  void advance_to(Time time) { now_ = time; }
  void advance(Duration duration) { now_ = now() + duration; }

 private:
  std::atomic<Time> now_{Time(std::chrono::hours(1))};
};

}  // namespace tenon
