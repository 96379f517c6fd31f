#include "framework/backend/limits.h"

#include <algorithm>
#include <cmath>

namespace tenon {

Duration TokenBucket::take(Time now) {
  if (limit_.per_second <= 0) return Duration(0);
  const auto passed = static_cast<double>(std::max<int64_t>(0, (now - at_).count()));
  tokens_ = std::min<double>(limit_.burst, tokens_ + passed * limit_.per_second / 1000);
  at_ = now;
  // What is filled in milliseconds adds up to a call but for rounding.
  constexpr double kRounding = 1e-9;
  if (tokens_ >= 1 - kRounding) {
    tokens_ -= 1;
    return Duration(0);
  }
  return Duration(static_cast<int64_t>(std::ceil((1 - tokens_) * 1000 / limit_.per_second - kRounding)));
}

}  // namespace tenon
