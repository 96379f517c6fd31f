// Change, Step, Plan: what differs and what will be done about it, as data. Value types; plan/plan_file.h
// gives their JSON, plan/plan.h makes them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/clock.h"
#include "framework/base/diagnostics.h"
#include "framework/base/json.h"
#include "framework/base/shared_json.h"
#include "framework/model/address.h"
#include "framework/model/capacity.h"
#include "framework/model/observation.h"

namespace tenon {

enum class Action { none, create, update, replace, remove, adopt, forget, move, blocked };

std::string_view to_string(Action action);  // "delete" for remove

// One field that differs. drift: applied and actual differ, somebody changed the world; otherwise desired and
// applied differ, the user asks for it.
struct FieldChange {
  std::string pointer;  // into the spec
  Json before;          // null: not set
  Json after;
  bool drift = false;
  bool known_after_apply = false;  // after is a value reference that is not known yet
  bool secret = false;             // print neither
};

// A refusal by guard, ownership or capacity: apply does nothing at all while there is one.
struct Refusal {
  std::string reason;  // what is refused and why
  std::string remedy;  // the flag or change that lifts it: "--approve core/PersistentVolumeClaim/default/x"
  std::string approval =
      {};  // the value of the annotation tenon.dev/approve that lifts it too; "": none does
};

struct Change {
  Address address;
  std::string instance;
  Action action = Action::none;
  std::vector<std::string> reasons;  // never empty unless action is none
  std::vector<FieldChange> fields;
  std::vector<std::string> operations;  // start, stop
  std::vector<std::string> notes;
  std::optional<Refusal> refusal;
  std::vector<Demand> demands;  // on the pools of its instance, as far as they are known
  SharedJson desired;           // the spec, references still in it; null for remove
  Position origin;              // where it is declared
  std::optional<Address> parent;
};

// One planned change as a plugin's check sees it.
struct PlannedChange {
  Address address;
  Action action = Action::create;
  Json desired;  // values that are not known yet are left out; null for remove
  Json applied;
  Json actual;
  std::vector<std::string> unknown;  // pointers of those values
};

// What a plugin says to one planned change, looking at nothing but the changes and the pools.
struct Check {
  std::vector<Demand> demands;
  std::string unchecked;  // why it cannot say yet; "": it has said
  std::optional<Refusal> refusal;
};

Json to_json(const PlannedChange& change);
// internal: not of the documented shape.
Result<Check> check_from_json(const Json& json);

// A requirement made concrete: this target, in one of these states.
struct Await {
  Address target;
  std::vector<std::string> phases;   // accepted; empty: any
  std::vector<std::string> failing;  // it will not get there by itself
  std::vector<Contents> contents;    // accepted; empty: any
  std::string generation;            // as sent to the target; "": any (external), or known only after apply
  Duration timeout = std::chrono::hours(1);  // without progress

  friend bool operator==(const Await&, const Await&) = default;
};

// "DataVolume example-dv until Succeeded"
std::string to_string(const Await& await);

enum class Verdict { met, unmet, failed, unknown };

struct Judgement {
  Verdict verdict = Verdict::unmet;
  std::string reason;  // "DataVolume example-dv is ImportInProgress (41 %)"
};

// Whether an observation satisfies an await. expected_generation: as last sent, "" if any will do.
Judgement judge(const Await& await, const Observation& observation, const std::string& expected_generation);

// adopt, forget and move change an object's mark and nothing else.
enum class StepKind { create, update, remove, await, adopt, forget, move };

std::string_view to_string(StepKind kind);  // "delete" for remove

// One unit of a plan; its number is its index in Plan::steps. The spec is the one of its address's change.
struct Step {
  StepKind kind = StepKind::create;
  Address address;  // of an await: what it waits for
  std::string instance;
  std::vector<int> after;              // steps that must have ended well before this one starts
  std::vector<Await> guards;           // of a call: observed again immediately before it
  std::optional<Await> await;          // of an await, and nothing else
  std::vector<std::string> defaulted;  // pointers of what nobody wrote in the spec
  SharedJson labels = SharedJson::object(), annotations = SharedJson::object();
  std::vector<std::string> operations;
  std::vector<Address> dependencies;  // declared requirements and value references: given to the call
  std::string nonce;                  // of the open intent or the mark that it goes on with; "": a new one
  std::string identity;               // of what is adopted
  SharedJson found;                   // adopt: the spec that it is recorded to have been told
  std::optional<Address> from;        // move: the address that it had
  std::optional<Address> parent;
  std::string reason;
  bool guarded_delete = false;  // approved by name: data in it may go
  bool unchecked = false;       // whether there is room for it is asked before its call
};

// Where a secret was read that a plan sends: a value in a manifest, or a whole v1 Secret.
struct SecretSource {
  Address address;      // of the document
  std::string pointer;  // into the document; "": a v1 Secret
  std::string file;
  std::string handle;  // a keyed hash of what was read

  friend auto operator<=>(const SecretSource&, const SecretSource&) = default;
};

struct Plan {
  std::string inventory;                        // UUID
  std::string set;                              // of what it creates, updates and adopts; "": the unnamed one
  std::vector<Change> changes;                  // by address, none included
  std::vector<Step> steps;                      // in an order in which they could be carried out one by one
  std::map<Address, std::string> fingerprints;  // of what the plan looked at
  std::map<std::string, std::string> plugins;   // instance -> plugin digest
  std::vector<Address> externals;               // looked at and neither declared nor owned
  std::vector<std::string> notes;
  std::vector<SecretSource> secrets;

  bool empty() const { return steps.empty(); }
  // The change's spec, references still in it; null: there is none.
  const SharedJson& desired(const Address& address) const;
  bool refused() const;
  // Something could not be looked at: the rest runs.
  bool blocked() const;
};

}  // namespace tenon
