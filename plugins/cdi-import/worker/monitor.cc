#include "plugins/cdi-import/worker/monitor.h"

#include <algorithm>

#include "framework/base/clock.h"

namespace tenon::cdi {

void Monitor::begin(const std::string& step, double from, double to) {
  step_ = step;
  from_ = from;
  to_ = to;
  reported_ = {};
  report(0, step);
}

void Monitor::advance(int64_t done, int64_t total, int64_t guess) {
  const int64_t whole = std::max<int64_t>(total > 0 ? total : guess, 1);
  std::string message = step_ + ": " + std::to_string(done);
  if (total > 0) message += " of " + std::to_string(total);
  report(static_cast<double>(done) / static_cast<double>(whole), message + " bytes");
}

void Monitor::advance_to(double fraction) { report(fraction, step_); }

bool Monitor::stopped() {
  const auto now = Clock::now();
  if (is_stopped_ || now - asked_ < std::chrono::milliseconds(100)) return is_stopped_;
  asked_ = now;
  return is_stopped_ = stop_();
}

void Monitor::report(double fraction, const std::string& message) {
  const auto now = Clock::now();
  if (now - reported_ < std::chrono::milliseconds(200)) return;
  reported_ = now;
  // A report that cannot be written is no reason to give up the work.
  (void)state_.write_progress({.phase = "ImportInProgress",
                               .message = message,
                               .fraction = from_ + (to_ - from_) * std::clamp(fraction, 0.0, 1.0),
                               .updated = SystemClock().now().time_since_epoch().count()});
}

}  // namespace tenon::cdi
