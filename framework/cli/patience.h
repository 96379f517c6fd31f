// Says on standard error whom a command waits for while a call takes its time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <iosfwd>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "framework/backend/forwarding.h"

namespace tenon {

// What instances were asked and have not answered yet. Thread-safe.
class OpenCalls {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  struct Call {
    std::string instance;
    Moment since, deadline;
  };
  using Handle = std::list<Call>::iterator;

  Handle begin(const std::string& instance, Moment deadline);
  void end(Handle call);
  // Of each instance the call that has waited longest, if it has for `least`.
  std::vector<Call> longer_than(std::chrono::milliseconds least) const;

 private:
  mutable std::mutex mutex_;
  std::list<Call> calls_;
};

// Keeps the calls of planning and looking in `calls` for as long as they take. Everything outlives it.
class WatchedBackend final : public ForwardingBackend {
 public:
  WatchedBackend(Backend& inner, std::string instance, OpenCalls& calls)
      : ForwardingBackend(inner), instance_(std::move(instance)), calls_(calls) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext& context) override;
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                             const CallContext& context) override;
  Result<ListPage> list(const std::string& inventory, const std::string& after,
                        const CallContext& context) override;
  Result<std::vector<Result<Check>>> check(const std::vector<PlannedChange>& changes, const Pools& pools,
                                           const CallContext& context) override;
  Result<std::vector<Result<Json>>> convert(const std::vector<Conversion>& conversions,
                                            const CallContext& context) override;
  Result<std::vector<Result<Observation>>> status(const std::vector<Family>& families,
                                                  const CallContext& context) override;

 private:
  const std::string instance_;
  OpenCalls& calls_;
};

// While it lives, a thread of its own writes to `err`, and nobody else may.
class Patience {
 public:
  struct Times {
    std::chrono::milliseconds first = std::chrono::seconds(3), again = std::chrono::seconds(10);
  };

  Patience(const OpenCalls& calls, std::ostream& err) : Patience(calls, err, Times()) {}
  Patience(const OpenCalls& calls, std::ostream& err, Times times);

 private:
  void watch(const std::stop_token& stop);
  void tell();

  const OpenCalls& calls_;
  std::ostream& err_;
  const Times times_;
  std::map<std::string, OpenCalls::Moment> told_;  // by instance
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::vector<std::jthread> thread_;  // none: there was none to be had
};

}  // namespace tenon
