#include "framework/run/watches.h"

#include <mutex>
#include <set>

#include "framework/model/capabilities.h"

namespace tenon {
namespace {

constexpr std::chrono::seconds kDeadline{30};
constexpr const char* kWatchCapability = "watch";

}  // namespace

struct Watches::Ear {
  std::mutex mutex;
  Listener hear;  // null: nobody listens any more
};

Watches::Watches(const Plan& plan, const Catalog& catalog, const Backends& backends, Listener hear)
    : ear_(std::make_shared<Ear>()) {
  ear_->hear = std::move(hear);
  for (const auto& [name, backend] : backends) {
    if (!backend || !is_able(catalog, name, kWatchCapability)) continue;
    std::set<Address> all;
    for (const Step& step : plan.steps)
      if (step.instance == name) all.insert(step.address);
    if (all.empty()) continue;
    // A plugin may tell of anything.
    const Listener listener = [ear = ear_, watched = all](const Address& address) {
      const std::lock_guard lock(ear->mutex);
      if (ear->hear && watched.contains(address)) ear->hear(address);
    };
    asking_.emplace_back([watched = std::vector<Address>(all.begin(), all.end()), listener,
                          &instance_backend = *backend](std::stop_token stop) {
      const CallContext context{.deadline = std::chrono::steady_clock::now() + kDeadline,
                                .stop = std::move(stop)};
      // Without it the run looks again after a while, as it does in any case.
      [[maybe_unused]] const Status watching = instance_backend.watch(watched, listener, context);
    });
  }
}

Watches::~Watches() {
  for (std::jthread& thread : asking_) thread.request_stop();
  const std::lock_guard lock(ear_->mutex);
  ear_->hear = nullptr;
}

}  // namespace tenon
