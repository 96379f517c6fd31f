// How a host is started: what it is told on its command line and what it inherits. Functions without state.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "framework/base/clock.h"
#include "framework/base/result.h"
#include "framework/model/secrets.h"

namespace tenon {

struct HostOptions {
  std::string program;   // tenon-plugin-host, absolute path
  std::string plugin;    // the shared object, absolute path
  std::string instance;  // for messages
  std::string log;       // the host's stdout and stderr are appended to this file; "": dropped
  int parallel = 1;
  int lock = -1;           // descriptor of the run's lock, which the host inherits; -1: none
  uint64_t memory = 0;     // bytes that the host, and each program it starts, may fill; 0: unlimited
  Vault* vault = nullptr;  // of the secrets that the plugin may redeem; null: it has none
  // Hears what the plugin notifies of, on the host's own thread or a caller's; null: nobody does.
  std::function<void(std::string_view json)> event = {};
  // After a deadline or a request to stop, how long the host may take before it is killed or left behind.
  Duration grace = std::chrono::seconds(2);
};

// calls, secrets: their ends, secrets -1 without a vault. The host dies with the thread that calls this.
Result<pid_t> spawn_host(const HostOptions& options, int calls, int secrets);

}  // namespace tenon
