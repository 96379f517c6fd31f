#include <algorithm>
#include <set>

#include "framework/plan/decide.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

bool contains(const std::vector<Address>& addresses, const Address& address) {
  return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

void block(Decision& decision, std::string reason) {
  decision.change.action = Action::blocked;
  decision.change.reasons = {std::move(reason)};
  decision.change.refusal.reset();
}

class RemovalGuard {
 public:
  explicit RemovalGuard(Situation& situation) : situation_(situation) {}

  // Holders first, so that a blocked one blocks what it holds, and so on.
  void run() {
    const auto& order = situation_.graph.order;
    for (auto address = order.rbegin(); address != order.rend(); ++address) {
      const auto decision = situation_.decisions.find(*address);
      if (decision == situation_.decisions.end() || !decision->second.removes()) continue;
      if (situation_.observation(*address).existence == Existence::present) guard(*address, decision->second);
    }
  }

 private:
  void guard(const Address& address, Decision& decision) {
    std::vector<std::string> users;
    for (const Address& holder : holders_of(address)) {
      if (goes_before(holder)) continue;
      if (is_blocked(holder))
        return block(decision,
                     title(holder) + ", which requires it, cannot be looked at or is blocked itself");
      if (keeps(holder, address)) users.push_back(title(holder));
    }
    for (const std::string& user : situation_.observation(address).users)
      if (!is_leaving(user, address)) users.push_back(user);
    if (!users.empty()) return refuse_used(address, decision, users);
    require_approval(address, decision);
  }

  std::vector<Address> holders_of(const Address& address) const {
    const auto found = situation_.holders.find(address);
    std::vector<Address> holders = found == situation_.holders.end() ? std::vector<Address>() : found->second;
    if (const auto by = situation_.graph.required_by.find(address); by != situation_.graph.required_by.end())
      for (const Address& holder : by->second)
        if (!situation_.row(holder) && !contains(holders, holder)) holders.push_back(holder);
    return holders;
  }

  bool is_blocked(const Address& holder) const {
    const Decision* decision = situation_.decision(holder);
    return decision && decision->change.action == Action::blocked;
  }

  // Nothing that holds, or deleted before.
  bool goes_before(const Address& holder) const {
    if (situation_.observation(holder).existence == Existence::absent) return true;
    const Decision* decision = situation_.decision(holder);
    return decision && decision->removes();
  }

  // It exists, stays, and goes on requiring it.
  bool keeps(const Address& holder, const Address& address) const {
    if (!situation_.desired(holder)) return true;
    const auto& edges = situation_.edges(holder);
    return std::any_of(edges.begin(), edges.end(),
                       [&address](const Edge& edge) { return edge.await.target == address; });
  }

  // A user that this plan deletes, or that is updated and no longer requires it.
  bool is_leaving(const std::string& user, const Address& address) const {
    const auto parsed = parse_address(user);
    if (!parsed) return false;
    const Decision* decision = situation_.decision(*parsed);
    if (!decision) return false;
    return decision->removes() || (decision->change.action == Action::update && !keeps(*parsed, address));
  }

  static void refuse_used(const Address& address, Decision& decision, const std::vector<std::string>& users) {
    const bool replaced = decision.change.action == Action::replace;
    const std::string by = listed(users);
    decision.change.refusal =
        replaced
            ? Refusal{title(address) + " must be replaced while " + by + " uses it",
                      "delete " + by + " first, or undo the change that needs the replacement"}
            : Refusal{title(address) + " cannot be deleted: " + by + " uses it", "delete " + by + " first"};
  }

  void require_approval(const Address& address, Decision& decision) {
    const bool populated = holds_data_that_goes(address, decision);
    if (!populated && !situation_.is_protected(address)) return;
    decision.guarded_delete = true;
    const auto& approved = situation_.options.approved;
    const Address* claim = situation_.claim_of(address);
    if (approved.count(address) || (populated && claim && approved.count(*claim))) return;
    const std::string what = decision.change.action == Action::replace ? "replacing " : "deleting ";
    decision.change.refusal = Refusal{
        what + title(address) + (populated ? " destroys the data in it" : " is refused: it is protected"),
        "--approve " + to_string(address)};
  }

  // Deleting an importer leaves the data in its claim; replacing it writes them anew.
  bool holds_data_that_goes(const Address& address, const Decision& decision) const {
    if (decision.change.action == Action::replace) return situation_.is_populated(address);
    return situation_.observation(address).contents == Contents::populated;
  }

  Situation& situation_;
};

// Why the resource must wait for a better look at the world; "": it need not.
std::string blocker_of(const Situation& situation, const Address& address) {
  for (const Edge& edge : situation.edges(address)) {
    const Address& target = edge.await.target;
    const Decision* decision = situation.decision(target);
    if (decision && decision->change.action == Action::blocked)
      return "it requires " + title(target) + ", which is blocked";
    if (!decision && situation.observation(target).existence == Existence::unknown)
      return "it requires " + title(target) + ", which cannot be looked at" +
             (situation.observation(target).error ? ": " + situation.observation(target).error->message : "");
  }
  return "";
}

}  // namespace

void guard_removals(Situation& situation) { RemovalGuard(situation).run(); }

void block_dependants(Situation& situation) {
  for (const Address& address : situation.graph.order) {
    if (!situation.desired(address)) continue;
    Decision& decision = situation.decided(address);
    const bool never_held_back = decision.stops_only || decision.change.action == Action::remove;
    if (never_held_back || decision.change.refusal || decision.change.action == Action::blocked) continue;
    const std::string reason = blocker_of(situation, address);
    if (!reason.empty()) block(decision, reason);
  }
}

}  // namespace tenon
