#include "framework/cli/signals.h"

#include <unistd.h>

#include <string_view>

namespace tenon {
namespace {

// A handler reaches nothing but a global.
std::atomic<StopFlag*> current = nullptr;

void on_signal(int) {
  static constexpr std::string_view kFirst =
      "\nInterrupted: nothing new is started; waiting for the calls that run. An import that has begun goes "
      "on by itself:\nthe next 'tenon apply' finds it, 'tenon destroy' stops it. Once more stops at once.\n";
  StopFlag* stop = current.load();
  if (!stop || stop->fetch_add(1) != 0) return;
  // There is nobody to tell that telling failed.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kFirst.data(), kFirst.size());
}

}  // namespace

StopOnSignals::StopOnSignals(StopFlag& stop) {
  current = &stop;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &interrupt_);
  sigaction(SIGTERM, &action, &terminate_);
  sigaction(SIGHUP, &action, &hang_up_);
}

StopOnSignals::~StopOnSignals() {
  sigaction(SIGINT, &interrupt_, nullptr);
  sigaction(SIGTERM, &terminate_, nullptr);
  sigaction(SIGHUP, &hang_up_, nullptr);
  current = nullptr;
}

}  // namespace tenon
