// Hands what a plugin notifies of to whoever listens, in whatever process the plugin runs.
#pragma once

#include <functional>
#include <mutex>
#include <string_view>

#include "framework/base/json.h"

namespace tenon {

// Thread-safe. Outlives the plugin.
class Events {
 public:
  using Listener = std::function<void(const Json& event)>;

  // Once this has returned, the one before is not called any more.
  void listen(Listener listener);
  // An object as text; anything else is dropped.
  void happened(std::string_view json) const;

 private:
  mutable std::mutex mutex_;
  Listener listener_;
};

}  // namespace tenon
