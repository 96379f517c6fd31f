// A channel that makes no more calls than its limit allows; the others wait for their turn.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "framework/backend/limits.h"
#include "framework/plugin/channel.h"

namespace tenon {

// Thread-safe. A call that cannot be made before its deadline is not made: unavailable.
class RateLimited final : public Channel {
 public:
  // clock: outlives it.
  RateLimited(std::unique_ptr<Channel> inner, RateLimit limit, const Clock& clock)
      : inner_(std::move(inner)), limit_(limit), clock_(clock), bucket_(limit, clock.now()) {}

  Result<Json> call(const std::string& method, const Json& request, const CallContext& context) override;
  void listen(std::function<void(const Json& event)> listener) override {
    inner_->listen(std::move(listener));
  }
  std::unique_ptr<Channel> apart() const override;

 private:
  Status wait_for_turn(const std::string& method, const Json& request, const CallContext& context);

  const std::unique_ptr<Channel> inner_;
  const RateLimit limit_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any never_;  // nobody notifies: only time and stop end a wait
  TokenBucket bucket_;
};

}  // namespace tenon
