#include "framework/plan/decide.h"

#include <algorithm>

#include "framework/model/capabilities.h"
#include "framework/plan/defaults.h"
#include "framework/plan/diff.h"
#include "framework/plan/marks.h"
#include "framework/plan/ownership.h"
#include "framework/plan/values.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

class Decider {
 public:
  Decider(const Situation& situation, const Address& address)
      : situation_(situation),
        address_(address),
        observation_(situation.observation(address)),
        row_(situation.row(address)),
        resource_(situation.desired(address)),
        kind_(situation.kind(address)) {
    fate_.change.address = address;
    if (row_) fate_.change.instance = row_->instance, fate_.change.parent = row_->parent;
    if (resource_) describe_resource();
  }

  Fate run() {
    if (situation_.options.destroy)
      destroy();
    else if (resource_)
      keep(), check_values();
    else
      drop();
    return std::move(fate_);
  }

 private:
  Change& change() { return fate_.change; }

  void act(Action action, std::string reason) {
    change().action = action;
    change().reasons.push_back(std::move(reason));
  }

  void refuse(std::string reason, std::string remedy) {
    if (!change().refusal) change().refusal = Refusal{std::move(reason), std::move(remedy)};
  }

  void describe_resource() {
    change().instance = resource_->instance;
    change().desired = resource_->spec;
    change().origin = resource_->origin.locate("");
    change().parent = resource_->origin.parent;
    change().notes = observation_.notes;
    fate_.filled = fill_known_values(situation_, *resource_);
  }

  const SharedJson& filled() const { return fate_.filled ? *fate_.filled : resource_->spec; }

  bool block_if_unknown() { return tenon::block_if_unknown(observation_, fate_); }

  Owner owner() const { return owner_of(situation_, address_); }

  bool refuse_if_not_ours() {
    const Owner whose = owner();
    if (whose == Owner::us) return false;
    if (whose == Owner::nobody && has_recorded_identity(observation_, row_)) return refuse_unmarked();
    act(Action::none,
        whose == Owner::somebody ? "it belongs to another owner" : "it exists, and Tenon did not make it");
    change().refusal = not_ours(address_, observation_,
                                resource_ && is_able(situation_.catalog, change().instance, "adopt"));
    return true;
  }

  // Its plugin marks what it makes, so somebody has taken the mark away: a `forget` that did not end, or the
  // inventory is an older one.
  bool refuse_unmarked() {
    act(Action::none, "it has lost its mark");
    change().refusal = {title(address_) + " is what Tenon made, and carries no mark any more",
                        "--adopt marks it again; tenon forget gives it up"};
    return true;
  }

  // A run would come to the same, step by step.
  void check_values() {
    if (!fate_.filled || !fate_.makes()) return;
    const std::string problem = problem_with_values(situation_, address_, *fate_.filled);
    if (!problem.empty())
      refuse(title(address_) + ": " + problem, "refer to another output, or write a value");
  }

  // Desired, and not destroyed.

  void keep() {
    if (const Address* from = moving_from(situation_, address_)) return move_from(*from);
    if (block_if_unknown()) return;
    if (row_ && row_->instance != resource_->instance) return refuse_other_instance();
    if (row_ && !is_of_this_set(*row_) && !situation_.options.adopt) return refuse_other_set();
    if (observation_.existence == Existence::absent) return create_absent();
    if (owner() == Owner::nobody && situation_.options.adopt) return adopt();
    if (refuse_if_not_ours()) return;
    keep_present();
  }

  void move_from(const Address& from) {
    move(situation_, from, fate_);
    if (change().action == Action::move && !change().refusal)
      update_after_mark(situation_.row(from), situation_.observation(from),
                        "apply it with its old spec first, or move it alone: tenon mv");
  }

  void adopt() {
    act(Action::adopt, "it exists without a mark, and is taken over");
    if (!is_able(situation_.catalog, change().instance, "adopt")) {
      change().refusal = not_ours(address_, observation_, false);
      return;
    }
    fate_.identity = observation_.identity;
    update_after_mark(nullptr, observation_, "take it over as it is: tenon import");
  }

  // What differs from the manifest is changed once it is ours, unless it had to be made anew for that. row:
  // null: it has none yet.
  void update_after_mark(const Owned* row, const Observation& seen, const std::string& remedy) {
    fate_.found = filled();
    fate_.found_defaulted = resource_->defaulted;
    fate_.unfinished = !is_ready(seen);
    const SharedJson told = row ? row->applied : SharedJson();
    if (seen.actual.is_null() && told.is_null()) return;
    const SpecDiff diff =
        diff_spec(kind_->schema, filled(), told, seen.actual, situation_.is_populated(address_),
                  row ? row->defaulted : std::vector<std::string>());
    fate_.found = as_found(filled(), diff);
    fate_.found_defaulted = adopted_defaults(resource_->defaulted, diff);
    if (seen.busy) return wait_for_worker(diff);
    explain(diff);
    change().fields = diff.fields;
    change().operations = diff.operations;
    fate_.stops_only = diff.stops_only;
    fate_.updates = !diff.empty();
    for (const std::string& refusal : diff.refusals) refuse(title(address_) + ": " + refusal, remedy);
    if (diff.rule == UpdateRule::replace)
      refuse(title(address_) + " differs in what cannot be changed in place", remedy);
  }

  // A child goes with its composite, into another set, too.
  bool is_of_this_set(const Owned& row) const {
    if (row.set == situation_.options.set) return true;
    if (!row.parent) return false;
    const bool declared = situation_.desired(*row.parent) || moving_to(situation_, *row.parent);
    const Owned* parent = situation_.row(*row.parent);
    const bool taken_over = declared && situation_.options.adopt && !situation_.options.destroy;
    return taken_over || (parent && is_of_this_set(*parent));
  }

  void refuse_other_set() {
    act(Action::none, "it belongs to another set");
    change().refusal = not_of_this_set(situation_, address_, *row_);
  }

  void refuse_other_instance() {
    act(Action::none, "it is routed to another instance");
    refuse(title(address_) + " lives in instance " + row_->instance + " and cannot move to " +
               resource_->instance,
           "route it to " + row_->instance + " again, or delete it first");
  }

  void create_absent() {
    change().operations = operations_of_create(kind_->schema, filled());
    change().fields = known_values(situation_, address_, filled());
    if (!row_) return act(Action::create, "it does not exist");
    if (!row_->intent) return act(Action::create, "it no longer exists: somebody removed it");
    fate_.nonce = row_->intent->nonce;
    act(Action::create, "resume: an earlier create was interrupted");
  }

  void keep_present() {
    const SpecDiff diff = diff_spec(kind_->schema, filled(), baseline(), observation_.actual,
                                    situation_.is_populated(address_), told_defaults());
    change().fields = diff.fields;
    // The create that began the work has still to be recorded; repeating it starts nothing twice.
    const bool unrecorded = is_open() && diff.empty();
    if (observation_.busy && !unrecorded) return wait_for_worker(diff);
    if (has_failed()) return replace_failed();
    if (is_open() || observation_.resumable) return resume(diff);
    fate_.unfinished = !is_ready(observation_);
    change_to(diff);
  }

  // What it was last told to be.
  SharedJson baseline() const {
    if (!situation_.is_recorded(address_)) return {};
    return told_by_intent() ? row_->intent->spec : row_->applied;
  }

  bool told_by_intent() const {
    return row_->intent && (row_->applied.is_null() || carries(row_->intent->nonce) || is_unmarked_yet());
  }

  bool is_unmarked_yet() const { return is_to_be_marked(observation_, address_, row_, situation_.catalog); }

  const std::vector<std::string>& told_defaults() const {
    static const std::vector<std::string> none;
    if (!row_) return none;
    return told_by_intent() ? row_->intent->defaulted : row_->defaulted;
  }

  bool carries(const std::string& nonce) const {
    return observation_.mark && observation_.mark->nonce == nonce;
  }

  // A create whose end was not recorded, or all of whose record is lost.
  bool is_open() const {
    return !situation_.is_recorded(address_) || (row_->intent && carries(row_->intent->nonce)) ||
           is_unmarked_yet();
  }

  // Long work that came to nothing. A kind that is ready at once has not failed: it differs from what was
  // asked.
  bool has_failed() const {
    const auto& failing = kind_->ready.failing;
    return kind_->ready.later && std::count(failing.begin(), failing.end(), observation_.phase) > 0 &&
           !holds_what_was_asked();
  }

  // A claim that was filled before holds other data than what has failed to come.
  bool holds_what_was_asked() const {
    if (!situation_.is_populated(address_)) return false;
    const Address* claim = situation_.claim_of(address_);
    return !claim || is_filled_by(situation_.observation(*claim), address_, generation_of(filled()));
  }

  void replace_failed() {
    const std::string why = observation_.message.empty() ? observation_.reason : observation_.message;
    change().operations = operations_of_create(kind_->schema, filled());
    act(Action::replace, "it is " + observation_.phase + (why.empty() ? "" : ": " + why));
  }

  bool is_ready(const Observation& seen) const {
    const auto& ready = kind_->ready.phases;
    return ready.empty() || std::count(ready.begin(), ready.end(), seen.phase) > 0;
  }

  void wait_for_worker(const SpecDiff& diff) {
    fate_.unfinished = true;
    if (!diff.empty())
      change().notes.push_back("it is being worked on: what differs is planned again afterwards");
    change().fields.clear();
  }

  void resume(const SpecDiff& diff) {
    if (!diff.refusals.empty() || diff.rule >= UpdateRule::replace) return change_to(diff);
    const bool lost = !situation_.is_recorded(address_);
    if (observation_.mark) fate_.nonce = observation_.mark->nonce;
    if (fate_.nonce.empty() && row_) fate_.nonce = row_->intent ? row_->intent->nonce : row_->nonce;
    change().operations = operations_of_create(kind_->schema, filled());
    act(Action::create, lost ? "resume: it is ours by its mark, but the inventory has no record of it"
                        : observation_.resumable ? "resume: it is unfinished and nobody works on it"
                                                 : "resume: an earlier create was interrupted");
  }

  void change_to(const SpecDiff& diff) {
    explain(diff);
    if (diff.empty()) return update_if_recorded_otherwise();
    change().operations = diff.operations;
    fate_.stops_only = diff.stops_only;
    change().action = diff.rule == UpdateRule::replace ? Action::replace : Action::update;
    if (change().action == Action::replace)
      change().operations = operations_of_create(kind_->schema, filled());
    for (const std::string& refusal : diff.refusals)
      refuse(title(address_) + ": " + refusal, "set it back in the manifest, or delete the resource first");
    if (diff.rule == UpdateRule::restart) change().notes.push_back("takes effect at its next restart");
  }

  void explain(const SpecDiff& diff) {
    std::vector<std::string> drifted, asked, later;
    for (const FieldChange& field : diff.fields)
      (field.drift ? drifted : field.known_after_apply ? later : asked).push_back(field.pointer);
    if (!drifted.empty()) change().reasons.push_back("changed behind Tenon's back: " + listed(drifted));
    const bool new_here = change().action == Action::adopt;
    if (!asked.empty())
      change().reasons.push_back((new_here ? "differs from its manifest: " : "changed in the manifest: ") +
                                 listed(asked));
    if (!later.empty()) change().reasons.push_back("known after apply, and may change: " + listed(later));
    if (!diff.untold.empty())
      change().notes.push_back("whether it has the declared secrets cannot be told: " + listed(diff.untold) +
                               "; its next update sends them");
  }

  void update_if_recorded_otherwise() {
    if (!row_) return;
    const bool another =
        observation_.mark && !row_->generation.empty() && observation_.mark->generation != row_->generation;
    if (another)
      act(Action::update, "changed behind Tenon's back: it is of another generation than was last sent");
    if (const auto changes = record_changes(situation_, *resource_, *row_); !changes.empty())
      act(Action::update, "recorded anew: " + listed(changes));
  }

  // Not desired, or everything is to go.

  void destroy() {
    const bool ours = row_ || (observation_.existence == Existence::present && owner() == Owner::us);
    const std::string& set = situation_.options.set;
    if (row_ && !is_of_this_set(*row_)) return;
    if (ours)
      return remove("everything that " + (set.empty() ? "Tenon owns" : "is of set " + set) +
                    " is to be destroyed");
    // Declared, and perhaps there by a create that the inventory has lost.
    block_if_unknown();
  }

  void drop() {
    if (!row_ || !is_of_this_set(*row_) || moving_to(situation_, address_)) return;
    if (has_left(*row_)) return remove(title(*row_->parent) + " no longer has it");
    if (has_moved()) return remove("it was to move, and does not exist");
    if (situation_.options.prune) return remove("no manifest declares it any more");
  }

  // What was to move from here is gone.
  bool has_moved() const {
    if (observation_.existence != Existence::absent) return false;
    const auto& moves = situation_.graph.moves;
    return std::any_of(moves.begin(), moves.end(),
                       [this](const auto& move) { return move.second == address_; });
  }

  // Its composite is still declared and no longer expands to it, or has itself left so.
  bool has_left(const Owned& child) const {
    if (!child.parent) return false;
    if (situation_.desired(*child.parent) || moving_to(situation_, *child.parent)) return true;
    const Owned* parent = situation_.row(*child.parent);
    return parent && has_left(*parent);
  }

  void remove(std::string reason) {
    change().desired = Json();
    change().fields.clear();
    if (block_if_unknown()) return;
    if (observation_.existence == Existence::absent)
      return act(Action::remove, reason + "; it no longer exists, only its record is removed");
    if (row_ && row_->applied.is_null() && owner() != Owner::us)
      return act(Action::forget,
                 reason + "; what exists there was not made by Tenon, only its record is removed");
    if (refuse_if_not_ours()) return;
    act(Action::remove, std::move(reason));
  }

  const Situation& situation_;
  const Address& address_;
  const Observation& observation_;
  const Owned* row_;
  const Resource* resource_;
  const KindManifest* kind_;
  Fate fate_;
};

}  // namespace

Fate decide(const Situation& situation, const Address& address) { return Decider(situation, address).run(); }

}  // namespace tenon
