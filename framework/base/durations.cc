#include "framework/base/durations.h"

#include <fmt/core.h>

namespace tenon {

std::string display_duration(Duration duration) {
  const double seconds = static_cast<double>(duration.count()) / 1000;
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  const long whole = static_cast<long>(seconds);
  if (whole % 60 == 0) return fmt::format("{} min", whole / 60);
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

}  // namespace tenon
