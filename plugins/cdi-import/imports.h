// The imports below one directory: starting, looking at, stopping. The work itself is done by the worker.
//
// Thread-safe for different imports; every call does I/O.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "framework/plugin/plugin_sdk.h"
#include "plugins/cdi-import/phase.h"
#include "plugins/cdi-import/source.h"
#include "plugins/cdi-import/state.h"

namespace tenon::cdi {

// The claim of a DataVolume as the engine saw it; nullopt: it was not told of any.
struct SeenClaim {
  std::string phase;
  TargetClaim target;
  Json outputs;
};
std::optional<SeenClaim> seen_claim(const sdk::Resource& resource);

struct ImportView {
  Ledger ledger;
  ImportState state;
};

class Imports {
 public:
  // directory: absolute. worker: the program. settings: handed on to it.
  Imports(std::string directory, std::string worker, Json settings)
      : directory_(std::move(directory)), worker_(std::move(worker)), settings_(std::move(settings)) {}

  // nullopt: absent.
  Result<std::optional<ImportView>> find(const sdk::Resource& resource) const;

  // True: a worker is at it; false: the claim was filled by this import before. The same nonce and generation
  // again makes sure of a worker, which is given the credentials.
  Result<bool> start(const sdk::Resource& resource, const Credentials& credentials = {}) const;

  // Takes over the new spec of a resource whose source is the same.
  Status update(const sdk::Resource& resource) const;

  // Makes it this resource's, or nobody's; nothing else. Of an import of another owner: failed_precondition.
  Status adopt(const sdk::Resource& resource) const;
  Status forget(const sdk::Resource& resource) const;

  // Where its end shows: the directories of what a worker writes last (contents.json, failure.json). Those
  // that there are.
  std::vector<std::string> places(const sdk::Resource& resource) const;

  // Of all imports that are somebody's, by the identity of each.
  Result<std::map<std::string, Ledger>> list() const;

  // The path of its state, whether it exists or not.
  Result<std::string> identity_of(const sdk::Resource& resource) const;

  // Asks the worker to stop and waits for its end. True: gone; false: the worker is still ending.
  Result<bool> remove(const sdk::Resource& resource, std::chrono::milliseconds patience) const;

 private:
  // failed_precondition: it was made in another directory.
  Result<StateDirectory> state_of(const sdk::Resource& resource) const;
  // Of one that is this resource's or nobody's. not_found: it has none.
  Status change(const sdk::Resource& resource, const std::function<Status(Ledger&)>& change) const;
  Status launch(const StateDirectory& state, const Ledger& ledger, const FileDescriptor& lock,
                const Credentials& credentials) const;

  std::string directory_, worker_;
  Json settings_;
};

}  // namespace tenon::cdi
