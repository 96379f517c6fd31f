// What is installed and how it is configured: all that commands need which look at no inventory and no world.
#pragma once

#include <memory>
#include <string>

#include "framework/base/diagnostics.h"
#include "framework/cli/arguments.h"
#include "framework/cli/configuration.h"
#include "framework/cli/environment.h"
#include "framework/inventory/lock.h"

namespace tenon {

// One thread. Opens no instance.
struct Installation {
  std::string prefix;
  std::unique_ptr<PluginSource> plugins;
  Configuration configuration;
  Diagnostics diagnostics;  // of the configuration: what is left out has an error here

  const Catalog& catalog() const { return configuration.catalog; }
};

// lock: held by a command that changes things, null for a reader. vault: of the secrets that its plugins may
// redeem; null: none.
Installation find_installation(const Arguments& arguments, Environment& env, const RunLock* lock = nullptr,
                               Vault* vault = nullptr);

}  // namespace tenon
