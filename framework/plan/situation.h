// What make_plan looks at, with indices; and what it has decided so far. Internal to this folder.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "framework/plan/plan.h"

namespace tenon {

// What becomes of one resource.
struct Fate {
  Change change;
  std::string nonce;        // a create goes on with this intent
  bool stops_only = false;  // an update that nothing holds back
  bool guarded_delete = false;
  bool refills = false;    // an import over older contents
  bool unchecked = false;  // room for it has still to be asked for
  // Present and nobody has to act, but it has still to become ready.
  bool unfinished = false;
  // The spec with the values that are known already; nothing: as it is declared.
  std::optional<SharedJson> filled;
  // Of adopt and move.
  std::string identity;
  SharedJson found;                          // adopt: what it is recorded to have been told
  std::vector<std::string> found_defaulted;  // adopt: pointers of what nobody has written in that
  std::optional<Address> from;               // move
  bool updates = false;                      // an update follows

  bool marks() const;    // an adopt, forget or move step
  bool makes() const;    // a create or update step
  bool removes() const;  // a delete step, alone or before a create
};

// Whether the edge is about a step of that kind, with these operations.
bool holds_back(const Edge& edge, StepKind kind, const std::vector<std::string>& operations);

// References into what make_plan was given; lives as long as one call of it.
struct Situation {
  Situation(const Graph& graph, const Observations& observations, const std::vector<Owned>& owned,
            const std::string& inventory, const Catalog& catalog, const PlanOptions& options);

  const Graph& graph;
  const Observations& observations;
  const std::string& inventory;
  const Catalog& catalog;
  const PlanOptions& options;
  std::unordered_map<Address, std::vector<Address>> recorded_holders;
  std::unordered_map<Address, Fate> fates;  // of all that is desired or owned

  // Unknown if nobody looked.
  const Observation& observation(const Address& address) const;
  const Owned* row(const Address& address) const;
  const Resource* desired(const Address& address) const;
  const Fate* fate(const Address& address) const;
  Fate& decided(const Address& address) { return fates.at(address); }
  // The declared spec with the values that are known already; null: it is not declared.
  const SharedJson& filled(const Address& address) const;
  const KindManifest* kind(const Address& address) const { return catalog.find(address); }
  const std::vector<Edge>& edges(const Address& address) const;
  // What depends on it: by the inventory, and what that does not know by the graph. What moves in this plan
  // stands there by its new address.
  std::vector<Address> holders_of(const Address& address) const;
  // Whether it is to require the target from now on. Who needs only what an importer has left in a claim does
  // not require an importer that goes for good.
  bool requires_still(const Address& address, const Address& target) const;

  // The new address that a manifest gives to what is at this one; null: none.
  const Address* to_be_moved_to(const Address& address) const;
  // Whether its address is to be that of an object that is elsewhere yet, by this plan or once that is not
  // blocked any more.
  bool is_moved_here(const Address& address) const;

  // Whether the inventory tells of the very object that is there. Of another one at most, it tells when it
  // has lost its last turns.
  bool is_recorded(const Address& address) const;
  bool is_protected(const Address& address) const;
  // By --approve, or by an annotation of the resource that names the object that would be lost.
  bool is_approved(const Address& address, const Address& lost) const;
  static bool asks_for_protection(const Resource& resource);
  // Holds a user's data, itself or in the claim that it fills.
  bool is_populated(const Address& address) const;
  // The claim that it fills; null: none.
  const Address* claim_of(const Address& address) const;

 private:
  // All about one address; null: there is none.
  struct Known {
    const Resource* desired = nullptr;
    const Observation* observation = nullptr;
    const Owned* row = nullptr;
    const std::vector<Edge>* edges = nullptr;
  };
  struct HashPointed {
    size_t operator()(const Address* address) const { return std::hash<Address>{}(*address); }
  };
  struct SamePointed {
    bool operator()(const Address* a, const Address* b) const { return *a == *b; }
  };

  const Known& known(const Address& address) const;

  // Found here many times for each address; its keys are those of graph, observations and rows.
  std::unordered_map<const Address*, Known, HashPointed, SamePointed> known_;
  std::unordered_map<Address, Address> moved_to_;  // new addresses by old ones
};

}  // namespace tenon
