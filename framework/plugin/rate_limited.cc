#include "framework/plugin/rate_limited.h"

#include <algorithm>

namespace tenon {

using Steady = std::chrono::steady_clock;

Duration Turns::left_until(uint64_t ticket) {
  const auto ahead = std::find(tickets_.begin(), tickets_.end(), ticket) - tickets_.begin();
  if (ahead == 0) return bucket_.take(clock_.now());
  const double each = limit_.per_second > 0 ? 1000 / limit_.per_second : 0;
  return std::max(Duration(1), Duration(static_cast<int64_t>(static_cast<double>(ahead - 1) * each)));
}

bool Turns::take(const CallContext& context) {
  // Made before the lock: it may be called here, and its end waits for its call.
  const std::stop_callback held(context.hold, [this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  const uint64_t mine = ++last_ticket_;
  tickets_.push_back(mine);
  bool taken = false;
  while (!context.stop.stop_requested() && !context.hold.stop_requested()) {
    const Duration left = left_until(mine);
    taken = left == Duration(0);
    if (taken || (context.deadline != Steady::time_point::max() && context.deadline < Steady::now() + left))
      break;
    const bool first = tickets_.front() == mine;
    // Who is not the first is woken by the one before.
    const auto moved = [&] { return context.hold.stop_requested() || (!first && tickets_.front() == mine); };
    if (first)
      changed_.wait_for(lock, context.stop, left, moved);
    else if (context.deadline == Steady::time_point::max())
      changed_.wait(lock, context.stop, moved);
    else
      changed_.wait_until(lock, context.stop, context.deadline, moved);
  }
  std::erase(tickets_, mine);
  changed_.notify_all();
  return taken;
}

size_t Turns::waiting() const {
  const std::lock_guard lock(mutex_);
  return tickets_.size();
}

Result<Json> RateLimited::call(const std::string& method, const Json& request, const CallContext& context) {
  const auto asked = Steady::now();
  if (turns_->take(context)) return inner_->call(method, request, from_now(context, asked));
  return Error{Code::unavailable, describe_call(method, request) +
                                      ": its turn did not come in time, since the instance may be called " +
                                      Json(turns_->limit().per_second).dump() +
                                      " times a second; the call was not made"};
}

std::unique_ptr<Channel> RateLimited::apart() const {
  std::unique_ptr<Channel> apart = inner_->apart();
  return apart ? std::make_unique<RateLimited>(std::move(apart), turns_) : nullptr;
}

}  // namespace tenon
