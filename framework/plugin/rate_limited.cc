#include "framework/plugin/rate_limited.h"

namespace tenon {

using Steady = std::chrono::steady_clock;

Result<Json> RateLimited::call(const std::string& method, const Json& request, const CallContext& context) {
  if (const Status turn = wait_for_turn(method, request, context); !turn) return turn.error();
  return inner_->call(method, request, context);
}

Status RateLimited::wait_for_turn(const std::string& method, const Json& request,
                                  const CallContext& context) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const Duration wait = bucket_.take(clock_.now());
    if (wait == Duration(0)) return {};
    if (context.stop.stop_requested() || context.deadline < Steady::now() + wait)
      return Error{Code::unavailable,
                   describe_call(method, request) +
                       ": its turn did not come in time, since the instance may be called " +
                       Json(limit_.per_second).dump() + " times a second; the call was not made"};
    never_.wait_for(lock, context.stop, wait, [] { return false; });
  }
}

std::unique_ptr<Channel> RateLimited::apart() const {
  std::unique_ptr<Channel> apart = inner_->apart();
  return apart ? std::make_unique<RateLimited>(std::move(apart), limit_, clock_) : nullptr;
}

}  // namespace tenon
