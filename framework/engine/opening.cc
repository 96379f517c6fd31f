#include "framework/engine/opening.h"

#include "framework/base/threads.h"
#include "framework/engine/observe.h"

namespace tenon {
namespace {

// Nothing is looked at.
void open(std::stop_token stop, Backend* backend) {
  const CallContext context{.deadline = std::chrono::steady_clock::now() + ObserveOptions().deadline,
                            .stop = std::move(stop)};
  [[maybe_unused]] const auto nothing = backend->observe({}, context);
}

}  // namespace

Opening::Opening(const Backends& backends, const std::set<std::string>& instances) {
  for (const std::string& instance : instances)
    if (const auto backend = backends.find(instance); backend != backends.end())
      start_thread(threads_, open, backend->second);
}

}  // namespace tenon
