// Adopt, forget and move: updates that change an object's mark and nothing else.
#include "framework/run/decide.h"
#include "framework/run/requests.h"

namespace tenon::scheduling {
namespace {

bool carries(const RunState& state, const Observation& seen, const Address& address) {
  return seen.mark && seen.mark->inventory == state.plan.inventory &&
         seen.mark->address == to_string(address);
}

Decision settling(const RunState& state, const Address& address, const Observation& seen) {
  return wait_for(seen, to_string(address) + " does not carry its new mark yet",
                  settle_timeout(state, address));
}

// Before the call and after it, the object is there and can be looked at.
std::optional<Decision> refuse_missing(const RunState& state, const Address& address, bool called) {
  const Observation& seen = self_of(state, address);
  if (seen.existence == Existence::unknown)
    return unseen(address, seen, called ? settle_timeout(state, address) : kBeforeCall);
  if (seen.existence == Existence::absent) return fail(to_string(address) + " has vanished; plan again");
  return std::nullopt;
}

}  // namespace

Decision decide_adopt(const RunState& state, int index) {
  const Step& step = state.plan.steps[static_cast<size_t>(index)];
  const bool called = state.steps[static_cast<size_t>(index)].called;
  if (auto missing = refuse_missing(state, step.address, called)) return *missing;
  const Observation& self = self_of(state, step.address);
  const auto sent = prepare(state, step, nonce_for(state, step));
  if (!sent) return fail(sent.error().message);
  if (self.mark)
    if (auto foreign = refuse_foreign(state, step.address, self, {sent->nonce})) return *foreign;
  if (carries(state, self, step.address) && self.mark->generation == sent->generation)
    return {.move = Move::finish, .sent = *sent};
  if (self.identity != step.identity)
    return fail(to_string(step.address) + " is another object than the one that was planned for; plan again");
  return called ? settling(state, step.address, self) : call(CallKind::update, *sent);
}

Decision decide_forget(const RunState& state, int index) {
  const Step& step = state.plan.steps[static_cast<size_t>(index)];
  const bool called = state.steps[static_cast<size_t>(index)].called;
  const Observation& self = self_of(state, step.address);
  if (self.existence == Existence::unknown)
    return unseen(step.address, self, called ? settle_timeout(state, step.address) : kBeforeCall);
  // Gone, given up already, or another owner's: there is no mark of ours to take away.
  const bool marked = self.existence == Existence::present && carries(state, self, step.address);
  if (!marked) return {.move = Move::finish};
  return called ? settling(state, step.address, self) : call(CallKind::update, std::nullopt);
}

// Looks at the old address alone: its row has the identity, by which the object is found under any mark.
Decision decide_move(const RunState& state, int index) {
  const Step& step = state.plan.steps[static_cast<size_t>(index)];
  const bool called = state.steps[static_cast<size_t>(index)].called;
  const Owned* row = row_of(state, *step.from);
  if (!row) return fail(to_string(*step.from) + " is not in the inventory; plan again");
  if (auto missing = refuse_missing(state, *step.from, called)) return *missing;
  const Observation& self = self_of(state, *step.from);
  if (carries(state, self, step.address)) return {.move = Move::finish};
  if (auto foreign = refuse_foreign(state, *step.from, self, {row->nonce})) return *foreign;
  if (called) return settling(state, step.address, self);
  return call(CallKind::update, Sent{.nonce = row->nonce,
                                     .generation = row->generation,
                                     .spec = row->applied,
                                     .identity = row->identity,
                                     .private_state = row->private_state});
}

}  // namespace tenon::scheduling
