// The conformance kit: what every backend must do, whatever it makes. Runs against a real instance, which it
// leaves as it found it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "framework/backend/backend.h"

namespace tenon {

// An object that the backend can make and change in the place the test gives it.
struct ConformanceSample {
  Address address;         // nothing exists there
  Json spec;               // completed
  Json changed;            // the same with something that can be updated in place; null: immutable
  bool immutable = false;  // nothing of it can be updated: those checks are skipped
  std::map<Address, Dependency> dependencies;
  // Of the plugin: with it the object is compared with its schema too.
  std::shared_ptr<const Manifest> manifest;
  // The same instance as a process after a crash opens it; none: what does not outlive one is not looked at.
  std::function<std::unique_ptr<Backend>()> reopen;
  // How long an effect may take until observe shows it.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
};

struct ConformanceFinding {
  std::string check;  // "create is idempotent"
  bool ok = false;
  std::string advice;    // what was seen and what to do; empty where ok
  bool skipped = false;  // not looked at, since the sample says that it cannot be
};

// All checks in order, each once; fewer when something basic fails, since the others start from its object.
std::vector<ConformanceFinding> run_conformance(Backend& backend, const ConformanceSample& sample);

// What is legal in a manifest and yet a mistake, such as failing phases without ready ones. Checks of a kind
// begin with its name.
std::vector<ConformanceFinding> check_manifest(const Manifest& manifest);

// The findings that are not ok, one per line; empty: conforms.
std::string failures(const std::vector<ConformanceFinding>& findings);

}  // namespace tenon
