#include "framework/cli/locking.h"

#include <ostream>

#include "framework/base/durations.h"
#include "framework/base/printable.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/session.h"

namespace tenon {
namespace {

// Most calls that a killed run leaves behind return within this: whoever runs it again need not ask for it.
constexpr std::chrono::seconds kLastCall{10};

std::chrono::milliseconds patience_with_others(const Arguments& arguments, const std::string& path) {
  if (arguments.lock_timeout) return *arguments.lock_timeout;
  const std::optional<LockHolder> holder = lock_holder(path);
  return holder && !holder->ended ? std::chrono::milliseconds{0} : kLastCall;
}

std::string remedy(const Arguments& arguments, std::chrono::milliseconds waited) {
  const std::string still = waited.count() > 0 ? ", still after " + display_duration(waited) : "";
  return still + (arguments.lock_timeout ? ". Nothing was changed."
                                         : ". Nothing was changed; --lock-timeout 5m would wait for it.");
}

}  // namespace

std::optional<RunLock> take_lock(const Arguments& arguments, Environment& env, const std::string& command,
                                 int& status) {
  const std::string path = arguments.state + "/lock";
  const auto try_for = [&](std::chrono::milliseconds wait) {
    return RunLock::acquire(path, command, env.clock.now(), wait);
  };
  Result<RunLock> lock = try_for({});
  const bool held = !lock && lock.error().code == Code::aborted;
  const auto patience = held ? patience_with_others(arguments, path) : std::chrono::milliseconds{0};
  if (patience.count() > 0) {
    env.err << printable_lines(lock.error().message) << ": waiting for it up to "
            << display_duration(patience) << "\n"
            << std::flush;
    lock = try_for(patience);
  }
  if (lock) return std::move(*lock);
  status = held ? kRefused : kFailure;
  const bool forbidden = lock.error().code == Code::permission_denied;
  const std::string more = held
                               ? remedy(arguments, patience)
                               : std::string(forbidden ? "; run it where you may write, or name" : "; name") +
                                     " another place with --state";
  print_error({lock.error().code, lock.error().message + more}, env);
  return std::nullopt;
}

}  // namespace tenon
