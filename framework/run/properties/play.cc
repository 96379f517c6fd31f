#include "framework/run/properties/play.h"

#include <algorithm>
#include <exception>

namespace tenon::properties {
namespace {

class Play {
 public:
  Play(const Scene& scene, const Sabotage& sabotage)
      : scene_(scene),
        sabotage_(sabotage),
        random_(scene.order),
        world_(scene_catalog(), expand_groups),
        court_{scene, world_} {
    for (const auto& [number, node] : scene.nodes) {
      court_.numbers[address_of(scene, number)] = number;
      court_.numbers[old_address_of(scene, number)] = number;
      for (int part = 0; part < std::max(node.was.parts, node.want.parts); ++part)
        court_.parts[part_of(number, part)] = number;
      court_.has_secrets |= node.was.secret > 0 || node.want.secret > 0;
    }
    begin(world_, scene);
    if (sabotage.world) sabotage.world(world_);
    note_kept(court_);
    court_.capacity = taken(world_.backend) + scene.slack;
    desired_ = declared(scene);
    world_.backend.on_effect([this](const FakeEffect& effect, const FakeBackend& backend) {
      judge_effect(court_, effect, backend);
      tell_of(effect);
    });
  }

  Findings run() {
    court_.happened("graphs");
    for (PlanOptions& command : commands(scene_)) {
      options_ = std::move(command);
      if (!play_command()) break;
    }
    return std::move(court_.findings);
  }

 private:
  // False: nothing can follow.
  bool play_command() {
    seen_all_ = false;
    const int first = round_, last = first + patience();
    for (; round_ < last; ++round_) {
      if (!plan(round_ == first)) return false;
      const bool nothing_left = court_.plan.empty() && !court_.plan.blocked();
      if (nothing_left || carry_out()) return end(), true;
      world_.clock.advance(Duration(random_() % 3000));
    }
    court_.breaks(Property::converges, "it does not end; left: " + left());
    return false;
  }

  // Hints, and nothing more: what is seen is decided by looking.
  void tell_of(const FakeEffect& effect) {
    const Node* node = court_.node_of(effect.address);
    const Told told = node ? node->told : Told::never;
    const auto tell = [&](Duration after) { events_.emplace(world_.clock.now() + after, effect.address); };
    const Duration takes = node ? seen_after(effect.method, node->script) : Duration();
    if (told == Told::early) tell({}), tell(takes / 2);
    if (told == Told::promptly || told == Told::twice) tell(takes);
    if (told == Told::twice) tell(takes);
    if (told == Told::late) tell(takes + Duration(700));
    if (!scene_.strangers) return;
    for (const char* kind : {"Fast", "Nothing"})
      events_.emplace(world_.clock.now(), Address{"test", kind, "default", "stranger"});
  }

  static Duration seen_after(Method method, const Script& script) {
    switch (method) {
      case Method::create: return std::max(script.appears_after, script.ready_after);
      case Method::update: return script.changes_after;
      case Method::remove: return script.gone_after;
      case Method::observe: break;
    }
    return {};
  }

  // Whatever goes wrong does so once, and costs a run at most.
  int patience() const {
    int runs = 6 + static_cast<int>(scene_.kills.size());
    for (const auto& [number, node] : scene_.nodes)
      runs += static_cast<int>(node.script.faults.size()) + node.script.failures;
    return runs;
  }

  std::string left() const {
    if (court_.plan.steps.empty()) return "nothing, and something is blocked";
    const Step& step = court_.plan.steps.front();
    return std::string(to_string(step.kind)) + " " + to_string(step.address) + ": " + step.reason;
  }

  // False: there is nothing to carry out.
  bool plan(bool first) {
    approve();
    court_.plan = world_.plan(desired_, options_);
    court_.diagnostics = world_.diagnostics();
    if (sabotage_.diagnostics) sabotage_.diagnostics(court_.diagnostics);
    if (round_ == 0) judge_diagnostics(court_);
    if (has_errors(world_.diagnostics())) return court_.happened("cycles"), false;
    if (sabotage_.plan) sabotage_.plan(court_.plan);
    judge_plan(court_, options_, first);
    if (court_.plan.blocked()) court_.happened("blocked plans");
    if (!court_.plan.refused()) {
      seen_all_ |= !court_.plan.blocked();
      return true;
    }
    court_.happened("refused plans");
    // What cannot be looked at just now may be taken for a user of what is to be filled, and what goes in no
    // order goes in two plans.
    const bool for_now = court_.plan.blocked() || refusal().find("in any order") != std::string::npos;
    if (seen_all_ && scene_.approve && !is_tight(scene_) && !for_now)
      court_.breaks(Property::converges, "what was begun is refused: " + refusal());
    return false;
  }

  void approve() {
    if (!scene_.approve) return;
    const auto owned = world_.inventory.owned().value();
    for (const Owned& row : owned) options_.approved.insert(row.address);
    for (const auto& [address, number] : court_.numbers) options_.approved.insert(address);
  }

  std::string refusal() const {
    for (const Change& change : court_.plan.changes)
      if (change.refusal) return change.refusal->reason;
    return "";
  }

  // True: every step is done.
  bool carry_out() {
    SimulationOptions options{.random = &random_, .parallelism = scene_.parallelism, .events = &events_};
    int turns = 0, stop_after = -1;
    if (static_cast<size_t>(round_) < scene_.kills.size()) {
      const Kill& kill = scene_.kills[static_cast<size_t>(round_)];
      (kill.soft ? stop_after : options.kill_after) = kill.after;
    }
    options.stopping = [&turns, stop_after] { return stop_after >= 0 && turns++ >= stop_after; };
    if (sabotage_.driver) sabotage_.driver(options);
    Simulated result = world_.run(court_.plan, options);
    if (sabotage_.run) sabotage_.run(result);
    const bool stopped = stop_after >= 0 && turns > stop_after;
    court_.happened("runs");
    court_.happened("heard of", static_cast<int64_t>(result.heard.size()));
    if (result.killed) court_.happened("kills");
    if (stopped) court_.happened("stops");
    judge_run(court_, result, result.killed || stopped);
    const auto is_done = [](const StepRecord& step) { return step.status == StepStatus::done; };
    return !result.killed && !court_.plan.blocked() && !was_put_off() &&
           std::all_of(result.steps.begin(), result.steps.end(), is_done);
  }

  // Somebody works on it, and what differs is for the next plan.
  bool was_put_off() const {
    return std::any_of(court_.plan.changes.begin(), court_.plan.changes.end(), [](const Change& change) {
      return change.action == Action::none &&
             std::any_of(change.notes.begin(), change.notes.end(), [](const auto& note) {
               return note.find("planned again afterwards") != std::string::npos;
             });
    });
  }

  // At the very end, one look without faults: nothing is left to do, and the world is as declared.
  void end() {
    if (options_.marks_only()) return judge_marks(court_, options_);
    for (const auto& [number, node] : scene_.nodes) {
      Script calm = node.script;
      calm.faults.clear();
      for (const Address& address : {address_of(scene_, number), old_address_of(scene_, number)})
        world_.backend.script(address, calm);
    }
    court_.plan = world_.plan(desired_, options_);
    court_.judge(Property::second_empty);
    if (!court_.plan.empty() || court_.plan.blocked())
      court_.breaks(Property::second_empty, "the second plan is not empty: " + left());
    judge_world(court_);
    court_.judge(Property::converges, court_.findings.happened["kills"] + court_.findings.happened["stops"]);
  }

  const Scene& scene_;
  const Sabotage& sabotage_;
  std::mt19937 random_;
  Simulation world_;
  Court court_;
  std::vector<Resource> desired_;
  PlanOptions options_;
  Events events_;
  int round_ = 0;
  bool seen_all_ = false;  // a plan was made of all that there is, and begun
};

}  // namespace

void Findings::merge(const Findings& other) {
  for (const auto& [property, cases] : other.judged) judged[property] += cases;
  for (const auto& [property, how] : other.broken) broken.emplace(property, how);
  for (const auto& [what, times] : other.happened) happened[what] += times;
}

// What is thrown ends nothing well.
Findings play(const Scene& scene, const Sabotage& sabotage) {
  std::string thrown = "something";
  try {
    return Play(scene, sabotage).run();
  } catch (const std::exception& error) {
    thrown = error.what();
  } catch (...) {
  }
  return {.broken = {{Property::converges, "it throws: " + thrown}}};
}

const Step* Court::step_for(const Address& address, bool removes) const {
  for (const Step& step : plan.steps) {
    const bool makes = step.kind == StepKind::create || step.kind == StepKind::update;
    if (step.address == address && (removes ? step.kind == StepKind::remove : makes)) return &step;
  }
  return nullptr;
}

Address Court::place_of(const Address& address) const {
  const Node* node = node_of(address);
  if (!node || !node->moved) return address;
  const Address before = old_address_of(scene, numbers.at(address));
  return world.backend.look(before).existence == Existence::present ? before : address;
}

bool Court::is_left_alone(const Node& node) const {
  const bool taken = is_wanted(node) && (scene.adopt || (scene.by_name && node.past == Past::unmarked));
  const bool destroyed = node.past == Past::unmarked && scene.destroy && scene.by_name && node.wanted;
  if (node.forgotten && !was_there(node)) return !is_wanted(node);
  return (node.forgotten || node.past == Past::unmarked) && !taken && !destroyed;
}

const Node* Court::node_of(const Address& address) const {
  const auto number = numbers.find(address);
  return number == numbers.end() ? nullptr : &scene.nodes.at(number->second);
}

}  // namespace tenon::properties
