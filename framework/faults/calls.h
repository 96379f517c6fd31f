// Calls of a run as the crash tests make them: one thread, the fake world's time, every step traced.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "framework/faults/file_world.h"
#include "framework/run/executor.h"

namespace tenon::faults {

// The file world as a backend. With a seed other than 0 first calls go wrong now and then: before their
// effect, or after it with the answer lost.
class TracedBackend final : public Backend {
 public:
  TracedBackend(FileWorld& world, Tracer& tracer, unsigned seed)
      : world_(world), tracer_(tracer), seed_(seed) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext& context) override;
  Result<Outcome> create(const Request& request, const CallContext& context) override;
  Result<Outcome> update(const Request& request, const CallContext& context) override;
  Result<Outcome> remove(const Request& request, const CallContext& context) override;
  Result<std::vector<Result<Check>>> check(const std::vector<PlannedChange>& changes, const Pools& pools,
                                           const CallContext& context) override;
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                             const CallContext& context) override;
  // All on one page. Their marks are full, and what they tell of is of no inventory's concern here.
  Result<ListPage> list(const std::string& inventory, const std::string& after,
                        const CallContext& context) override;

 private:
  template <typename Effect>
  Result<Outcome> traced(const char* what, const Request& request, Effect effect);

  FileWorld& world_;
  Tracer& tracer_;
  const unsigned seed_;
  std::set<std::string> called_;
};

// Makes some of the calls on their way at each wait, in an order of chance; where there are none, time
// passes.
class OneThreadCaller final : public Caller {
 public:
  OneThreadCaller(const Backends& backends, FileWorld& world, Tracer& tracer, unsigned seed)
      : backends_(backends), world_(world), tracer_(tracer), random_(seed) {}

  void start(std::vector<Call> calls) override;
  std::vector<CallResult> wait(std::chrono::milliseconds time) override;

 private:
  struct Pending {
    Call call;
    int accepted = 0;  // 0: it changes nothing
  };

  CallResult make(const Pending& pending);

  const Backends& backends_;
  FileWorld& world_;
  Tracer& tracer_;
  std::mt19937 random_;
  std::vector<Pending> pending_;
};

}  // namespace tenon::faults
