#include "framework/cli/patience.h"

#include <algorithm>
#include <ostream>

#include "framework/base/durations.h"
#include "framework/base/threads.h"

namespace tenon {
namespace {

using Steady = std::chrono::steady_clock;

class Watch {
 public:
  Watch(OpenCalls& calls, const std::string& instance, const CallContext& context)
      : calls_(calls), call_(calls.begin(instance, context.deadline)) {}
  ~Watch() { calls_.end(call_); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  OpenCalls& calls_;
  const OpenCalls::Handle call_;
};

std::string display(Steady::duration duration) {
  return display_duration(std::chrono::duration_cast<Duration>(duration));
}

}  // namespace

OpenCalls::Handle OpenCalls::begin(const std::string& instance, Moment deadline) {
  const std::lock_guard lock(mutex_);
  return calls_.insert(calls_.end(), Call{instance, Steady::now(), deadline});
}

void OpenCalls::end(Handle call) {
  const std::lock_guard lock(mutex_);
  calls_.erase(call);
}

// They are in the order in which they began.
std::vector<OpenCalls::Call> OpenCalls::longer_than(std::chrono::milliseconds least) const {
  const std::lock_guard lock(mutex_);
  std::vector<Call> longest;
  for (const Call& call : calls_) {
    const bool known = std::any_of(longest.begin(), longest.end(),
                                   [&](const Call& other) { return other.instance == call.instance; });
    if (!known && Steady::now() - call.since >= least) longest.push_back(call);
  }
  return longest;
}

Result<Observed> WatchedBackend::observe(const std::vector<Request>& requests, const CallContext& context) {
  const Watch watch(calls_, instance_, context);
  return ForwardingBackend::observe(requests, context);
}

Result<std::vector<Result<std::vector<ChildSpec>>>> WatchedBackend::expand(
    const std::vector<Request>& requests, const CallContext& context) {
  const Watch watch(calls_, instance_, context);
  return ForwardingBackend::expand(requests, context);
}

Result<ListPage> WatchedBackend::list(const std::string& inventory, const std::string& after,
                                      const CallContext& context) {
  const Watch watch(calls_, instance_, context);
  return ForwardingBackend::list(inventory, after, context);
}

Result<std::vector<Result<Check>>> WatchedBackend::check(const std::vector<PlannedChange>& changes,
                                                         const Pools& pools, const CallContext& context) {
  const Watch watch(calls_, instance_, context);
  return ForwardingBackend::check(changes, pools, context);
}

Result<std::vector<Result<Json>>> WatchedBackend::convert(const std::vector<Conversion>& conversions,
                                                          const CallContext& context) {
  const Watch watch(calls_, instance_, context);
  return ForwardingBackend::convert(conversions, context);
}

Result<std::vector<Result<Observation>>> WatchedBackend::status(const std::vector<Family>& families,
                                                                const CallContext& context) {
  const Watch watch(calls_, instance_, context);
  return ForwardingBackend::status(families, context);
}

Patience::Patience(const OpenCalls& calls, std::ostream& err, Times times)
    : calls_(calls), err_(err), times_(times) {
  start_thread(thread_, [this](const std::stop_token& stop) { watch(stop); });
}

void Patience::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    stopped_.wait_for(lock, stop, std::min<std::chrono::milliseconds>(times_.first, std::chrono::seconds(1)),
                      [] { return false; });
    if (!stop.stop_requested()) tell();
  }
}

void Patience::tell() {
  const OpenCalls::Moment now = Steady::now();
  for (const OpenCalls::Call& call : calls_.longer_than(times_.first)) {
    const auto [told, first] = told_.try_emplace(call.instance, now);
    if (!first && now - told->second < times_.again) continue;
    told->second = now;
    err_ << "waiting for instance '" << call.instance << "', which has not answered for "
         << display(now - call.since);
    if (call.deadline != OpenCalls::Moment::max())
      err_ << "; at most " << display(std::chrono::round<std::chrono::seconds>(call.deadline - call.since));
    err_ << "\n" << std::flush;
  }
}

}  // namespace tenon
