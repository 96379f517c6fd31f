// Plays a scene in virtual time until nothing is left to do, and judges every property of the design on the
// way.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>

#include "framework/run/properties/scene.h"
#include "framework/run/properties/world.h"

namespace tenon::properties {

// As the design numbers them.
enum class Property {
  order = 1,      // create precedes dependants' create, delete follows them
  converges,      // killed at any step, a re-run converges
  second_empty,   // the second run is empty
  once,           // no step runs twice after success
  others_run,     // a failed step's non-descendants all run
  deterministic,  // the plan is byte-for-byte deterministic
  exactly,        // apply performs exactly the plan's steps
  one_at_a_time,  // at most one mutating call per address at a time
  no_secret,      // in plan, log, inventory listing
  real_cycle,     // a cycle message names a real cycle
  unknown,        // never leads to create, replace or delete
  // And of its own:
  same_object,  // what moves, is adopted or is forgotten is never deleted or made anew
  own_set,      // prune and destroy act within their set, and only where they are asked for
  room,         // no pool is overcommitted
};

struct Findings {
  std::map<Property, int64_t> judged;       // cases in which the property had something to say
  std::map<Property, std::string> broken;   // how, the first time
  std::map<std::string, int64_t> happened;  // "kills", "runs", "errors", …

  void merge(const Findings& other);
};

// Breaks what is judged, to see that it is noticed.
struct Sabotage {
  std::function<void(Plan&)> plan;
  std::function<void(Simulated&)> run;
  std::function<void(Diagnostics&)> diagnostics;
  std::function<void(SimulationOptions&)> driver;
  std::function<void(Simulation&)> world;
};

Findings play(const Scene& scene, const Sabotage& sabotage = {});

// Null where there is none.
inline Json member(const Json& object, const char* name) {
  return object.is_object() ? object.value(name, Json()) : Json();
}

// What the judges share: the scene, its world, the plan that is carried out, and what they find.
struct Court {
  const Scene& scene;
  Simulation& world;
  std::map<Address, int> numbers = {};   // also by what they were called
  std::map<Address, int> parts = {};     // whose they are
  int64_t capacity = 0;                  // of the pool, if there is one
  std::map<std::string, int> kept = {};  // identities that are to last, and whose they are
  bool has_secrets = false;
  Plan plan = {};
  Diagnostics diagnostics = {};  // of that plan
  Findings findings = {};

  void judge(Property property, int64_t cases = 1) { findings.judged[property] += cases; }
  void breaks(Property property, const std::string& how) { findings.broken.emplace(property, how); }
  void happened(const std::string& what, int64_t times = 1) { findings.happened[what] += times; }

  // Where the world has it: what moves keeps its place.
  Address place_of(const Address& address) const;
  // Forgotten, or never ours, and it stays so.
  bool is_left_alone(const Node& node) const;

  // The plan's step that makes it, or removes it; null: there is none.
  const Step* step_for(const Address& address, bool removes) const;
  const Node* node_of(const Address& address) const;
  bool is_wanted(const Node& node) const { return node.wanted && !scene.destroy; }
};

// Property 1, at the moment of each effect.
void judge_effect(Court& court, const FakeEffect& effect, const FakeBackend& backend);

// Properties 6, 9, 10 and 11: of a plan.
void judge_diagnostics(Court& court);
void judge_plan(Court& court, const PlanOptions& options, bool first);

// Properties 4, 5, 7, 8, 9 and 11: of a run.
void judge_run(Court& court, const Simulated& run, bool cut_short);

// Property 12, after each run; and at the end of a command that changes nothing but marks.
void note_kept(Court& court);
void judge_kept(Court& court);
// Property 14, after each effect.
void judge_room(Court& court);
void judge_marks(Court& court, const PlanOptions& command);

// Property 2: the world is as declared.
void judge_world(Court& court);

}  // namespace tenon::properties
