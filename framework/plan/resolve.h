// Pass 3: references, requirements and values → graph. Deterministic.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "framework/base/diagnostics.h"
#include "framework/model/catalog.h"
#include "framework/model/change.h"
#include "framework/model/owned.h"
#include "framework/model/resource.h"

namespace tenon {

// One edge: `from` requires `await.target` in a state, for these operations.
struct Edge {
  Address from;
  Await await;                   // generation is left empty: it is the one last sent
  std::set<std::string> guards;  // create, update, start
  bool populator = false;        // `from` fills the target: it is not a consumer of its contents
  bool through_claim = false;    // only because the target fills a claim that `from` uses
};

struct Graph {
  std::map<Address, Resource> desired;
  std::map<Address, std::vector<Edge>>
      requires_;  // by `from`; also of resources that only the inventory knows
  std::map<Address, std::vector<Address>> required_by;
  std::map<Address, std::vector<ValueReference>> values;
  std::map<Address, Address> moves;  // tenon.dev/moved-from: new address -> old address
  std::vector<Address> externals;    // referenced and neither desired nor owned
  // Dependencies first; of desired, owned and externals. Ties by address.
  std::vector<Address> order;

  // Targets of requirements and values of one resource, each once, by address.
  std::vector<Address> dependencies(const Address& address) const;
};

// A consumer of a claim, however it names it, also requires every resource in desired or owned that populates
// the claim to be ready. A reference to a kind that nobody serves, a move from what is still
// declared or of another kind, and a cycle (with its path), are errors.
Graph resolve(std::vector<Resource> desired, const std::vector<Owned>& owned, const Catalog& catalog,
              Diagnostics& diagnostics);

}  // namespace tenon
