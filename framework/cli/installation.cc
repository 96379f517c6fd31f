#include "framework/cli/installation.h"

#include <filesystem>

namespace tenon {
namespace {

// The installation that the running program is part of.
std::string prefix_of(const Environment& env) {
  if (std::string prefix = env.variable("TENON_PREFIX"); !prefix.empty()) return prefix;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  return program.parent_path().parent_path();
}

}  // namespace

Installation find_installation(const Arguments& arguments, Environment& env, const RunLock* lock,
                               Vault* vault) {
  Installation installation;
  installation.prefix = prefix_of(env);
  std::error_code error;
  const std::string state =
      arguments.state.empty() ? ""
                              : std::filesystem::absolute(arguments.state, error).lexically_normal().string();
  installation.plugins = env.plugins({.prefix = installation.prefix,
                                      .state = state,
                                      .isolated = arguments.isolated,
                                      .lock = lock ? lock->descriptor() : -1,
                                      .vault = vault});
  installation.configuration =
      load_configuration(arguments.configuration, arguments.state, installation.prefix, *installation.plugins,
                         installation.diagnostics);
  return installation;
}

}  // namespace tenon
