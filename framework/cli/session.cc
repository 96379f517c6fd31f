#include "framework/cli/session.h"

#include <filesystem>
#include <ostream>

#include "framework/cli/text.h"
#include "framework/load/load.h"

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

std::unique_ptr<Session> Session::open(const Arguments& arguments, Environment& env, const RunLock* lock) {
  std::unique_ptr<Session> session(new Session(env));
  if (!session->load(arguments, lock) || !session->open_backends() ||
      !session->open_inventory(arguments.state, lock ? OpenMode::write : OpenMode::read))
    return nullptr;
  return session;
}

bool Session::load(const Arguments& arguments, const RunLock* lock) {
  const std::string prefix = prefix_of(env_);
  std::error_code error;
  plugins_ = env_.plugins({.prefix = prefix,
                           .state = std::filesystem::absolute(arguments.state, error),
                           .isolated = arguments.isolated,
                           .lock = lock ? lock->descriptor() : -1});
  Diagnostics diagnostics;
  configuration_ = load_configuration(arguments.configuration, prefix, *plugins_, diagnostics);
  return print_diagnostics(diagnostics, env_);
}

bool Session::open_backends() {
  for (const InstanceConfiguration& instance : configuration_.instances) {
    Result<std::unique_ptr<Backend>> backend = plugins_->open(instance);
    if (!backend) {
      print_error(with_context("instance '" + instance.name + "'", backend.error()), env_);
      return false;
    }
    backends_.emplace(instance.name, backend->get());
    opened_.push_back(std::move(*backend));
  }
  return true;
}

bool Session::open_inventory(const std::string& state, OpenMode mode) {
  auto opened = tenon::open_inventory(state + "/inventory.db", mode);
  if (!opened) {
    print_error(opened.error(), env_);
    return false;
  }
  inventory_ = std::move(*opened);
  return true;
}

bool load_resources(const Arguments& arguments, Environment& env, std::vector<Resource>& resources) {
  if (arguments.files.empty()) {
    print_error({Code::invalid_argument,
                 "no manifest given: name one with -f FILE, a directory with -f DIR, or -f - "
                 "for standard input"},
                env);
    return false;
  }
  Diagnostics diagnostics;
  std::vector<Document> documents = load_paths(arguments.files, diagnostics);
  resources = to_resources(std::move(documents), arguments.name_space, diagnostics);
  return print_diagnostics(diagnostics, env);
}

bool print_diagnostics(const Diagnostics& diagnostics, Environment& env) {
  size_t errors = 0;
  for (const Diagnostic& diagnostic : diagnostics) {
    env.err << to_string(diagnostic) << "\n";
    errors += diagnostic.severity == Severity::error;
  }
  if (errors > 0) env.err << counted(errors, "error") << "; nothing was changed.\n";
  return errors == 0;
}

void print_error(const Error& error, Environment& env) {
  env.err << "tenon: error: " << error.message << "\n";
}

Style style_of(const Environment& env) { return Style(env.out_terminal && env.variable("NO_COLOR").empty()); }

}  // namespace tenon
