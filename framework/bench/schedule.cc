#include "framework/bench/schedule.h"

#include <sys/prctl.h>

#include <mutex>
#include <thread>
#include <unordered_map>

#include "framework/base/digest.h"
#include "framework/bench/measure.h"
#include "framework/bench/threads.h"
#include "framework/engine/engine.h"
#include "framework/inventory/memory.h"
#include "framework/plugin/open.h"

namespace tenon::bench {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kCreate{10};
constexpr int kParallelism = 100;

void take(milliseconds time) {
  if (time == milliseconds(0)) return;
  prctl(PR_SET_TIMERSLACK, 1);  // or the kernel lets it take up to 50 us longer
  std::this_thread::sleep_for(time);
}

class SimulatedBackend final : public Backend {
 public:
  explicit SimulatedBackend(milliseconds look) : look_(look) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext&) override {
    take(look_);
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
    take(kCreate);
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

  const milliseconds look_;
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

// A row, of the backend's calls being made by `work`.
template <typename Work>
auto measured(const std::string& name, const Plan& plan, const Work& work) {
  const double cpu = cpu_seconds();
  const auto begin = Steady::now();
  auto result = work();
  print_row(name, static_cast<int>(plan.steps.size()), since(begin), cpu_seconds() - cpu);
  return result;
}

}  // namespace

Status schedule(const std::string& plugin, const std::string& graph, milliseconds look) {
  const auto manifest = manifest_in_process(plugin);
  if (!manifest) return manifest.error();
  auto resources = load_graph(graph);
  if (!resources) return resources.error();

  SimulatedBackend backend(look), other(look);
  const Catalog catalog({{"simulated", *manifest}}, {});
  const Backends backends{{"simulated", &backend}};
  MemoryInventory inventory;
  const SystemClock clock;
  const World world{catalog, backends, inventory, clock};
  Diagnostics diagnostics;
  const auto planned = make_plan(world, *std::move(resources), {}, diagnostics);
  if (!planned) return planned.error();
  if (has_errors(diagnostics)) return Error{Code::internal, to_string(diagnostics.front())};

  const std::string looks = look > milliseconds(0) ? ", looks " + std::to_string(look.count()) + " ms" : "";
  const auto result = measured("schedule" + looks, planned->plan, [&] {
    Silent reporter;
    const StopFlag stop = 0;
    return apply(world, *planned, reporter, stop,
                 {.id = random_uuid(), .process = "bench", .parallelism = kParallelism});
  });
  if (Status done = check(result); !done) return done;
  return measured("calls alone" + looks, planned->plan,
                  [&] { return calls_alone(planned->plan, other, kParallelism + backends.size()); });
}

}  // namespace tenon::bench
