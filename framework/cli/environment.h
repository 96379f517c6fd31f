// What a command line gets from its process; a test gives it strings and an in-process backend instead.
#pragma once

#include <atomic>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>

#include "framework/base/clock.h"
#include "framework/cli/plugins.h"
#include "framework/run/executor.h"

namespace tenon {

// Everything referred to outlives the command.
struct Environment {
  std::map<std::string, std::string> variables;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_terminal = false;
  bool out_terminal = false;
  int width = 80;  // columns of the terminal
  const Clock& clock;
  StopFlag& stop;
  std::atomic<bool> acted =
      false;  // something is changed: from here on the exit code tells what became of it
  // Makes the source of plugins once the options are known.
  std::function<std::unique_ptr<PluginSource>(const PluginOptions&)> plugins;

  std::string variable(const std::string& name) const {
    const auto found = variables.find(name);
    return found == variables.end() ? "" : found->second;
  }
};

}  // namespace tenon
