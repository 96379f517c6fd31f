// The clock behind an interface, so that everything that waits can be tested in virtual time.
#pragma once

#include <time.h>

#include <chrono>

namespace tenon {

using Duration = std::chrono::milliseconds;
// Wall time, because moments are recorded and outlive a process. Milliseconds since the Unix epoch in every
// format.
using Time = std::chrono::sys_time<Duration>;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

// Wall time when it was made, and then what has passed since, asleep or not: whoever sets the computer's
// clock does not move it, so that what is waited for is neither over at once nor hours away.
class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::floor<Duration>(made_ + (up_time() - up_when_made_)); }

 private:
  static std::chrono::nanoseconds up_time() {
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  const std::chrono::system_clock::time_point made_ = std::chrono::system_clock::now();
  const std::chrono::nanoseconds up_when_made_ = up_time();
};

}  // namespace tenon
