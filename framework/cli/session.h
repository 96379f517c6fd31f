// What the commands need that look at the world or the inventory: configuration, catalog, backends and
// inventory, opened in one place.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "framework/base/diagnostics.h"
#include "framework/cli/arguments.h"
#include "framework/cli/environment.h"
#include "framework/cli/installation.h"
#include "framework/cli/patience.h"
#include "framework/cli/text.h"
#include "framework/engine/engine.h"
#include "framework/inventory/sqlite.h"

namespace tenon {

// One thread. Backends it opened end with it.
class Session {
 public:
  // Null: what is wrong has been printed to env.err. lock: held by a command that changes things, null for a
  // reader.
  static std::unique_ptr<Session> open(const Arguments& arguments, Environment& env,
                                       const RunLock* lock = nullptr);

  World world() { return {catalog(), backends_, *inventory_, env_.clock, vault_.get(), &places_}; }
  const Catalog& catalog() const { return installation_.catalog(); }
  Inventory& inventory() { return *inventory_; }
  Vault& vault() { return *vault_; }
  // What it comes to. Meanwhile it is said whom it waits for; it prints nothing itself.
  template <typename Work>
  auto patiently(const Work& work) {
    const Patience patience(calls_, env_.err);
    return work();
  }

 private:
  explicit Session(Environment& env) : env_(env) {}
  bool open_backends();
  bool stop_moved_instances();
  bool open_inventory(const std::string& state, OpenMode mode);

  Environment& env_;
  std::unique_ptr<Inventory> inventory_;
  std::unique_ptr<Vault> vault_;
  Installation installation_;
  Places places_;
  OpenCalls calls_;
  std::vector<std::unique_ptr<Backend>> opened_, sealed_, watched_, moved_;
  Backends backends_;
};

// Pass 1 over -f; Secrets go to the vault. What later passes find is to be added to the same diagnostics, so
// that all is told at once.
std::vector<Resource> load_resources(const Arguments& arguments, Vault& vault, Diagnostics& diagnostics);

// By file, line and column, whichever pass found it.
Diagnostics in_file_order(Diagnostics diagnostics);

// All of it in that order to env.err, and how many errors there were. True: no error.
bool print_diagnostics(const Diagnostics& diagnostics, Environment& env);

// "error: ..." to env.err.
void print_error(const Error& error, Environment& env);

// Whether control sequences do on standard output what they say.
bool can_draw(const Environment& env);

// Colours only where they can be drawn, and never with NO_COLOR.
Style style_of(const Environment& env);

}  // namespace tenon
