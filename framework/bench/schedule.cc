#include "framework/bench/schedule.h"

#include <sys/prctl.h>

#include <mutex>
#include <thread>
#include <unordered_map>

#include "framework/base/digest.h"
#include "framework/bench/measure.h"
#include "framework/engine/engine.h"
#include "framework/inventory/memory.h"
#include "framework/plugin/open.h"

namespace tenon::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kCreate{10};
constexpr int kParallelism = 100;

class SimulatedBackend final : public Backend {
 public:
  Result<Observed> observe(const std::vector<Request>& requests, const CallContext&) override {
    std::vector<Observation> seen;
    seen.reserve(requests.size());
    const std::lock_guard lock(mutex_);
    for (const Request& request : requests) {
      const auto object = world_.find(request.address);
      seen.push_back(object == world_.end() ? Observation() : object->second);
    }
    return Observed(std::move(seen));
  }

  Result<Outcome> create(const Request& request, const CallContext&) override {
    prctl(PR_SET_TIMERSLACK, 1);  // or the kernel lets it take up to 50 us longer
    std::this_thread::sleep_for(kCreate);
    Observation made;
    made.existence = Existence::present;
    made.phase = "Ready";
    made.identity = request.address.name;
    made.mark = Mark{request.inventory, to_string(request.address), request.nonce, request.generation};
    made.actual = request.desired;
    const std::lock_guard lock(mutex_);
    world_.emplace(request.address, std::move(made));
    return Outcome{.identity = request.address.name};
  }

  Result<Outcome> update(const Request&, const CallContext&) override { return unused(); }
  Result<Outcome> remove(const Request&, const CallContext&) override { return unused(); }
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                             const CallContext&) override {
    return std::vector<Result<std::vector<ChildSpec>>>(requests.size(), std::vector<ChildSpec>());
  }

 private:
  static Error unused() { return {Code::unimplemented, "the graph is new: nothing is changed or deleted"}; }

  std::mutex mutex_;
  std::unordered_map<Address, Observation> world_;
};

class Silent final : public Reporter {
 public:
  void step(const Step&, const StepEvent&) override {}
};

Status check(const Result<RunResult>& result) {
  if (!result) return result.error();
  for (const StepRecord& step : result->steps)
    if (step.status != StepStatus::done) return Error{Code::internal, "a step is not done: " + step.reason};
  return {};
}

}  // namespace

Status schedule(const std::string& plugin, const std::string& graph) {
  const auto manifest = manifest_in_process(plugin);
  if (!manifest) return manifest.error();
  auto resources = load_graph(graph);
  if (!resources) return resources.error();
  const int count = static_cast<int>(resources->size());

  SimulatedBackend backend;
  const Catalog catalog({{"simulated", *manifest}}, {});
  const Backends backends{{"simulated", &backend}};
  MemoryInventory inventory;
  const SystemClock clock;
  const World world{catalog, backends, inventory, clock};
  Diagnostics diagnostics;
  const auto planned = make_plan(world, *std::move(resources), {}, diagnostics);
  if (!planned) return planned.error();
  if (has_errors(diagnostics)) return Error{Code::internal, to_string(diagnostics.front())};

  Silent reporter;
  const StopFlag stop = 0;
  const double cpu = cpu_seconds();
  const auto begin = Steady::now();
  const auto result = apply(world, *planned, reporter, stop,
                            {.id = random_uuid(), .process = "bench", .parallelism = kParallelism});
  print_row("schedule", count, since(begin), cpu_seconds() - cpu);
  return check(result);
}

}  // namespace tenon::bench
