#include "framework/plugin/host_launch.h"

#include "framework/base/process.h"

namespace tenon {

Result<pid_t> spawn_host(const HostOptions& options, int calls, int secrets) {
  SpawnOptions spawning{.argv = {options.program, "--plugin", options.plugin, "--fd", std::to_string(calls),
                                 "--parallel", std::to_string(options.parallel)},
                        .log = options.log,
                        .keep = {calls},
                        .die_with_parent = true};
  const auto hand_over = [&spawning](const char* option, int descriptor) {
    if (descriptor < 0) return;
    spawning.argv.insert(spawning.argv.end(), {option, std::to_string(descriptor)});
    spawning.keep.push_back(descriptor);
  };
  hand_over("--secrets", secrets);
  hand_over("--lock", options.lock);
  if (options.memory > 0)
    spawning.argv.insert(spawning.argv.end(), {"--memory", std::to_string(options.memory)});
  Result<pid_t> child = spawn(spawning);
  return child ? child : with_context("starting the host of " + options.instance, child.error());
}

}  // namespace tenon
