// Carries calls to one instance of a plugin, wherever it runs. plugin_backend.h makes a Backend of it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon {

// What calls are about, for messages: "create of core/Pod/default/x".
std::string describe_call(const std::string& method, const Json& request);

// The same with as much time as it had when it was asked for: waiting for a turn takes none of it.
CallContext from_now(CallContext context, std::chrono::steady_clock::time_point asked);

// Thread-safe: any number of calls at once.
class Channel {
 public:
  virtual ~Channel() = default;
  // Opens the instance where that has not happened, which the first call does otherwise.
  virtual Status open(const CallContext& /*context*/) { return {}; }
  // Opens the instance first where that has not happened. The "result" of the plugin's answer, or its error.
  // unavailable: the call was not made. cancelled, deadline_exceeded, crashed: its outcome is unknown.
  virtual Result<Json> call(const std::string& method, const Json& request, const CallContext& context) = 0;
  // What the plugin notifies of, from now on; {"address"} as the plugin wrote it. From any thread.
  virtual void listen(std::function<void(const Json& event)> /*listener*/) {}
  // The same instance in another process, for what may crash it: no back-off, and calls of this one go on.
  // Null: there is none.
  virtual std::unique_ptr<Channel> apart() const { return nullptr; }
};

}  // namespace tenon
