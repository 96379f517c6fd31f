// Keeps one host process for one instance: started at the first call, opened with the configuration, and
// started again with back-off after it ended.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "framework/plugin/channel.h"
#include "framework/plugin/events.h"
#include "framework/plugin/host_process.h"

namespace tenon {

// How long to wait before the next start after `ends` unexpected ends in a row: 100 ms, doubled each time, at
// most 30 s; nothing after none.
Duration restart_delay(int ends);

// Thread-safe.
class Supervisor final : public Channel {
 public:
  enum class Restart { with_back_off, at_once };

  Supervisor(HostOptions options, Json configuration, Restart restart = Restart::with_back_off);

  Status open(const CallContext& context) override;
  Result<Json> call(const std::string& method, const Json& request, const CallContext& context) override;
  void listen(Events::Listener listener) override { events_.listen(std::move(listener)); }
  std::unique_ptr<Channel> apart() const override;

 private:
  using Moment = std::chrono::steady_clock::time_point;
  using Lock = std::unique_lock<std::mutex>;

  Result<std::shared_ptr<HostProcess>> host(const CallContext& context);
  Result<std::shared_ptr<HostProcess>> open_host(const CallContext& context) const;
  void count_end();
  bool wait(Lock& lock, Moment until, const CallContext& context);

  Events events_;  // of every host, one after the other
  const HostOptions options_;
  const Json configuration_;
  const Restart restart_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<HostProcess> host_;
  std::shared_ptr<HostProcess> ended_;  // the one before, until whoever starts the next has seen its end
  bool starting_ = false;
  int ends_ = 0;  // in a row, without an answer in between
  Moment start_at_{};
};

}  // namespace tenon
