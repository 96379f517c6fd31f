// Passes 5 and 6: desired × applied × observed × schema → changes; changes × graph × guards → steps.
// Deterministic, and the heart of Tenon together with run/scheduler.h.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "framework/model/catalog.h"
#include "framework/model/change.h"
#include "framework/model/owned.h"
#include "framework/plan/capacity.h"
#include "framework/plan/resolve.h"

namespace tenon {

using Observations = std::map<Address, Observation>;

struct PlanOptions {
  std::set<Address> approved;  // --approve: populated or protected, and may be deleted or replaced
  bool destroy = false;        // delete everything owned
  bool prune = false;          // delete what is owned and no longer declared; without it a note
  std::string set;             // what is declared belongs to it; destroy and prune stay within it
  bool partial = false;        // only a part of the manifests was given: nothing is said about the rest
  bool adopt = false;          // take over what exists without a mark, or belongs to another set
  // With any of these nothing else is planned.
  std::set<Address> forget;               // give up, with their children
  std::map<Address, std::string> import;  // adopt as it is -> its identity ("": what is found by its name)
  std::map<Address, Address> move;        // new address -> old address

  bool marks_only() const { return !forget.empty() || !import.empty() || !move.empty(); }
};

// Observations: of all in the graph's order; a missing one counts as unknown. Without a capacity nobody is
// asked for room.
Plan make_plan(const Graph& graph, const Observations& observations, const std::vector<Owned>& owned,
               const std::string& inventory, const Catalog& catalog, const PlanOptions& options,
               const Capacity& capacity = {});

// What the annotation tenon.dev/approve holds: a digest of whose data, in which object, may be destroyed. It
// is another one for the next object of the same address.
std::string approval_digest(const Address& address, const Observation& observation);

// Whether the claim says that this very import filled it. A claim that does not tell: false.
bool is_filled_by(const Observation& claim, const Address& importer, const std::string& generation);

// Adds what is imported or moved to by name alone, with a null spec: nothing else would look at it.
void add_undeclared(const PlanOptions& options, const Catalog& catalog, std::vector<Resource>& resources);

// Digest of what a plan depends on in an observation: existence, identity, mark, phase, contents and the
// non-volatile actual; not progress.
std::string fingerprint(const Observation& observation, const KindManifest* kind);

}  // namespace tenon
