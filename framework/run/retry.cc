#include "framework/run/retry.h"

#include <algorithm>

namespace tenon {
namespace {

constexpr int kTransientAttempts = 8;
constexpr int kUnknownAttempts = 1;

// base × 2^(count-1), at most limit.
Duration doubled(Duration base, int count, Duration limit) {
  const int doublings = std::clamp(count - 1, 0, 20);
  return std::min(base * (1 << doublings), limit);
}

}  // namespace

std::optional<Time> next_attempt(Code code, int count, Time now) {
  const int limit = is_transient(code) ? kTransientAttempts : is_outcome_unknown(code) ? kUnknownAttempts : 0;
  if (count > limit) return std::nullopt;
  return now + doubled(Duration(200), count, std::chrono::seconds(30));
}

Duration poll_interval(int count) { return doubled(Duration(50), count, std::chrono::seconds(1)); }

}  // namespace tenon
