#include "framework/cli/signals.h"

#include <unistd.h>

#include <string_view>

#include "framework/cli/exit_code.h"

namespace tenon {
namespace {

// A handler reaches nothing but a global.
std::atomic<StopFlag*> current = nullptr;
std::atomic<const std::atomic<bool>*> has_acted = nullptr;

void on_signal(int) {
  static constexpr std::string_view kFirst =
      "\nInterrupted: nothing new is started; waiting for the calls that run. An import that has begun goes "
      "on by itself:\nthe next 'tenon apply' finds it, 'tenon destroy' stops it. Once more stops at once.\n";
  StopFlag* stop = current.load();
  if (!stop || stop->fetch_add(1) != 0) return;
  // There is nobody to tell that telling failed.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kFirst.data(), kFirst.size());
}

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

void on_signal_before_the_run(int) {
  static constexpr std::string_view kNothing = "\nInterrupted. Nothing was changed.\n",
                                    kEnded = "\nInterrupted.\n";
  const std::atomic<bool>* acted = has_acted.load();
  const std::string_view text = acted && !acted->load() ? kNothing : kEnded;
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  _exit(kInterrupted);
}

}  // namespace

OnSignals::OnSignals(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &action, &before_[i]);
    // nohup has said that the end of the terminal is not to matter.
    if (kSignals[i] == SIGHUP && before_[i].sa_handler == SIG_IGN) sigaction(SIGHUP, &before_[i], nullptr);
  }
}

OnSignals::~OnSignals() {
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
}

LeaveOnSignals::LeaveOnSignals(const std::atomic<bool>& acted)
    : signals_((has_acted = &acted, on_signal_before_the_run)) {}

LeaveOnSignals::~LeaveOnSignals() { has_acted = nullptr; }

StopOnSignals::StopOnSignals(StopFlag& stop) : signals_((current = &stop, on_signal)) {}

StopOnSignals::~StopOnSignals() { current = nullptr; }

}  // namespace tenon
