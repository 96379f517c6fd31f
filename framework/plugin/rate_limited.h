// A channel that makes no more calls than its limit allows; the others wait for their turn.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "framework/backend/limits.h"
#include "framework/plugin/channel.h"

namespace tenon {

// Who may call next: turns come in the order in which they were asked for. Thread-safe.
class Turns {
 public:
  // clock: outlives it.
  Turns(RateLimit limit, const Clock& clock) : limit_(limit), clock_(clock), bucket_(limit, clock.now()) {}

  // Blocks until it is its turn. False: that would come after the deadline, or the stop or the hold was
  // requested before it came.
  bool take(const CallContext& context);
  size_t waiting() const;
  const RateLimit& limit() const { return limit_; }

 private:
  // With the lock held; zero: it is its turn, and is counted.
  Duration left_until(uint64_t ticket);

  const RateLimit limit_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  TokenBucket bucket_;
  uint64_t last_ticket_ = 0;
  std::deque<uint64_t> tickets_;  // of those that wait
};

// Thread-safe. A call whose turn does not come before its deadline is not made: unavailable. Its time begins
// with its turn. What is apart has the same turns.
class RateLimited final : public Channel {
 public:
  RateLimited(std::unique_ptr<Channel> inner, std::shared_ptr<Turns> turns)
      : inner_(std::move(inner)), turns_(std::move(turns)) {}

  // Takes no turn.
  Status open(const CallContext& context) override { return inner_->open(context); }
  Result<Json> call(const std::string& method, const Json& request, const CallContext& context) override;
  void listen(std::function<void(const Json& event)> listener) override {
    inner_->listen(std::move(listener));
  }
  std::unique_ptr<Channel> apart() const override;

 private:
  const std::unique_ptr<Channel> inner_;
  const std::shared_ptr<Turns> turns_;
};

}  // namespace tenon
