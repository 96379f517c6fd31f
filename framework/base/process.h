// Starting other programs: what a child inherits is exactly what is named here. Thread-safe; no globals.
//
// In every child: signals at their defaults and unblocked, stdin /dev/null, all descriptors above 2 closed
// but those to keep. The program is argv[0] and must be an absolute path; PATH is never searched.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/result.h"

namespace tenon {

struct SpawnOptions {
  std::vector<std::string> argv;
  std::string log;        // stdout and stderr are appended to this file; "": /dev/null
  std::vector<int> keep;  // descriptors above 2 that the child gets under the same numbers
  bool new_session = true;
  // SIGKILL when the calling *thread* ends: only from a thread that lives as long as the child may.
  bool die_with_parent = false;
  // Not a child of this process but of init: it outlives this process, and nobody here waits for it.
  bool detach = false;
  std::optional<std::vector<std::string>> environment;  // "NAME=value"; nothing: this process's own
};

// The process id once the program has been started. The caller waits for it (wait_for), unless detached.
// not_found, permission_denied and so on: the program could not be started, and no process is left.
Result<pid_t> spawn(const SpawnOptions& options);

// Blocks until the child has ended and takes its status as of waitpid(2). Once per child.
int wait_for(pid_t child);

// "exit status 3", "killed by signal 9 (Killed)".
std::string describe_status(int status);

struct RunLimits {
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
  size_t output = 1 << 20;     // bytes kept of stdout and of stderr, each; the rest is dropped
  uint64_t address_space = 0;  // bytes (RLIMIT_AS); 0: unlimited
  uint64_t cpu_seconds = 0;    // RLIMIT_CPU; 0: unlimited
  uint64_t file_size = 0;      // bytes of any file it writes (RLIMIT_FSIZE); 0: unlimited
  // Called about ten times a second or more often, with what came on stdout since. False: kill it.
  std::function<bool(std::string_view out)> watch;
};

struct RunOutput {
  int status = 0;  // as of waitpid(2)
  std::string out;
  std::string err;

  bool ok() const { return status == 0; }
};

// Runs a program to its end. A program that fails is no error here: look at status. deadline_exceeded: it was
// killed with its whole session; cancelled: the same, because `watch` said so. It also dies with the calling
// thread.
Result<RunOutput> run(const std::vector<std::string>& argv, const RunLimits& limits = {});

}  // namespace tenon
