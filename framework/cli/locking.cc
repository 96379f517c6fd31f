#include "framework/cli/locking.h"

#include <ostream>

#include "framework/base/durations.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/session.h"

namespace tenon {

std::optional<RunLock> take_lock(const Arguments& arguments, Environment& env, const std::string& command,
                                 int& status) {
  const std::string path = arguments.state + "/lock";
  const std::string timeout = display_duration(arguments.lock_timeout);
  const auto try_for = [&](std::chrono::milliseconds wait) {
    return RunLock::acquire(path, command, env.clock.now(), wait);
  };
  Result<RunLock> lock = try_for({});
  const bool held = !lock && lock.error().code == Code::aborted;
  if (held && arguments.lock_timeout.count() > 0) {
    env.err << lock.error().message << ": waiting for it up to " << timeout << "\n" << std::flush;
    lock = try_for(arguments.lock_timeout);
  }
  if (lock) return std::move(*lock);
  status = held ? kRefused : kFailure;
  const std::string remedy = arguments.lock_timeout.count() > 0
                                 ? ", still after " + timeout + ". Nothing was changed."
                                 : ". Nothing was changed; --lock-timeout 5m would wait for it.";
  print_error(held ? Error{Code::aborted, lock.error().message + remedy} : lock.error(), env);
  return std::nullopt;
}

}  // namespace tenon
