// The pass that asks for room, over everything that was decided.
#include "framework/model/capabilities.h"
#include "framework/plan/decide.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

// A deletion only gives room: nothing would have to be asked before its call.
void leave_for_later(Fate& fate, const std::string& why) {
  fate.unchecked = fate.makes();
  fate.change.notes.push_back(fate.unchecked
                                  ? "room for it is not checked yet: " + why + "; checked before the call"
                                  : "the room that it gives is not known: " + why);
}

class RoomCheck {
 public:
  RoomCheck(Situation& situation, const Capacity& capacity) : situation_(situation), capacity_(capacity) {}

  void run() {
    for (const Address& address : situation_.graph.order)
      if (const Fate* fate = situation_.fate(address); fate && is_asked_about(*fate))
        changes_[fate->change.instance].push_back(planned(address, *fate));
    for (const auto& [instance, changes] : changes_) ask(instance, changes);
  }

 private:
  bool is_asked_about(const Fate& fate) const {
    if (fate.change.refusal || !(fate.makes() || fate.removes())) return false;
    return is_able(situation_.catalog, fate.change.instance, kCheckCapability);
  }

  PlannedChange planned(const Address& address, const Fate& fate) const {
    // What moves is still where it was; what its mark is given in this plan is then updated.
    const Address& there = fate.from ? *fate.from : address;
    const Owned* row = situation_.row(there);
    const Action action = fate.marks() ? Action::update : fate.change.action;
    const SharedJson spec = action == Action::remove ? SharedJson() : situation_.filled(address);
    return planned_change(address, action, spec, row ? row->applied : SharedJson(),
                          situation_.observation(there).actual);
  }

  void ask(const std::string& instance, const std::vector<PlannedChange>& changes) {
    static const Pools none;
    const auto known = capacity_.pools.find(instance);
    const Pools& pools = known == capacity_.pools.end() ? none : known->second;
    const auto answers = capacity_.check(instance, changes, pools);
    std::vector<Taker> takers;
    for (size_t i = 0; i < changes.size(); ++i) {
      const Address& address = changes[i].address;
      Fate& fate = situation_.decided(address);
      if (i < answers.size() && answers[i])
        take(fate, *answers[i], pools);
      else
        leave_for_later(fate, i < answers.size() ? answers[i].error().message : "the plugin gave no answer");
      takers.push_back({address, fate.change.demands});
    }
    for (const Overdraft& overdraft : overdrafts_of(pools, takers))
      for (const Address& address : overdraft.takers) {
        Change& change = situation_.decided(address).change;
        if (!change.refusal) change.refusal = Refusal{overdraft.reason, overdraft.remedy};
      }
  }

  static void take(Fate& fate, const Check& answer, const Pools& pools) {
    fate.change.demands = answer.demands;
    fate.change.refusal = answer.refusal;
    if (answer.refusal) return;
    const std::string pool = unreported_pool(pools, answer.demands);
    if (!answer.unchecked.empty())
      leave_for_later(fate, answer.unchecked);
    else if (!pool.empty())
      leave_for_later(fate, "pool " + pool + " was not reported");
  }

  Situation& situation_;
  const Capacity& capacity_;
  std::map<std::string, std::vector<PlannedChange>> changes_;
};

}  // namespace

void check_room(Situation& situation, const Capacity& capacity) {
  if (capacity.check) RoomCheck(situation, capacity).run();
}

}  // namespace tenon
