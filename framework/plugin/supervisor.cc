#include "framework/plugin/supervisor.h"

#include <algorithm>

namespace tenon {

using Steady = std::chrono::steady_clock;

Duration restart_delay(int ends) {
  if (ends <= 0) return Duration(0);
  return std::min<Duration>(std::chrono::milliseconds(100) * (1 << std::min(ends - 1, 10)),
                            std::chrono::seconds(30));
}

namespace {

HostOptions with_events(HostOptions options, Events& events) {
  options.event = [&events](std::string_view event) { events.happened(event); };
  return options;
}

}  // namespace

Supervisor::Supervisor(HostOptions options, Json configuration, Restart restart)
    : options_(with_events(std::move(options), events_)),
      configuration_(std::move(configuration)),
      restart_(restart) {}

std::unique_ptr<Channel> Supervisor::apart() const {
  return std::make_unique<Supervisor>(options_, configuration_, Restart::at_once);
}

void Supervisor::count_end() {
  if (restart_ == Restart::with_back_off) start_at_ = Steady::now() + restart_delay(++ends_);
}

Status Supervisor::open(const CallContext& context) {
  const auto running = host(context);
  return running ? Status() : running.error();
}

Result<Json> Supervisor::call(const std::string& method, const Json& request, const CallContext& context) {
  const Result<std::shared_ptr<HostProcess>> running = host(context);
  if (!running) return running.error();
  Result<Json> answer = (*running)->call(method, request, context);
  const Lock lock(mutex_);
  const bool answered = answer || (!is_outcome_unknown(answer.error().code) && (*running)->alive());
  if (answered) ends_ = 0;
  return answer;
}

// The running host, or a new one. One caller starts it; the others wait for that, and all of them for the
// back-off.
Result<std::shared_ptr<HostProcess>> Supervisor::host(const CallContext& context) {
  Lock lock(mutex_);
  for (;;) {
    if (host_ && !host_->alive()) {
      ended_ = std::move(host_);
      count_end();
    }
    if (host_) return host_;
    const bool early = Steady::now() < start_at_;
    if (!starting_ && !early) break;
    if (!wait(lock, starting_ ? Moment::max() : start_at_, context))
      return Error{Code::unavailable, "instance " + options_.instance + " was not restarted in time"};
  }
  starting_ = true;
  std::shared_ptr<HostProcess> ended = std::move(ended_);
  lock.unlock();
  if (ended) ended->await_end();  // never two hosts of one instance
  ended.reset();
  auto opened = open_host(context);
  lock.lock();
  starting_ = false;
  if (opened)
    host_ = *opened;
  else if (opened.error().code == Code::crashed)
    count_end();
  changed_.notify_all();
  // The call was not made, so its outcome is not unknown.
  if (!opened && opened.error().code == Code::crashed)
    return Error{Code::unavailable, opened.error().message};
  return opened;
}

Result<std::shared_ptr<HostProcess>> Supervisor::open_host(const CallContext& context) const {
  Result<std::unique_ptr<HostProcess>> started = HostProcess::start(options_);
  if (!started) return started.error();
  std::shared_ptr<HostProcess> host = *std::move(started);
  const Result<Json> opened = host->call("open", {{"configuration", configuration_}}, context);
  if (!opened) return with_context("opening instance " + options_.instance, opened.error());
  return host;
}

// Until then, or until a start under way has ended. False: the call's deadline came, or it was asked to stop.
bool Supervisor::wait(Lock& lock, Moment until, const CallContext& context) {
  const bool for_start = starting_;
  const auto started = [&] { return for_start && !starting_; };
  const Moment end = std::min(until, context.deadline);
  if (end == Moment::max())
    changed_.wait(lock, context.stop, started);
  else
    changed_.wait_until(lock, context.stop, end, started);
  return !context.stop.stop_requested() && Steady::now() < context.deadline;
}

}  // namespace tenon
