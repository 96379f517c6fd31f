#include "framework/cli/session.h"

#include <algorithm>
#include <ostream>
#include <tuple>

#include "framework/base/printable.h"
#include "framework/base/secret.h"
#include "framework/cli/text.h"
#include "framework/engine/places.h"
#include "framework/engine/sealed_backend.h"
#include "framework/load/load.h"

namespace tenon {

std::unique_ptr<Session> Session::open(const Arguments& arguments, Environment& env, const RunLock* lock) {
  std::unique_ptr<Session> session(new Session(env));
  if (!session->open_inventory(arguments.state, lock ? OpenMode::write : OpenMode::read)) return nullptr;
  session->installation_ = find_installation(arguments, env, lock, session->vault_.get());
  if (!print_diagnostics(session->installation_.diagnostics, env) || !session->open_backends() ||
      !session->stop_moved_instances())
    return nullptr;
  return session;
}

bool Session::open_backends() {
  for (const InstanceConfiguration& instance : installation_.configuration.instances) {
    if (!catalog().find_instance(instance.name)) continue;  // left out, as was said
    Result<std::unique_ptr<Backend>> backend = installation_.plugins->open(instance);
    if (!backend) {
      print_error(with_context("instance '" + instance.name + "'", backend.error()), env_);
      return false;
    }
    sealed_.push_back(std::make_unique<SealedBackend>(**backend, catalog(), *vault_));
    watched_.push_back(std::make_unique<WatchedBackend>(*sealed_.back(), instance.name, calls_));
    backends_.emplace(instance.name, watched_.back().get());
    opened_.push_back(std::move(*backend));
  }
  return true;
}

bool Session::stop_moved_instances() {
  for (const InstanceConfiguration& instance : installation_.configuration.instances)
    if (const Instance* known = catalog().find_instance(instance.name))
      places_[instance.name] = place_of(known->manifest->configuration, instance.configuration);
  const auto moved = moved_instances(*inventory_, places_);
  if (!moved) {
    print_error(moved.error(), env_);
    return false;
  }
  for (const auto& [instance, error] : *moved) {
    Backend*& backend = backends_.at(instance);
    backend = moved_.emplace_back(std::make_unique<MovedBackend>(*backend, error)).get();
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
  vault_ = std::make_unique<Vault>(inventory_->secret_key());
  return true;
}

namespace {

// What was to write them has perhaps failed, and then none of what is owned is declared.
Diagnostic nothing_declared(const Arguments& arguments) {
  std::string places;
  for (const std::string& file : arguments.files)
    places += (places.empty() ? "" : ", ") + (file == "-" ? "standard input" : file);
  if (!arguments.prune) return {.severity = Severity::warning, .summary = "no resources in " + places};
  return {.summary = "no resources in " + places,
          .detail = "--prune would delete everything that the set owns; 'tenon destroy' does that"};
}

}  // namespace

std::vector<Resource> load_resources(const Arguments& arguments, Vault& vault, Diagnostics& diagnostics) {
  if (arguments.files.empty())
    diagnostics.push_back({.summary = "no manifest given",
                           .detail = "name one with -f FILE, a directory with -f DIR, or -f - for "
                                     "standard input"});
  forbid_dumps();
  std::vector<SecretDocument> secrets;
  std::vector<Resource> resources =
      to_resources(load_paths(arguments.files, diagnostics), arguments.name_space, diagnostics, &secrets);
  for (const SecretDocument& secret : secrets) vault.add(secret);
  if (resources.empty() && (secrets.empty() || arguments.prune) && !has_errors(diagnostics))
    diagnostics.push_back(nothing_declared(arguments));
  return resources;
}

Diagnostics in_file_order(Diagnostics diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    const Position &x = a.position, &y = b.position;
    return std::tie(x.file, x.line, x.column) < std::tie(y.file, y.line, y.column);
  });
  return diagnostics;
}

namespace {

// What was read may be quoted in any of it.
std::string shown(Diagnostic diagnostic) {
  diagnostic.position.file = printable(diagnostic.position.file);
  diagnostic.summary = printable(diagnostic.summary);
  diagnostic.address = printable(diagnostic.address);
  return printable_lines(to_string(diagnostic));
}

}  // namespace

bool print_diagnostics(const Diagnostics& diagnostics, Environment& env) {
  size_t errors = 0;
  for (const Diagnostic& diagnostic : in_file_order(diagnostics)) {
    env.err << shown(diagnostic) << "\n";
    errors += diagnostic.severity == Severity::error;
  }
  if (errors > 0) env.err << counted(errors, "error") << "; nothing was changed.\n";
  return errors == 0;
}

void print_error(const Error& error, Environment& env) {
  env.err << "error: " << printable_lines(error.message) << "\n";
}

bool can_draw(const Environment& env) { return env.out_terminal && env.variable("TERM") != "dumb"; }

Style style_of(const Environment& env) { return Style(can_draw(env) && env.variable("NO_COLOR").empty()); }

}  // namespace tenon
