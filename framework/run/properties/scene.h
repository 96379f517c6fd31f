// A scene: what somebody declares, what exists, what goes wrong and where the run is killed. A value, so that
// a failing one can be made smaller and told as text.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "framework/backend/fake.h"

namespace tenon::properties {

// outer: an external. import fills a claim. group: a composite, its parts are its children.
enum class Kind { fast, slow, claim, import, group, outer };

// Which operations a need holds back: create and update; start; all three, by tenon.dev/depends-on.
enum class Hold { make, start, all };

// What became of a node before the scene begins. none: it never was. intent: its create was to begin; made:
// it did, and nobody recorded it. dead: unfinished, and nobody works on it. lost: the inventory has forgotten
// it. unmarked: made by somebody else, and nobody's.
enum class Past {
  none,
  applied,
  drifted,
  stopped,
  vanished,
  intent,
  made,
  dead,
  lost,
  changed,
  foreign,
  unmarked
};

struct Wish {
  int size = 0;
  int fixed = 0;   // a change means replace
  int secret = 0;  // 0: none
  int parts = 0;
  int tier = 0;  // 0: nobody writes one; then it is the default
  bool running = false;
  std::map<int, Hold> needs;
  int value_of = -1;  // takes a value from this one's outputs; -1: from nobody's

  friend bool operator==(const Wish&, const Wish&) = default;
};

// What it has where nobody has written one: the default of now, that of an older plugin, or nothing, since
// that had no such default.
enum class Default { same, older, missing };

// When its backend tells that something has happened to it, as against when it is to be seen.
enum class Told { never, promptly, early, late, twice };

struct Node {
  Kind kind = Kind::fast;
  int fills = -1;  // of an import: its claim
  Past past = Past::none;
  Wish was;
  Default was_default = Default::same;
  bool others = false;     // it is of another set
  bool moved = false;      // it had another name
  bool forgotten = false;  // it is given up before anything else
  bool wanted = true;
  Wish want;
  Script script;
  Told told = Told::never;

  friend bool operator==(const Node&, const Node&) = default;
};

// A run ends after so many commits and calls (or, asked to stop softly, turns).
struct Kill {
  int after = 0;
  bool soft = false;

  friend bool operator==(const Kill&, const Kill&) = default;
};

struct Scene {
  std::map<int, Node> nodes;
  std::vector<Kill> kills;  // of the first runs, one each
  unsigned order = 0;       // in which calls return
  int parallelism = 10;
  bool prune = true;
  bool destroy = false;
  bool approve = true;
  bool named_set = false;  // what is declared is of a set with a name
  int slack = -1;          // what is free in the pool; -1: there is none
  bool adopt = false;
  bool by_name = false;  // what moves, and what is adopted, does so by commands of their own before the apply
  bool strangers = false;  // the backend also tells of what does not exist, and of what it should not know

  friend bool operator==(const Scene&, const Scene&) = default;
};

Scene random_scene(unsigned seed);

// The smallest scene on the way from this one, leaving out one thing after the other, that still fails.
Scene shrink(Scene scene, const std::function<bool(const Scene&)>& still_fails);

// YAML-like, for people.
std::string to_text(const Scene& scene);

// What is free in a pool in which there is room for anything.
inline constexpr int kAmple = 1000;
bool is_tight(const Scene& scene);

// It stays, though nobody declares it: it is another set's.
bool stays_for_others(const Node& node);

std::string name_of(int node);
// Whether it existed when the scene began, and whether the inventory told of it.
bool was_there(const Node& node);
bool was_owned(const Node& node);

// Whom it names in a spec: what it needs, takes values from and fills.
std::vector<int> targets_of(const Node& node, const Wish& wish);

}  // namespace tenon::properties
