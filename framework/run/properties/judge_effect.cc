// Property 1, asked of the world at the moment when something is done to it.
#include <algorithm>

#include "framework/run/properties/play.h"

namespace tenon::properties {
namespace {

class EffectJudge {
 public:
  EffectJudge(Court& court, const FakeEffect& effect, const FakeBackend& backend)
      : court_(court), effect_(effect), backend_(backend) {}

  void run() {
    judge_room(court_);
    if (!effect_.mark.empty()) return judge_mark();
    const bool removes = effect_.method == Method::remove;
    court_.happened(removes ? "deletes" : effect_.method == Method::create ? "creates" : "updates");
    const Step* step = court_.step_for(effect_.address, removes);
    // The rest of an unfinished create, which an await asks for.
    if (!step && effect_.method == Method::create && !effect_.changed) return;
    if (!step) return court_.breaks(Property::exactly, name() + ": no step of the plan says so");
    if (!effect_.changed) return;
    if (removes) return judge_removal();
    if (!only_stops(*step)) judge_making(*step);
  }

 private:
  std::string name() const {
    const char* does = effect_.method == Method::remove   ? "delete "
                       : effect_.method == Method::create ? "create "
                                                          : "update ";
    return does + to_string(effect_.address);
  }

  void judge_mark() {
    court_.happened("marks changed");
    const StepKind kind = effect_.mark == "set"    ? StepKind::adopt
                          : effect_.mark == "drop" ? StepKind::forget
                                                   : StepKind::move;
    for (const Step& step : court_.plan.steps)
      if (step.kind == kind && step.address == effect_.address) return;
    court_.breaks(Property::exactly, effect_.mark + " " + name() + ": no step of the plan says so");
  }

  // Nothing holds that back.
  bool only_stops(const Step& step) const {
    if (step.kind != StepKind::update) return false;
    for (const Change& change : court_.plan.changes)
      if (change.address == step.address)
        return change.operations == std::vector<std::string>{"stop"} && change.fields.size() == 1;
    return false;
  }

  void judge_making(const Step& step) {
    const Node* node = court_.node_of(effect_.address);
    if (!node) return;
    const bool starts = std::count(step.operations.begin(), step.operations.end(), "start") > 0;
    for (const auto& [target, hold] : node->want.needs)
      if (hold != Hold::start || starts) judge_need(target);
    if (node->fills >= 0 && effect_.method == Method::create) judge_refill(node->fills);
    for (int target : {node->fills, node->want.value_of})
      if (target >= 0) judge_need(target);
    for (int part = 0; part < node->want.parts; ++part)
      judge_ready(part_of(court_.numbers.at(effect_.address), part));
  }

  // What is written over is used by nobody.
  void judge_refill(int claim) {
    const Address filled = address_of(court_.scene, claim);
    if (backend_.look(court_.place_of(filled)).contents != Contents::populated) return;
    backend_.each([&](const Address& address, const FakeObject& object) {
      if (address == effect_.address || is_given_up(address, object)) return;
      court_.judge(Property::order);
      if (names(object.spec, filled))
        court_.breaks(Property::order,
                      name() + " while " + to_string(address) + " uses " + to_string(filled));
    });
  }

  void judge_need(int target) {
    judge_ready(address_of(court_.scene, target));
    for (const auto& [number, node] : court_.scene.nodes) {
      const Address importer = address_of(court_.scene, number);
      if (node.fills == target && court_.is_wanted(node) && importer != effect_.address)
        judge_ready(importer);
    }
  }

  void judge_ready(const Address& target) {
    court_.judge(Property::order);
    const Observation seen = backend_.look(court_.place_of(target));
    // Its importer may find a claim half full.
    const Node* node = court_.node_of(effect_.address);
    const bool fills = node && node->fills >= 0 && address_of(court_.scene, node->fills) == target;
    const bool ready = seen.existence == Existence::present && seen.phase == "Ready" &&
                       (fills || seen.contents != Contents::incomplete);
    if (!ready)
      return court_.breaks(Property::order,
                           name() + " before " + to_string(target) + " is ready (" + seen.phase + ")");
    const Step* step = court_.step_for(target, false);
    if (!step || only_stops(*step)) return;
    for (const char* field : {"size", "fixed", "running", "tier"})
      if (member(seen.actual, field) != member(court_.plan.desired(step->address), field))
        court_.breaks(Property::order, name() + " before " + to_string(target) + " is as declared");
  }

  // Whose it is; of a part its group's.
  const Node* node_to_go() const {
    const auto group = court_.parts.find(effect_.address);
    return group == court_.parts.end() ? court_.node_of(effect_.address)
                                       : &court_.scene.nodes.at(group->second);
  }

  // What is declared may be made anew; everything else only goes when that is asked for, and only ours.
  void judge_whose() {
    const Node* node = node_to_go();
    if (!node) return;
    court_.judge(Property::own_set);
    const Scene& scene = court_.scene;
    if (node->others && (scene.destroy || !node->wanted))
      return court_.breaks(Property::own_set, name() + ", which is of another set");
    if (!node->wanted && !scene.prune && !scene.destroy)
      court_.breaks(Property::own_set, name() + ", and nobody asked to prune");
  }

  void judge_removal() {
    judge_whose();
    backend_.each([this](const Address& address, const FakeObject& object) {
      if (address == effect_.address || is_given_up(address, object)) return;
      court_.judge(Property::order);
      if (names(object.spec) || is_asked_for(address))
        court_.breaks(Property::order, name() + " while " + to_string(address) + " requires it");
    });
  }

  // What is nobody's is not known to require anything, nor is what it once did when it is ours again.
  bool is_given_up(const Address& address, const FakeObject& object) const {
    const Node* holder = court_.node_of(address);
    return object.mark.inventory.empty() || (holder && holder->forgotten);
  }

  bool names(const Json& spec) const {
    Address target = effect_.address;
    if (names(spec, target)) return true;
    const Node* node = court_.node_of(target);
    if (!node || !node->moved) return false;
    target.name = old_address_of(court_.scene, court_.numbers.at(target)).name;
    return names(spec, target);
  }

  static bool names(const Json& spec, const Address& target) {
    // What is needed for starting alone is not needed by what does not run.
    for (const std::string& list :
         {target.kind.str(), spec.value("running", false) ? "start" + target.kind : ""})
      for (const Json& item : spec.value(list, Json::array()))
        if (item == target.name) return true;
    for (const Json& part : spec.value("parts", Json::array()))
      if (target.kind == "Fast" && part.at("name") == target.name) return true;
    if (target.kind == "Claim" && spec.value("target", "") == target.name) return true;
    return spec.value("from", "").starts_with("/fake/" + target.name + "/");
  }

  // By the annotation, which no object shows.
  bool is_asked_for(const Address& by) const {
    const Node* node = court_.node_of(by);
    const auto number = court_.numbers.find(effect_.address);
    if (!node || number == court_.numbers.end()) return false;
    const auto need = node->was.needs.find(number->second);
    const bool goes = court_.step_for(by, true) && !court_.step_for(by, false);
    return need != node->was.needs.end() && need->second == Hold::all && goes;
  }

  Court& court_;
  const FakeEffect& effect_;
  const FakeBackend& backend_;
};

}  // namespace

void judge_effect(Court& court, const FakeEffect& effect, const FakeBackend& backend) {
  EffectJudge(court, effect, backend).run();
}

}  // namespace tenon::properties
