// Properties 2, 4, 5, 7, 8, 9 and 11: of a run and of what it leaves behind.
#include <algorithm>
#include <set>

#include "framework/model/resource.h"
#include "framework/run/properties/play.h"

namespace tenon::properties {
namespace {

size_t at(int index) { return static_cast<size_t>(index); }

class RunJudge {
 public:
  RunJudge(Court& court, const Simulated& run, bool cut_short)
      : court_(court), run_(run), cut_short_(cut_short) {}

  void judge() {
    if (run_.stuck) court_.breaks(Property::converges, "the run waits for nothing");
    court_.happened("unknown observations", run_.unknowns);
    for (const auto& [call, error] : run_.answers)
      if (error) court_.happened("errors");
    judge_calls();
    judge_twins();
    judge_overlap();
    judge_secrets();
    judge_kept(court_);
    judge_room(court_);
    if (!cut_short_) judge_ends();
  }

 private:
  const Step& step_of(const Call& call) const { return court_.plan.steps[at(call.steps.front())]; }

  static std::string name(const Step& step) {
    return std::string(to_string(step.kind)) + " " + to_string(step.address);
  }

  void judge_calls() {
    std::map<int, size_t> done_at;
    for (size_t i = 0; i < run_.events.size(); ++i)
      if (run_.events[i].status == StepStatus::done) done_at[run_.events[i].step] = run_.calls_at[i];
    std::set<int> succeeded;
    for (size_t i = 0; i < run_.calls.size(); ++i) {
      const Call& call = run_.calls[i];
      if (call.kind == CallKind::observe || call.kind == CallKind::check) continue;
      judge_call(call);
      const int step = call.steps.front();
      const bool again = succeeded.contains(step) || (done_at.contains(step) && i >= done_at[step]);
      if (again) court_.breaks(Property::once, name(step_of(call)) + " is called again after its success");
      for (int before : step_of(call).after)
        if (!done_at.contains(before) || done_at[before] > i)
          court_.breaks(Property::order,
                        name(step_of(call)) + " is called before what it comes after is done");
      const auto answer = run_.answers.find(call.id);
      if (answer == run_.answers.end() || answer->second) continue;
      court_.judge(Property::once);
      // What its backend has not ended is deleted again, and a worker that died is followed by another.
      const bool may_go_on = call.kind == CallKind::remove || step_of(call).kind == StepKind::await;
      if (!may_go_on) succeeded.insert(step);
    }
  }

  void judge_call(const Call& call) {
    const Step& step = step_of(call);
    const Request& request = call.requests.front();
    court_.judge(Property::exactly);
    const bool is_of_step = request.address == step.address && call.requests.size() == 1 &&
                            (call.kind == CallKind::remove) == (step.kind == StepKind::remove);
    if (!is_of_step) court_.breaks(Property::exactly, name(step) + " calls something else");
    if (step.kind == StepKind::create || step.kind == StepKind::update) judge_sent(step, request);
    const auto seen = run_.seen_before.find(call.id);
    if (seen == run_.seen_before.end()) return;  // killed before it began
    court_.judge(Property::unknown);
    if (seen->second == Existence::unknown)
      court_.breaks(Property::unknown, name(step) + " is called, and nobody knows whether it exists");
  }

  void judge_sent(const Step& step, const Request& request) {
    Json planned = court_.plan.desired(step.address);
    for (auto& item : planned.items())
      if (is_reference(item.value())) item.value() = request.desired.value(item.key(), Json());
    if (planned != request.desired)
      court_.breaks(Property::exactly, name(step) + " sends another spec than was planned");
  }

  // Nothing is made that is there, whichever run asks.
  void judge_twins() {
    std::set<Address> made;
    for (const FakeEffect& effect : court_.world.backend.effects()) {
      if (effect.method == Method::remove) made.erase(effect.address);
      if (effect.method != Method::create || !effect.changed) continue;
      if (!made.insert(effect.address).second)
        court_.breaks(Property::once, to_string(effect.address) + " is made twice");
    }
  }

  void judge_overlap() {
    court_.judge(Property::one_at_a_time, run_.most_calls > 1 ? 1 : 0);
    if (run_.overlapped) court_.breaks(Property::one_at_a_time, "two calls of one address are on their way");
  }

  void judge_secrets() {
    if (!court_.has_secrets) return;
    std::string told;
    for (const StepEvent& event : run_.events) told += event.text;
    for (const StepRecord& step : run_.steps) told += step.reason;
    if (const auto record = court_.world.inventory.last_run().value()) told += record->plan;
    court_.judge(Property::no_secret);
    if (told.find(kSecret) != std::string::npos)
      court_.breaks(Property::no_secret, "what the run tells or records shows one");
    const std::vector<Owned> owned = court_.world.inventory.owned().value();
    for (const Owned& row : owned)
      if (to_json(row).dump().find(kSecret) != std::string::npos)
        court_.breaks(Property::no_secret, "the inventory's row of " + to_string(row.address) + " has one");
  }

  void judge_ends() {
    bool failed = false;
    std::vector<bool> lost(run_.steps.size());
    for (size_t i = 0; i < run_.steps.size(); ++i) {
      const Step& step = court_.plan.steps[i];
      const StepStatus status = run_.steps[i].status;
      const bool descends =
          std::any_of(step.after.begin(), step.after.end(), [&](int before) { return lost[at(before)]; });
      lost[i] = status != StepStatus::done;
      failed |= status == StepStatus::failed;
      if (descends != (status == StepStatus::skipped))
        court_.breaks(Property::others_run,
                      name(step) + " is " + std::string(to_string(status)) + ": " + run_.steps[i].reason);
      if (status == StepStatus::failed && !may_fail(step))
        court_.breaks(Property::others_run,
                      name(step) + " fails, and nothing that it needs does: " + run_.steps[i].reason);
      if (status == StepStatus::done)
        judge_done(step);
      else if (status != StepStatus::failed && status != StepStatus::skipped)
        court_.breaks(Property::exactly, name(step) + " is left out");
    }
    if (failed) court_.judge(Property::others_run), court_.happened("runs with a failure");
  }

  bool may_fail(const Step& step) const {
    const auto fails = [this](const Address& address) { return may_fail(address); };
    return fails(step.address) || std::any_of(step.guards.begin(), step.guards.end(),
                                              [&](const Await& guard) { return fails(guard.target); });
  }

  bool may_fail(const Address& address) const {
    const Node* node = court_.node_of(address);
    if (!node) return false;
    if (is_tight(court_.scene) && node->want.value_of >= 0) return true;  // asked for its room only then
    if (node->script.failures > 0) return true;
    int unknown = 0, all = 0;
    for (const Fault& fault : node->script.faults) {
      if (fault.method == Method::observe) continue;
      ++all;
      if (is_outcome_unknown(fault.code))
        ++unknown;
      else if (!is_transient(fault.code))
        return true;
    }
    // One of unknown outcome is tried again once, and not after another.
    return unknown > 0 && all > 1;
  }

  void judge_done(const Step& step) {
    const Observation seen = court_.world.backend.look(court_.place_of(step.address));
    if (step.kind == StepKind::remove && !court_.step_for(step.address, false) &&
        seen.existence != Existence::absent)
      court_.breaks(Property::exactly, name(step) + " is done, and it still exists");
    if (step.kind != StepKind::create && step.kind != StepKind::update) return;
    // It may have gone since: by a delete that a run before this one asked for and did not see the end of.
    if (seen.existence != Existence::present) return;
    for (const char* field : {"size", "fixed", "running", "secret", "tier"})
      if (member(seen.actual, field) != member(court_.plan.desired(step.address), field))
        court_.breaks(Property::exactly, name(step) + " is done, and its " + field + " differs");
  }

  Court& court_;
  const Simulated& run_;
  const bool cut_short_;
};

}  // namespace

void judge_run(Court& court, const Simulated& run, bool cut_short) {
  RunJudge(court, run, cut_short).judge();
}

void judge_world(Court& court) {
  std::set<Address> expected, nobodys, others, stay;
  for (const auto& [number, node] : court.scene.nodes) {
    const Address address = address_of(court.scene, number);
    for (int part = 0; node.forgotten && part < node.was.parts; ++part) nobodys.insert(part_of(number, part));
    if (court.is_left_alone(node)) {
      if (was_there(node)) nobodys.insert(address);
      continue;
    }
    if (node.others && !court.is_wanted(node)) {
      const bool has_moved = node.moved && court.scene.by_name;
      const Address there = has_moved ? address : old_address_of(court.scene, number);
      expected.insert(there), others.insert(there);
      for (int part = 0; part < node.was.parts; ++part)
        expected.insert(part_of(number, part)), others.insert(part_of(number, part));
      continue;
    }
    if (node.past != Past::none && !node.wanted && !court.scene.prune && !court.scene.destroy) {
      stay.insert({address, old_address_of(court.scene, number)});
      for (int part = 0; part < node.was.parts; ++part) stay.insert(part_of(number, part));
      continue;  // As whatever it was left as, or gone.
    }
    if (node.kind == Kind::outer) expected.insert(address);
    if (!court.is_wanted(node)) continue;
    expected.insert(address);
    for (int part = 0; part < node.want.parts; ++part) expected.insert(part_of(number, part));
    const Observation seen = court.world.backend.look(court.place_of(address));
    const bool as_wanted = seen.existence == Existence::present && seen.phase == "Ready" &&
                           member(seen.actual, "size") == node.want.size &&
                           member(seen.actual, "fixed") == node.want.fixed &&
                           member(seen.actual, "running") == node.want.running;
    if (const auto tier = tier_of(node); tier && as_wanted && member(seen.actual, "tier") != *tier)
      court.breaks(Property::converges, to_string(address) + " is not of tier " + *tier);
    if (!as_wanted)
      court.breaks(Property::converges, to_string(address) + " is not as declared: " + seen.actual.dump());
  }
  court.world.backend.each([&](const Address& place, const FakeObject& object) {
    const Address address = parse_address(object.mark.address).value_or(place);
    if (!expected.contains(address) && !nobodys.contains(address) && !stay.contains(address))
      court.breaks(Property::converges, to_string(address) + " is left over");
  });
  const auto owned = court.world.inventory.owned().value();
  for (const Owned& row : owned) {
    court.judge(Property::own_set);
    if (row.set != (others.contains(row.address) ? kOthers : set_of(court.scene)))
      court.breaks(Property::own_set, to_string(row.address) + " is in the inventory of set " + row.set);
    if ((!expected.contains(row.address) || row.intent) && !stay.contains(row.address))
      court.breaks(Property::converges, to_string(row.address) + " is left in the inventory");
  }
}

}  // namespace tenon::properties
