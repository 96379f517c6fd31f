// What one instance may use: bounds of tenon.yaml and of the manifest. Values and pure functions.
#pragma once

#include <cstdint>

#include "framework/base/clock.h"

namespace tenon {

struct RateLimit {
  double per_second = 0;  // calls; 0: unlimited
  int burst = 1;          // calls at once after a pause
};

struct InstanceLimits {
  uint64_t memory = 0;  // bytes that its host may fill; 0: what the manifest says
  int parallel = 0;     // calls at once; 0: as many as the manifest allows, and never more
  RateLimit rate;
};

// A bucket that holds `burst` calls and is filled at the rate. Time is given to it; a clock that is put back
// fills nothing.
class TokenBucket {
 public:
  TokenBucket(RateLimit limit, Time now) : limit_(limit), tokens_(limit.burst), at_(now) {}

  // Zero: the call may be made, and is counted. Otherwise how long until it may be tried again.
  Duration take(Time now);

 private:
  const RateLimit limit_;
  double tokens_;
  Time at_;
};

}  // namespace tenon
