// What every command but version needs: configuration, catalog, backends and inventory, opened in one place.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "framework/base/diagnostics.h"
#include "framework/cli/arguments.h"
#include "framework/cli/configuration.h"
#include "framework/cli/environment.h"
#include "framework/cli/text.h"
#include "framework/engine/engine.h"
#include "framework/inventory/lock.h"
#include "framework/inventory/sqlite.h"

namespace tenon {

// One thread. Backends it opened end with it.
class Session {
 public:
  // Null: what is wrong has been printed to env.err. lock: held by a command that changes things, null for a
  // reader.
  static std::unique_ptr<Session> open(const Arguments& arguments, Environment& env,
                                       const RunLock* lock = nullptr);

  World world() { return {configuration_.catalog, backends_, *inventory_, env_.clock}; }
  const Catalog& catalog() const { return configuration_.catalog; }
  Inventory& inventory() { return *inventory_; }

 private:
  Session(Environment& env) : env_(env) {}
  bool load(const Arguments& arguments, const RunLock* lock);
  bool open_backends();
  bool open_inventory(const std::string& state, OpenMode mode);

  Environment& env_;
  std::unique_ptr<PluginSource> plugins_;
  Configuration configuration_;
  std::vector<std::unique_ptr<Backend>> opened_;
  Backends backends_;
  std::unique_ptr<Inventory> inventory_;
};

// Pass 1 over -f. False: problems were printed.
bool load_resources(const Arguments& arguments, Environment& env, std::vector<Resource>& resources);

// All of it to env.err, and how many errors there were. True: no error.
bool print_diagnostics(const Diagnostics& diagnostics, Environment& env);

// "tenon: error: ..." to env.err.
void print_error(const Error& error, Environment& env);

// Colours only on a terminal, and never with NO_COLOR.
Style style_of(const Environment& env);

}  // namespace tenon
