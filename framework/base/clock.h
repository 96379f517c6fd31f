// The clock behind an interface, so that everything that waits can be tested in virtual time.
#pragma once

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

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
};

}  // namespace tenon
