// The conformance kit: what every backend must do, whatever it makes. Runs against a real instance, which it
// leaves as it found it.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/model/secrets.h"

namespace tenon {

// An object that the backend can make and change in the place the test gives it.
struct ConformanceSample {
  Address address;         // nothing exists there
  Json spec;               // completed; a value at every x-secret place, so that it can be looked for
  Json changed;            // the same with something that can be updated in place; null: immutable
  bool immutable = false;  // nothing of it can be updated: those checks are skipped
  std::map<Address, Dependency> dependencies;
  // Of the plugin: with it the object is compared with its schema too, and its capabilities are called.
  std::shared_ptr<const Manifest> manifest;
  // The same instance as a process after a crash opens it; none: what does not outlive one is not looked at.
  std::function<std::unique_ptr<Backend>()> reopen;
  // Kills the process that carries the backend, as kill -9 does (kill_hosts below); none: not tried.
  std::function<void()> kill;
  // Where the backend's host redeems secrets: the sample's are sealed in it. Null: they are handed over as
  // they are.
  Vault* vault = nullptr;
  // Further texts that the plugin learns and must not tell, such as the data of a Secret that it redeems.
  std::vector<std::string> secrets;
  std::string log;                      // file that the backend logs into; "": not looked at
  std::map<std::string, Json> actions;  // arguments of the kind's actions; one that is not here gets none
  std::map<std::string, Json> older;    // the sample's spec as other versions of its kind have it
  // How long an effect may take until observe shows it.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
};

struct ConformanceFinding {
  std::string check;  // "create is idempotent"
  bool ok = false;
  std::string advice;    // what to mend and what was seen; empty where ok
  bool skipped = false;  // not looked at, since the sample says that it cannot be
};

// All checks in order, each once; fewer when something basic fails, since the others start from its object,
// and none of the backend when the sample is no sample of it.
std::vector<ConformanceFinding> run_conformance(Backend& backend, const ConformanceSample& sample);

// What is legal in a manifest and yet a mistake, such as failing phases without ready ones. Checks of a kind
// begin with its name.
std::vector<ConformanceFinding> check_manifest(const Manifest& manifest);

// The checks that were not looked at, by name.
std::set<std::string> skipped(const std::vector<ConformanceFinding>& findings);

// The findings that are not ok, one per line; empty: conforms.
std::string failures(const std::vector<ConformanceFinding>& findings);

// Kills every child of this process that runs this program (absolute path), as kill -9 does.
void kill_hosts(const std::string& program);

}  // namespace tenon
