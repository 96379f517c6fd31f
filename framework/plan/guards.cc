#include <algorithm>
#include <set>

#include "framework/plan/decide.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

void block(Fate& fate, std::string reason) {
  fate.change.action = Action::blocked;
  fate.change.reasons = {std::move(reason)};
  fate.change.refusal.reset();
  fate.change.operations.clear();
}

class RemovalGuard {
 public:
  explicit RemovalGuard(Situation& situation) : situation_(situation) {}

  // Holders first, so that a blocked one blocks what it holds, and so on.
  bool run() {
    const auto& order = situation_.graph.order;
    for (auto address = order.rbegin(); address != order.rend(); ++address) {
      const auto fate = situation_.fates.find(*address);
      if (fate == situation_.fates.end() || !fate->second.removes()) continue;
      if (situation_.observation(*address).existence == Existence::present) guard(*address, fate->second);
    }
    return blocked_;
  }

 private:
  void guard(const Address& address, Fate& fate) {
    if (fate.change.action == Action::remove && is_wanted(address, fate)) return;
    std::vector<std::string> holders, users;
    bool declared = true;  // all of those who hold it
    for (const Address& holder : situation_.holders_of(address)) {
      if (goes_before(holder)) continue;
      if (is_blocked(holder)) return block_for(holder, "cannot be looked at or is blocked itself", fate);
      if (!keeps(holder, address) && is_busy(holder))
        return block_for(holder, "is being worked on and still to be updated", fate);
      if (!keeps(holder, address)) continue;
      holders.push_back(title(holder));
      declared &= situation_.desired(holder) != nullptr;
    }
    for (const std::string& user : situation_.observation(address).users)
      if (!is_leaving(user, address)) users.push_back(user);
    const bool wanted = declared && fate.change.action == Action::remove && !situation_.options.destroy;
    if (!holders.empty())
      return refuse_used(
          address, fate, holders,
          wanted ? "declare " + title(address) + " again, or drop what requires it in " + listed(holders)
                 : "delete " + listed(holders) + " first");
    if (!users.empty()) return refuse_used(address, fate, users, "end that use first");
    require_approval(address, fate);
  }

  void block_for(const Address& holder, const std::string& why, Fate& fate) {
    block(fate, title(holder) + ", which requires it, " + why);
    blocked_ = true;
  }

  bool is_blocked(const Address& holder) const {
    const Fate* fate = situation_.fate(holder);
    return fate && fate->change.action == Action::blocked;
  }

  // What is worked on is not updated in this plan, so it has not let go of anything.
  bool is_busy(const Address& holder) const {
    const Fate* fate = situation_.fate(holder);
    return fate && fate->change.action == Action::none && fate->unfinished;
  }

  // This plan has somebody use it, or would if that were not blocked. Refuses or blocks if so.
  bool is_wanted(const Address& address, Fate& fate) {
    const auto by = situation_.graph.required_by.find(address);
    if (by == situation_.graph.required_by.end()) return false;
    for (const Address& wanting : by->second) {
      const Fate* made = situation_.fate(wanting);
      if (!made || !situation_.requires_still(wanting, address)) continue;
      if (made->change.action == Action::blocked)
        return block_for(wanting, "cannot be looked at or is blocked itself", fate), true;
      if (made->makes() && !is_updated_as_holder(wanting, *made, address))
        return refuse_wanted(address, fate, wanting), true;
    }
    return false;
  }

  // It uses it already.
  bool is_updated_as_holder(const Address& holder, const Fate& made, const Address& address) const {
    const std::vector<Address> holders = situation_.holders_of(address);
    return !made.removes() && made.change.action != Action::create &&
           std::find(holders.begin(), holders.end(), holder) != holders.end();
  }

  static void refuse_wanted(const Address& address, Fate& fate, const Address& wanting) {
    fate.change.refusal =
        Refusal{title(address) + " cannot be deleted by the plan that has " + title(wanting) + " use it",
                "declare " + title(address) + ", or leave " + title(wanting) + " out"};
  }

  // Nothing that holds, or deleted before.
  bool goes_before(const Address& holder) const {
    if (situation_.is_moved_here(holder)) return false;
    if (situation_.observation(holder).existence == Existence::absent) return true;
    const Fate* fate = situation_.fate(holder);
    return fate && fate->removes();
  }

  // It exists, stays, and goes on requiring it. Who destroys updates nothing: what another set declares is as
  // it was recorded.
  bool keeps(const Address& holder, const Address& address) const {
    return situation_.options.destroy || !situation_.desired(holder) ||
           situation_.requires_still(holder, address);
  }

  // A user that this plan deletes, or that is updated and no longer requires it.
  bool is_leaving(const std::string& user, const Address& address) const {
    const auto parsed = parse_address(user);
    if (!parsed) return false;
    const Fate* fate = situation_.fate(*parsed);
    if (!fate) return false;
    return fate->removes() || (fate->change.action == Action::update && !keeps(*parsed, address));
  }

  static void refuse_used(const Address& address, Fate& fate, const std::vector<std::string>& users,
                          std::string remedy) {
    const bool replaced = fate.change.action == Action::replace;
    if (replaced) remedy += ", or undo the change that needs the replacement";
    fate.change.refusal =
        Refusal{title(address) + (replaced ? " must be replaced while " : " cannot be deleted while ") +
                    listed(users) + (users.size() == 1 ? " uses it" : " use it"),
                std::move(remedy)};
  }

  void require_approval(const Address& address, Fate& fate) {
    const bool populated = holds_data_that_goes(address, fate);
    const Address* claim = situation_.claim_of(address);
    const Address& lost = populated && claim ? *claim : address;
    const bool approved = situation_.is_approved(address, lost);
    const bool guarded = populated || situation_.is_protected(address);
    // An approval also holds for what is filled between now and the delete.
    fate.guarded_delete = guarded || approved;
    if (!guarded || approved || situation_.is_approved(lost, lost)) return;
    const std::string what = fate.change.action == Action::replace ? "replacing " : "deleting ";
    fate.change.refusal = Refusal{
        what + title(address) + (populated ? " destroys the data in it" : " is refused: it is protected"),
        "--approve " + to_string(address), approval_digest(lost, situation_.observation(lost))};
  }

  // Deleting an importer leaves the data in its claim; replacing it writes them anew.
  bool holds_data_that_goes(const Address& address, const Fate& fate) const {
    if (fate.change.action == Action::replace) return situation_.is_populated(address);
    return situation_.observation(address).contents == Contents::populated;
  }

  Situation& situation_;
  bool blocked_ = false;
};

// Owned, gone, and nobody makes it again. What an importer has filled is told by its claim.
bool is_lost_for_good(const Situation& situation, const Address& target) {
  return situation.row(target) && !situation.desired(target) && !situation.claim_of(target) &&
         situation.observation(target).existence == Existence::absent;
}

// This plan may bring it about.
bool is_worked_on(const Situation& situation, const Address& target) {
  const Fate* fate = situation.fate(target);
  if (fate && fate->change.action == Action::remove) return true;  // nobody waits for it any more
  return fate && fate->makes() && (fate->change.action != Action::update || !fate->change.fields.empty());
}

// What is to be deleted could not be made or started anew: what that requires has failed, and nothing is done
// about it. "": it has not.
std::string failure_of(const Situation& situation, const Edge& edge, const Fate& own) {
  const Address& target = edge.await.target;
  if (!holds_back(edge, StepKind::create, own.change.operations) || is_worked_on(situation, target))
    return "";
  const Owned* row = situation.row(target);
  const Judgement now = judge(edge.await, situation.observation(target), row ? row->generation : "");
  if (now.verdict != Verdict::failed) return "";
  return "it is to be replaced, and requires " + to_string(edge.await) + ": " + now.reason +
         "; mend that, and plan again";
}

// Why the resource must wait for a better look at the world, or a better manifest; "": it need not.
std::string blocker_of(const Situation& situation, const Address& address, const Fate& own) {
  for (const Edge& edge : situation.edges(address)) {
    const Address& target = edge.await.target;
    const Fate* fate = situation.fate(target);
    if (fate && fate->change.action == Action::blocked)
      return "it requires " + title(target) + ", which is blocked";
    if (is_lost_for_good(situation, target))
      return "it requires " + title(target) + ", which no longer exists and which no manifest declares";
    if (situation.observation(target).existence == Existence::unknown)
      return "it requires " + title(target) + ", which cannot be looked at" +
             (situation.observation(target).error ? ": " + situation.observation(target).error->message : "");
    if (own.change.action != Action::replace) continue;
    if (std::string failure = failure_of(situation, edge, own); !failure.empty()) return failure;
  }
  return "";
}

// Done already, or going on with what was allowed when it began.
bool writes_nothing_new(const Situation& situation, const Address& importer, const Address& claim) {
  const std::string generation = generation_of(situation.filled(importer));
  if (is_filled_by(situation.observation(claim), importer, generation)) return true;
  const Observation& observation = situation.observation(importer);
  const bool present = observation.existence == Existence::present;
  const auto& ready = situation.kind(importer)->ready.phases;
  if (present && std::count(ready.begin(), ready.end(), observation.phase) > 0) return true;
  const Owned* row = situation.row(importer);
  if (row && row->intent) return row->intent->generation == generation;
  return present && row;
}

// Somebody besides its importer who exists, stays, and uses the claim.
const Address* user_of(const Situation& situation, const std::vector<Address>& holders,
                       const Address& importer) {
  for (const Address& holder : holders) {
    const Fate* fate = situation.fate(holder);
    const bool gone =
        situation.observation(holder).existence == Existence::absent || (fate && fate->removes());
    if (holder != importer && !gone) return &holder;
  }
  return nullptr;
}

// Whom its backend sees using the claim, besides its importer and what this plan deletes.
std::vector<std::string> seen_users(const Situation& situation, const Address& claim,
                                    const Address& importer) {
  std::vector<std::string> users;
  for (const std::string& user : situation.observation(claim).users) {
    const auto address = parse_address(user);
    const Fate* fate = address ? situation.fate(*address) : nullptr;
    const bool harmless = (address && *address == importer) || (fate && fate->removes());
    if (!harmless) users.push_back(user);
  }
  return users;
}

void guard_import(Situation& situation, const Address& importer, const Address& claim, Fate& fate) {
  const Fate* beneath = situation.fate(claim);
  const bool made_anew = beneath && beneath->removes();
  if (made_anew || situation.observation(claim).contents != Contents::populated) return;
  // What is in it now may be; what comes into it after this plan was made may not.
  fate.guarded_delete = true;
  if (fate.change.action == Action::create && writes_nothing_new(situation, importer, claim)) return;
  fate.refills = true;
  const std::vector<Address> holders = situation.holders_of(claim);
  if (const Address* user = user_of(situation, holders, importer)) {
    fate.change.refusal = Refusal{title(claim) + " cannot be filled anew while " + title(*user) + " uses it",
                                  "delete " + title(*user) + " first"};
    return;
  }
  if (const auto users = seen_users(situation, claim, importer); !users.empty()) {
    fate.change.refusal = Refusal{title(claim) + " cannot be filled anew while " + listed(users) +
                                      (users.size() == 1 ? " uses it" : " use it"),
                                  "end that use first"};
    return;
  }
  if (situation.is_approved(importer, claim) || situation.is_approved(claim, claim)) return;
  fate.change.refusal =
      Refusal{title(claim) + " already holds data; importing into it destroys them",
              "--approve " + to_string(importer), approval_digest(claim, situation.observation(claim))};
}

}  // namespace

bool guard_removals(Situation& situation) { return RemovalGuard(situation).run(); }

bool block_dependants(Situation& situation) {
  bool blocked = false;
  for (const Address& address : situation.graph.order) {
    if (!situation.desired(address)) continue;
    Fate& fate = situation.decided(address);
    const bool never_held_back = fate.stops_only || fate.change.action == Action::remove;
    if (never_held_back || fate.change.refusal || fate.change.action == Action::blocked) continue;
    const std::string reason = blocker_of(situation, address, fate);
    if (reason.empty()) continue;
    block(fate, reason);
    blocked = true;
  }
  return blocked;
}

void note_losses(Situation& situation) {
  for (auto& [address, fate] : situation.fates) {
    if (fate.change.action != Action::none || !situation.desired(address)) continue;
    for (const Edge& edge : situation.edges(address)) {
      const Address& target = edge.await.target;
      const bool lost = situation.row(target) && !edge.populator &&
                        situation.observation(target).existence == Existence::absent;
      if (lost) fate.change.notes.push_back("it requires " + title(target) + ", which no longer exists");
    }
  }
}

void guard_imports(Situation& situation) {
  for (auto& [address, fate] : situation.fates) {
    const bool imports = fate.change.action == Action::create || fate.change.action == Action::replace;
    if (!imports || fate.change.refusal) continue;
    if (const Address* claim = situation.claim_of(address)) guard_import(situation, address, *claim, fate);
  }
}

}  // namespace tenon
