#include "framework/run/properties/scene.h"

#include <algorithm>
#include <random>

namespace tenon::properties {
namespace {

class Maker {
 public:
  explicit Maker(unsigned seed) : engine_(seed) {}

  Scene run() {
    const int count = 1 + std::min(below(8), below(8));
    scene_.adopt = chance(25);
    scene_.by_name = chance(15);
    scene_.named_set = chance(30);
    if (chance(25)) scene_.slack = chance(50) ? kAmple : below(5);
    for (int i = 0; i < count; ++i) add(i);
    const bool flipped = chance(8);
    for (auto& [number, node] : scene_.nodes) node.was.needs = past_needs(number, flipped);
    for (auto& [number, node] : scene_.nodes) wish(number, node);
    for (auto& [number, node] : scene_.nodes) change_owner(node);
    if (chance(4)) close_a_circle();
    for (auto& [number, node] : scene_.nodes) replace(number, node);
    for (auto& [number, node] : scene_.nodes) node.script = script(number, node);
    if (chance(70))
      for (auto& [number, node] : scene_.nodes) node.told = static_cast<Told>(below(5));
    scene_.strangers = chance(10);
    while (chance(60) && scene_.kills.size() < 4) scene_.kills.push_back({below(50), chance(15)});
    scene_.order = engine_();
    scene_.parallelism = 1 + below(5);
    scene_.destroy = chance(12);
    // Whoever uses a claim waits for its importer, also for one that is only in the inventory.
    scene_.prune = chance(85) || std::any_of(scene_.nodes.begin(), scene_.nodes.end(), [](const auto& entry) {
                     return entry.second.kind == Kind::import && !entry.second.wanted;
                   });
    scene_.approve = chance(95);
    return std::move(scene_);
  }

 private:
  int below(int limit) { return static_cast<int>(engine_() % static_cast<unsigned>(limit)); }
  bool chance(int percent) { return below(100) < percent; }

  Node& node(int number) { return scene_.nodes.at(number); }

  Kind kind() {
    constexpr Kind kKinds[] = {Kind::fast, Kind::fast,  Kind::fast,   Kind::slow,  Kind::slow,
                               Kind::slow, Kind::claim, Kind::import, Kind::group, Kind::outer};
    return kKinds[below(10)];
  }

  void add(int number) {
    Node made;
    made.kind = kind();
    if (made.kind == Kind::import && (made.fills = free_claim()) < 0) made.kind = Kind::slow;
    if (made.kind != Kind::outer && chance(55)) made.past = past(made.kind);
    if (made.kind == Kind::import && node(made.fills).past != Past::applied) made.past = Past::none;
    made.wanted = made.kind != Kind::outer && (made.past == Past::none || chance(80));
    if (made.past == Past::lost) made.wanted = true;
    if (made.kind == Kind::import && !node(made.fills).wanted) {
      made.wanted = false;
      if (made.past == Past::lost) made.past = Past::applied;
    }
    if (can_change_owner(made.kind) && chance(6)) made.past = Past::unmarked;
    if (made.past == Past::unmarked) made.wanted = chance(is_adopting() ? 80 : 20);
    if (!made.wanted && made.past == Past::none && made.kind != Kind::outer) return;
    give_to_others(made);
    made.was = {.size = below(3), .secret = chance(25) ? 1 + below(3) : 0, .running = chance(30)};
    made.was_default = default_of(made);
    if (made.past != Past::lost && chance(25)) made.was.tier = 1 + below(2);
    if (made.kind == Kind::group) made.was.parts = below(3);
    scene_.nodes[number] = std::move(made);
  }

  // What the inventory has lost says nothing of what was a default.
  Default default_of(const Node& made) {
    return made.past == Past::lost || chance(60) ? Default::same
           : chance(60)                          ? Default::older
                                                 : Default::missing;
  }

  // What is declared here and is theirs is refused, unless it is to be taken over.
  void give_to_others(Node& made) {
    const bool whole = made.past == Past::applied || made.past == Past::drifted || made.past == Past::stopped;
    if (!whole || !(can_change_owner(made.kind) || made.kind == Kind::group) || !chance(8)) return;
    made.others = true;
    made.wanted = scene_.adopt ? chance(50) : chance(3);
  }

  static bool can_change_owner(Kind kind) { return kind == Kind::fast || kind == Kind::slow; }
  bool is_adopting() const { return scene_.adopt || scene_.by_name; }

  // Mostly what can be done: unfinished things do not move, and what is to be ours again must be asked for.
  void change_owner(Node& mine) {
    if (!(can_change_owner(mine.kind) || mine.kind == Kind::group) || !was_owned(mine)) return;
    const bool unfinished = mine.past == Past::made || mine.past == Past::dead;
    const bool can_move =
        mine.wanted && (!mine.others || scene_.adopt) && (was_there(mine) || !scene_.by_name);
    if (can_move && chance(unfinished ? 1 : 15))
      mine.moved = true;
    else if (!stays_for_others(mine) && chance(mine.wanted && !scene_.adopt ? 1 : 12))
      mine.forgotten = true;
  }

  // One importer for each claim.
  int free_claim() {
    for (const auto& [number, claim] : scene_.nodes) {
      const auto fills = [number = number](const auto& entry) { return entry.second.fills == number; };
      if (claim.kind == Kind::claim && std::none_of(scene_.nodes.begin(), scene_.nodes.end(), fills))
        return number;
    }
    return -1;
  }

  Past past(Kind kind) {
    const int dice = below(100);
    const bool takes_a_while = kind == Kind::slow || kind == Kind::import;
    if (dice < 50 || kind == Kind::group) return Past::applied;
    if (dice < 58) return Past::drifted;
    if (dice < 64) return Past::stopped;
    if (dice < 71) return kind == Kind::claim ? Past::applied : Past::vanished;
    if (dice < 77) return Past::intent;
    if (dice < 83) return Past::made;
    if (dice < 91) return takes_a_while ? Past::dead : Past::applied;
    if (dice < 95) return Past::lost;
    return dice < 99 ? Past::changed : Past::foreign;
  }

  Hold hold(Kind kind) {
    const int dice = below(10);
    return kind == Kind::claim || dice < 7 ? Hold::make : dice < 9 ? Hold::start : Hold::all;
  }

  // flipped: what is to require the other one was required by it.
  std::map<int, Hold> past_needs(int number, bool flipped) {
    std::map<int, Hold> needs;
    if (node(number).kind == Kind::outer || node(number).kind == Kind::claim) return needs;
    for (const auto& [other, target] : scene_.nodes) {
      const bool existed = target.past != Past::none || target.kind == Kind::outer;
      const bool earlier = flipped ? other > number && target.fills != number : other < number;
      if (earlier && existed && other != node(number).fills && chance(30)) needs[other] = hold(target.kind);
    }
    return needs;
  }

  void wish(int number, Node& mine) {
    // Nobody knows what it required.
    if (mine.past == Past::lost || mine.past == Past::unmarked) mine.was.needs.clear();
    mine.want = mine.was;
    if (chance(30)) mine.want.size = below(3);
    if (chance(8)) mine.want.secret = below(4);
    if (chance(20)) mine.want.running = !mine.want.running;
    if (chance(25)) mine.want.tier = below(3);
    if (mine.kind == Kind::group && chance(30)) mine.want.parts = below(3);
    mine.want.needs.clear();
    if (mine.kind == Kind::claim || mine.kind == Kind::outer) return;
    for (const auto& [other, target] : scene_.nodes) {
      if (other >= number || other == mine.fills) continue;
      const bool stays = target.wanted || target.kind == Kind::outer || stays_for_others(target);
      // What is going can be wanted by mistake; what has never been there would be waited for.
      if (!stays && !(was_there(target) && was_owned(target) && chance(3))) continue;
      const auto before = mine.was.needs.find(other);
      if (before != mine.was.needs.end() ? chance(75) : chance(20))
        mine.want.needs[other] = before != mine.was.needs.end() ? before->second : hold(target.kind);
      if (chance(8)) mine.want.value_of = other;
      if (chance(5) && target.past == Past::applied && was_owned(mine)) mine.was.value_of = other;
    }
  }

  void close_a_circle() {
    for (auto& [number, mine] : scene_.nodes)
      for (const auto& [other, target] : scene_.nodes)
        if (other >= number && mine.wanted && target.wanted && mine.kind != Kind::claim && chance(30))
          mine.want.needs[other] = Hold::make;
  }

  bool is_held(int number) const {
    return std::any_of(scene_.nodes.begin(), scene_.nodes.end(), [number](const auto& entry) {
      const auto now = targets_of(entry.second, entry.second.want);
      const auto before = targets_of(entry.second, entry.second.was);
      return std::count(now.begin(), now.end(), number) > 0 ||
             (entry.second.past != Past::none && std::count(before.begin(), before.end(), number) > 0);
    });
  }

  // Somebody who exists uses the claim, or will.
  bool is_used(int claim, int importer) const {
    return std::any_of(scene_.nodes.begin(), scene_.nodes.end(), [&](const auto& entry) {
      const auto& [number, node] = entry;
      return number != importer && node.past != Past::none &&
             (node.want.needs.contains(claim) || node.was.needs.contains(claim) ||
              node.want.value_of == claim);
    });
  }

  // Mostly only what nothing holds, since everything else is refused. What is to stay the same object cannot.
  void replace(int number, Node& mine) {
    if (mine.moved || mine.forgotten || mine.past == Past::unmarked) return;
    if (mine.past != Past::none && chance(is_held(number) ? 3 : 25)) ++mine.want.fixed;
  }

  Script script(int number, const Node& mine) {
    const bool takes_a_while = mine.kind == Kind::slow || mine.kind == Kind::import;
    Script script;
    if (chance(30)) script.appears_after = Duration(below(3000));
    if (takes_a_while || mine.kind == Kind::outer) script.ready_after = Duration(below(20000));
    if (mine.kind == Kind::outer && chance(60)) {
      script.ready_after = {};
      script.away_after = Duration(1 + below(10000));
      script.away_for = Duration(below(20000));
    }
    if (chance(20)) script.changes_after = Duration(below(3000));
    if (chance(30)) script.gone_after = Duration(below(5000));
    if (chance(15)) script.late_deletes = 1 + below(2);
    if (takes_a_while && chance(30)) script.worker_deaths = below(3);
    // Nobody can replace what failed and is held.
    const bool held = is_held(number) || (mine.fills >= 0 && is_used(mine.fills, number));
    if (takes_a_while && !held && chance(15)) script.failures = 1;
    for (Method method : {Method::observe, Method::create, Method::update, Method::remove})
      while (chance(22)) script.faults.push_back(fault(method));
    return script;
  }

  // Errors of every class: to be tried again, of unknown outcome, and final.
  Fault fault(Method method) {
    constexpr Code kCodes[] = {Code::unavailable, Code::aborted,           Code::resource_exhausted,
                               Code::crashed,     Code::deadline_exceeded, Code::cancelled,
                               Code::crashed,     Code::invalid_argument,  Code::permission_denied,
                               Code::internal};
    return {.method = method,
            .code = kCodes[below(10)],
            .after_effect = method != Method::observe && chance(50),
            .skip = chance(60) ? below(method == Method::observe ? 8 : 2) : 0};
  }

  std::mt19937 engine_;
  Scene scene_;
};

}  // namespace

Scene random_scene(unsigned seed) { return Maker(seed).run(); }

bool is_tight(const Scene& scene) { return scene.slack >= 0 && scene.slack < kAmple; }

bool stays_for_others(const Node& node) { return node.others && !node.wanted; }

bool was_there(const Node& node) {
  return node.past != Past::none && node.past != Past::vanished && node.past != Past::intent;
}

bool was_owned(const Node& node) {
  return node.past != Past::none && node.past != Past::lost && node.past != Past::unmarked;
}

std::string name_of(int node) { return "n" + std::to_string(node); }

std::vector<int> targets_of(const Node& node, const Wish& wish) {
  std::vector<int> targets;
  for (const auto& [target, hold] : wish.needs) targets.push_back(target);
  for (int target : {wish.value_of, node.fills})
    if (target >= 0) targets.push_back(target);
  return targets;
}

}  // namespace tenon::properties
