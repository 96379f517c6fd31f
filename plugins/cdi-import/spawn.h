// Starts the import worker as a program of its own that outlives the plugin's host.
#pragma once

#include <string>
#include <vector>

#include "framework/base/files.h"
#include "framework/base/result.h"

namespace tenon::cdi {

// Runs argv[0] (a path) in its own session and as nobody's child, standard output and error appended to the
// log, working directory /. Of all descriptors only `lock` is passed on, as number 3; the worker thus holds
// the lock from its first moment. not_found, permission_denied: the program cannot be run.
Status spawn_worker(const std::vector<std::string>& argv, const std::string& log, const FileDescriptor& lock);

}  // namespace tenon::cdi
