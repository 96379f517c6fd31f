// Running a tool on data that may be hostile: bounded in memory, processor time, file size and time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "framework/base/result.h"

namespace tenon::cdi {

struct CommandLimits {
  int64_t memory = int64_t{2} << 30;  // address space
  int64_t file_size = 0;              // of what it writes
  std::chrono::seconds processor{60};
  std::chrono::seconds time{60};
};

struct CommandResult {
  int exit_code = 0;  // 128 + number after a signal
  std::string output;
  std::string errors;  // the last 4 KiB
};

// argv[0] is looked for on PATH. Standard input is empty; no descriptor is passed on; the tool dies with its
// caller's thread. tick gets what was printed since it was last called, at least ten times a second; false
// kills the tool. cancelled: tick said so; deadline_exceeded; not_found: there is no such program.
Result<CommandResult> run_command(const std::vector<std::string>& argv, const CommandLimits& limits,
                                  const std::function<bool(std::string_view output)>& tick);

}  // namespace tenon::cdi
