#include "framework/plugin/host_launch.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "framework/base/process.h"

namespace tenon {
namespace {

// A descriptor above 2, as a child may keep it.
Status above_stdio(FileDescriptor& descriptor) {
  if (descriptor.get() >= 3) return {};
  descriptor.reset(fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
  return descriptor ? Status() : errno_error("duplicating", "a socket", errno);
}

}  // namespace

Result<std::pair<FileDescriptor, FileDescriptor>> socket_pair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return errno_error("making", "a socket pair", errno);
  std::pair<FileDescriptor, FileDescriptor> pair{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  if (Status moved = above_stdio(pair.second); !moved) return moved.error();
  return pair;
}

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
