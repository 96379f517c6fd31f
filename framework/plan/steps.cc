#include "framework/plan/steps.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "framework/model/pointer.h"
#include "framework/plan/order.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

// Steps are first numbered as they are found, deletes before all, and put in order at the end.
class Builder {
 public:
  explicit Builder(const Situation& situation) : situation_(situation) {}

  Steps run() {
    const auto& order = situation_.graph.order;
    steps_.reserve(most_steps());
    for (auto address = order.rbegin(); address != order.rend(); ++address) add_removal(*address);
    for (const Address& address : order) add_making(address);
    order_removals();
    explain_awaits();
    return sorted();
  }

 private:
  struct Waiting {
    Await await;
    int step;
    std::vector<std::string> who;
  };

  const Fate* acting(const Address& address) const {
    const Fate* fate = situation_.fate(address);
    return fate && !fate->change.refusal && fate->change.action != Action::blocked ? fate : nullptr;
  }

  // Awaits of what only others wait for aside.
  size_t most_steps() const {
    size_t count = 0;
    for (const auto& [address, fate] : situation_.fates)
      count += fate.removes() + fate.marks() + 2 * fate.makes() + fate.unfinished;
    return count;
  }

  int push(Step step) {
    steps_.push_back(std::move(step));
    return static_cast<int>(steps_.size()) - 1;
  }

  static std::string reason_of(const Change& change) {
    std::string text;
    for (const std::string& reason : change.reasons) text += (text.empty() ? "" : "; ") + reason;
    return text;
  }

  static Step step_for(const Fate& fate, StepKind kind) {
    Step step;
    step.kind = kind;
    step.address = fate.change.address;
    step.instance = fate.change.instance;
    step.parent = fate.change.parent;
    step.reason = reason_of(fate.change);
    return step;
  }

  void add_removal(const Address& address) {
    const Fate* fate = acting(address);
    if (!fate || !fate->removes()) return;
    Step step = step_for(*fate, StepKind::remove);
    step.guarded_delete = fate->guarded_delete;
    if (const Owned* row = situation_.row(address)) step.dependencies = row->dependencies;
    const auto& mark = situation_.observation(address).mark;
    if (mark && !situation_.is_recorded(address)) step.nonce = mark->nonce;
    removals_.emplace(address, push(std::move(step)));
  }

  void add_making(const Address& address) {
    const Fate* fate = acting(address);
    if (!fate) return;
    if (fate->marks()) add_mark(address, *fate);
    if (fate->makes()) add_call(address, *fate);
    if (fate->makes() || fate->unfinished) await_ready(address, *fate);
  }

  // Its mark alone changes: no state of anything holds that back.
  void add_mark(const Address& address, const Fate& fate) {
    const StepKind kind = fate.change.action == Action::adopt    ? StepKind::adopt
                          : fate.change.action == Action::forget ? StepKind::forget
                                                                 : StepKind::move;
    Step step = step_for(fate, kind);
    if (const Resource* resource = situation_.desired(address)) describe(*resource, step);
    if (kind == StepKind::adopt) step.found = fate.found, step.defaulted = fate.found_defaulted;
    if (kind == StepKind::move) keep_told(*situation_.row(*fate.from), fate, step);
    step.identity = fate.identity;
    step.from = fate.from;
    step.nonce = fate.nonce;
    // Who keeps the nonce of what it requires sees the new one.
    if (kind == StepKind::adopt)
      for (const Edge& edge : situation_.edges(address))
        if (const int before = making_of(edge.await.target); before >= 0) step.after.push_back(before);
    makings_.emplace(address, push(std::move(step)));
  }

  // It is still what it was last told to be: of the defaults of now, it has those that it was told. Until an
  // update follows, it also holds what it was made with.
  static void keep_told(const Owned& row, const Fate& fate, Step& step) {
    std::erase_if(step.defaulted,
                  [&row](const std::string& pointer) { return !find_value(row.applied, pointer); });
    if (!fate.updates) return;
    step.defaulted = row.defaulted;
    for (const Address& target : row.dependencies)
      if (std::find(step.dependencies.begin(), step.dependencies.end(), target) == step.dependencies.end())
        step.dependencies.push_back(target);
  }

  void describe(const Resource& resource, Step& step) const {
    step.defaulted = resource.defaulted;
    step.labels = resource.labels;
    step.annotations = resource.annotations;
    step.dependencies = situation_.graph.dependencies(resource.address);
  }

  void add_call(const Address& address, const Fate& fate) {
    const bool update = fate.change.action == Action::update || fate.marks();
    Step step = step_for(fate, update ? StepKind::update : StepKind::create);
    describe(*situation_.desired(address), step);
    step.operations = fate.change.operations;
    step.nonce = fate.marks() ? "" : fate.nonce;
    step.unchecked = fate.unchecked;
    if (situation_.claim_of(address)) step.guarded_delete = fate.guarded_delete;
    if (fate.refills) come_after_users(address, step);
    if (const auto removal = removals_.find(address); removal != removals_.end())
      step.after.push_back(removal->second);
    if (const int marked = making_of(address); marked >= 0) step.after.push_back(marked);
    if (!fate.stops_only) hold_back(address, step);
    makings_.insert_or_assign(address, push(std::move(step)));
  }

  // The requirements that guard one of the step's operations: what it comes after, and what is looked at
  // again.
  void hold_back(const Address& address, Step& step) {
    for (const Edge& edge : situation_.edges(address)) {
      if (is_leaving(edge)) continue;
      if (!holds_back(edge, step.kind, step.operations)) {
        come_after_replacement(edge, step);
        continue;
      }
      step.guards.push_back(guard_of(edge.await));
      const int before =
          needs_step(edge.await) ? await_step(edge.await, title(address)) : making_of(edge.await.target);
      if (before >= 0) step.after.push_back(before);
    }
  }

  // A run that ends in between would leave what cannot be replaced any more, since this holds it.
  void come_after_replacement(const Edge& edge, Step& step) const {
    const int making = making_of(edge.await.target);
    if (making >= 0 && removals_.count(edge.await.target)) step.after.push_back(making);
  }

  // Whoever uses what is written over, and goes in this plan, is gone before.
  void come_after_users(const Address& importer, Step& step) const {
    const Address& claim = *situation_.claim_of(importer);
    const auto come_after = [&](const Address& user) {
      const auto removal = removals_.find(user);
      if (user != importer && removal != removals_.end()) step.after.push_back(removal->second);
    };
    for (const Address& holder : situation_.holders_of(claim)) come_after(holder);
    for (const std::string& user : situation_.observation(claim).users)
      if (const auto address = parse_address(user)) come_after(*address);
  }

  // An importer that this plan deletes is waited for no more; its claim's contents still are.
  bool is_leaving(const Edge& edge) const { return is_removed(edge.await.target); }

  bool is_removed(const Address& address) const {
    const Fate* fate = acting(address);
    return fate && fate->change.action == Action::remove;
  }

  int making_of(const Address& address) const {
    const auto making = makings_.find(address);
    return making == makings_.end() ? -1 : making->second;
  }

  // What moves in this plan is still to be seen where it was.
  const Observation& seen(const Address& address) const {
    const Fate* fate = situation_.fate(address);
    return situation_.observation(fate && fate->from ? *fate->from : address);
  }

  // What was last sent is known here only if nothing more is sent.
  Await guard_of(Await await) const {
    const Owned* row = situation_.row(await.target);
    if (row && making_of(await.target) < 0) await.generation = row->generation;
    return await;
  }

  bool needs_step(const Await& await) const {
    const KindManifest* kind = situation_.kind(await.target);
    if (const Fate* fate = situation_.fate(await.target);
        fate && fate->makes() && making_of(await.target) >= 0)
      return kind->ready.later || !ends_in(*kind, await) ||
             (!begins_with(await) && !is_being_filled(await.target));
    const Judgement now = judge(await, seen(await.target), guard_of(await).generation);
    return now.verdict != Verdict::met && !is_filled(await);
  }

  // Whether a create that has ended has brought the target into an accepted phase.
  static bool ends_in(const KindManifest& kind, const Await& await) {
    if (await.phases.empty() || kind.ready.phases.empty()) return true;
    return std::any_of(
        kind.ready.phases.begin(), kind.ready.phases.end(), [&await](const std::string& phase) {
          return std::find(await.phases.begin(), await.phases.end(), phase) != await.phases.end();
        });
  }

  // Whether new contents are accepted.
  static bool begins_with(const Await& await) {
    return await.contents.empty() ||
           std::find(await.contents.begin(), await.contents.end(), Contents::none) != await.contents.end();
  }

  // Only its contents are missing, and who fills it is waited for already.
  bool is_filled(const Await& await) const {
    Await without_contents = await;
    without_contents.contents.clear();
    const std::string generation = guard_of(await).generation;
    const Judgement now = judge(without_contents, seen(await.target), generation);
    return now.verdict == Verdict::met && is_being_filled(await.target);
  }

  bool is_being_filled(const Address& claim) const {
    const auto by = situation_.graph.required_by.find(claim);
    return by != situation_.graph.required_by.end() &&
           std::any_of(by->second.begin(), by->second.end(), [&](const Address& address) {
             const Address* filled = situation_.claim_of(address);
             return filled && *filled == claim && acting(address) && !is_removed(address);
           });
  }

  // One step per target and accepted states, shared by all who wait.
  int await_step(const Await& await, const std::string& who) {
    std::vector<Waiting>& known = awaits_[await.target];
    for (Waiting& waiting : known)
      if (waiting.await == await) return waiting.who.push_back(who), waiting.step;
    Step step;
    step.kind = StepKind::await;
    step.address = await.target;
    step.instance = instance_of(await.target);
    step.await = guard_of(await);
    if (const Fate* fate = situation_.fate(await.target)) step.parent = fate->change.parent;
    if (const int making = making_of(await.target); making >= 0) step.after.push_back(making);
    for (const int removal : removals_of_fillers(await)) step.after.push_back(removal);
    const int number = push(std::move(step));
    known.push_back({await, number, {}});
    if (!who.empty()) known.back().who.push_back(who);
    return number;
  }

  // Contents that this plan leaves unfinished are waited for in vain while who was to finish them is there.
  std::vector<int> removals_of_fillers(const Await& await) const {
    std::vector<int> removals;
    const auto by = situation_.graph.required_by.find(await.target);
    const bool unfinished = situation_.observation(await.target).contents == Contents::incomplete;
    if (await.contents.empty() || !unfinished || by == situation_.graph.required_by.end()) return removals;
    for (const Address& address : by->second) {
      const Address* filled = situation_.claim_of(address);
      const auto removal = removals_.find(address);
      if (filled && *filled == await.target && removal != removals_.end() && is_removed(address))
        removals.push_back(removal->second);
    }
    return removals;
  }

  std::string instance_of(const Address& address) const {
    if (const Fate* fate = situation_.fate(address)) return fate->change.instance;
    Resource external;
    external.address = address;
    return situation_.catalog.route(external).value_or("");
  }

  // Kinds that take a while are waited for even if nothing else does. Those who require it come later in the
  // graph's order, and share this await if they ask for the same.
  void await_ready(const Address& address, const Fate& fate) {
    const KindManifest* kind = situation_.kind(address);
    if (!kind->ready.later || (fate.makes() && fate.stops_only)) return;
    Await await;
    await.target = address;
    await.phases = kind->ready.phases;
    await.failing = kind->ready.failing;
    await.timeout = kind->ready.timeout;
    await_step(await, "");
  }

  void explain_awaits() {
    for (const auto& [address, awaits] : awaits_)
      for (const Waiting& waiting : awaits) {
        const size_t count = waiting.who.size();
        steps_[waiting.step].reason =
            count == 0 ? "it takes a while to become ready"
                       : listed(waiting.who) + (count == 1 ? " requires it" : " require it");
      }
  }

  // What holds something is gone, or has let go of it, before that is deleted.
  void order_removals() {
    for (const auto& [address, removal] : removals_) {
      for (const Address& holder : situation_.holders_of(address)) remove_after(removal, address, holder);
      for (const std::string& user : situation_.observation(address).users)
        if (const auto holder = parse_address(user); holder && *holder != address)
          remove_after(removal, address, *holder);
    }
  }

  void remove_after(int removal, const Address& address, const Address& holder) {
    std::vector<int>& after = steps_[removal].after;
    if (const auto gone = removals_.find(holder); gone != removals_.end())
      after.push_back(gone->second);
    else if (const int making = making_of(holder); making >= 0 && !situation_.requires_still(holder, address))
      after.push_back(making);
  }

  Steps sorted() {
    std::vector<std::vector<int>> before;
    before.reserve(steps_.size());
    for (Step& step : steps_) before.push_back(std::move(step.after));
    const Order order = order_of(before);
    Steps result;
    for (const std::vector<int>& cycle : order.cycles) {
      result.circles.emplace_back();
      for (int number : cycle) result.circles.back().push_back(steps_[number]);
    }
    std::vector<int> position(steps_.size());
    for (size_t i = 0; i < order.sorted.size(); ++i) position[order.sorted[i]] = static_cast<int>(i);
    for (size_t i = 0; i < steps_.size(); ++i) steps_[i].after = renumbered(std::move(before[i]), position);
    move_to(std::move(position), steps_);
    result.steps = std::move(steps_);
    return result;
  }

  static std::vector<int> renumbered(std::vector<int> after, const std::vector<int>& position) {
    for (int& earlier : after) earlier = position[earlier];
    std::sort(after.begin(), after.end());
    after.erase(std::unique(after.begin(), after.end()), after.end());
    return after;
  }

  // In place, since a second list of them would be the largest thing of all.
  static void move_to(std::vector<int> position, std::vector<Step>& steps) {
    for (size_t i = 0; i < steps.size(); ++i)
      while (position[i] != static_cast<int>(i)) {
        const int target = position[i];
        std::swap(steps[i], steps[target]);
        std::swap(position[i], position[target]);
      }
  }

  const Situation& situation_;
  std::vector<Step> steps_;
  std::unordered_map<Address, int> removals_, makings_;
  std::map<Address, std::vector<Waiting>> awaits_;
};

}  // namespace

Steps make_steps(const Situation& situation) { return Builder(situation).run(); }

}  // namespace tenon
