// Create, update and delete.
#include <algorithm>

#include "framework/base/digest.h"
#include "framework/base/durations.h"
#include "framework/plan/diff.h"
#include "framework/plan/ownership.h"
#include "framework/run/decide.h"
#include "framework/run/requests.h"

namespace tenon::scheduling {
namespace {

// How often a delete that its backend does not end is asked for.
constexpr int kDeletes = 8;

std::set<std::string> nonces_of(const Owned* row) {
  std::set<std::string> nonces;
  if (row) nonces.insert(row->nonce);
  if (row && row->intent) nonces.insert(row->intent->nonce);
  nonces.erase("");
  return nonces;
}

// An importer writes over nothing that has come into its claim, or into use, since the plan was made.
std::optional<Decision> refuse_overwriting(const RunState& state, const Step& step, const Sent& sent) {
  for (const Await& guard : step.guards) {
    const KindManifest* kind = kind_of(state, guard.target);
    // Everybody else minds what is in a claim.
    if (!kind || !kind->claim || !guard.contents.empty()) continue;
    const Observation& claim = self_of(state, guard.target);
    if (claim.contents != Contents::populated || is_filled_by(claim, step.address, sent.generation)) continue;
    const std::string name = to_string(guard.target);
    if (!step.guarded_delete)
      return fail(name + " was filled after the plan was made, and importing into it destroys the data; " +
                  "plan again");
    for (const std::string& user : claim.users)
      if (user != to_string(step.address))
        return wait_for(claim, name + " is still used by " + user, kBeforeCall);
  }
  return std::nullopt;
}

// An earlier create may have made what does not show yet, and another one would make a second: waits until
// nothing can come of it any more. An answer says little: what was refused on the way back was made, too.
std::optional<Decision> unsettled(const RunState& state, int index) {
  const Step& step = state.plan.steps[static_cast<size_t>(index)];
  const KindManifest* kind = kind_of(state, step.address);
  const Owned* row = row_of(state, step.address);
  if (!kind || !kind->create.settle || !row || !row->intent) return std::nullopt;
  // A run begins when the last call of the one before is over, whatever clocks say of when it was sent.
  const Time over = state.steps[static_cast<size_t>(index)].quiet_since;
  const Duration settle = *kind->create.settle;
  if (state.now >= over + settle) return std::nullopt;
  return wait_for(self_of(state, step.address),
                  to_string(step.address) +
                      " may have been made by an earlier create and does not show yet; " +
                      "what does not show " + display_duration(settle) + " after it was not made",
                  settle + kBeforeCall);
}

// The object is there already: of an earlier call whose answer was lost, perhaps of an earlier run. Then only
// what is missing is done: nothing, the rest of an unfinished create, or what has been asked for since.
Decision decide_present(const RunState& state, int index, const Observation& self, const Sent& sent) {
  const Step& step = state.plan.steps[static_cast<size_t>(index)];
  const bool same = !self.mark || self.mark->generation == sent.generation;
  const bool unfinished = self.resumable && !self.busy;
  // Whether an earlier call also started or stopped it is not known: that is asked for again.
  const bool unmarked = is_to_be_marked(self, step.address, row_of(state, step.address), *state.catalog);
  const bool nothing_left = same && !unfinished && !unmarked && step.operations.empty();
  if (state.steps[static_cast<size_t>(index)].called || nothing_left)
    return settle(state, step.address, self, sent);
  if (self.busy)
    return wait_for(self, to_string(step.address) + " is being worked on",
                    settle_timeout(state, step.address));
  if (auto held = held_back(state, step.guards)) return *held;
  if (auto refused = refuse_overwriting(state, step, sent)) return *refused;
  return call(same || unfinished ? CallKind::create : CallKind::update, sent);
}

// What a value that is known only now makes of a planned update: nothing to do, or more than was planned.
std::optional<Decision> reconsider(const RunState& state, const Step& step, const Owned& row,
                                   const Observation& self, const Sent& sent) {
  const ResourceState* resource = find(state, step.address);
  const KindManifest* kind = kind_of(state, step.address);
  if (!resource || !resource->change || !kind) return std::nullopt;
  const std::vector<FieldChange>& fields = resource->change->fields;
  const auto learnt = [](const FieldChange& field) { return field.known_after_apply; };
  if (std::none_of(fields.begin(), fields.end(), learnt)) return std::nullopt;
  // Whether it is populated by now does not matter: neither a replace nor a refusal was planned.
  const SpecDiff diff = diff_spec(kind->schema, sent.spec, row.applied, self.actual, true);
  if (!diff.refusals.empty())
    return fail(to_string(step.address) + ", with a value known only now: " + diff.refusals.front() +
                "; plan again");
  if (diff.rule >= UpdateRule::replace)
    return fail(to_string(step.address) + " must be replaced, because of a value known only now; plan again");
  const bool only_learnt = std::all_of(fields.begin(), fields.end(), learnt) && step.operations.empty();
  const bool same_record = record_of(row_after(state, step)) == record_of(row);
  if (!only_learnt || !diff.empty() || !same_record) return std::nullopt;
  // Nothing is sent: it stays what it was last told to be, in those words.
  Sent kept = sent;
  kept.spec = row.applied;
  kept.generation = row.generation;
  return Decision{.move = Move::finish, .sent = std::move(kept)};
}

}  // namespace

std::string nonce_for(const RunState& state, const Step& step) {
  if (!step.nonce.empty()) return step.nonce;
  const Owned* row = row_of(state, step.address);
  if (row && row->intent) return row->intent->nonce;
  return sha256(state.options.id + "\n" + to_string(step.address)).substr(7, 32);
}

Result<Sent> prepare(const RunState& state, const Step& step, std::string nonce) {
  if (const ResourceState* resource = find(state, step.address); resource && resource->sent)
    return *resource->sent;
  const SharedJson& wanted = step.kind == StepKind::adopt ? step.found : state.plan.desired(step.address);
  auto spec = filled_spec(state, wanted, step.address);
  if (!spec) return spec.error();
  Sent sent{.nonce = std::move(nonce), .generation = generation_of(*spec)};
  sent.spec = std::move(*spec);
  return sent;
}

Decision decide_create(const RunState& state, int index) {
  const Step& step = state.plan.steps[static_cast<size_t>(index)];
  const StepState& mine = state.steps[static_cast<size_t>(index)];
  const Observation& self = self_of(state, step.address);
  if (self.existence == Existence::unknown)
    return unseen(step.address, self, mine.called ? settle_timeout(state, step.address) : kBeforeCall);
  const std::string nonce = nonce_for(state, step);
  if (auto foreign = refuse_foreign(state, step.address, self, {nonce})) return *foreign;
  if (self.existence == Existence::absent && mine.called)
    return wait_for(self, to_string(step.address) + " was asked for and is not there yet",
                    settle_timeout(state, step.address));
  if (self.existence == Existence::absent) {
    if (auto waiting = unsettled(state, index)) return *waiting;
    if (auto held = held_back(state, step.guards)) return *held;
  }
  const auto sent = prepare(state, step, nonce);
  if (!sent) return fail(sent.error().message);
  if (self.existence == Existence::present) return decide_present(state, index, self, *sent);
  if (auto refused = refuse_overwriting(state, step, *sent)) return *refused;
  return call(CallKind::create, *sent);
}

Decision decide_update(const RunState& state, int index) {
  const Step& step = state.plan.steps[static_cast<size_t>(index)];
  const StepState& mine = state.steps[static_cast<size_t>(index)];
  const Observation& self = self_of(state, step.address);
  const Owned* row = row_of(state, step.address);
  if (!row) return fail(to_string(step.address) + " is not in the inventory; plan again");
  if (self.existence == Existence::unknown)
    return unseen(step.address, self, mine.called ? settle_timeout(state, step.address) : kBeforeCall);
  if (self.existence == Existence::absent) return fail(to_string(step.address) + " has vanished; plan again");
  if (auto foreign = refuse_foreign(state, step.address, self, nonces_of(row))) return *foreign;
  if (!mine.called)
    if (auto held = held_back(state, step.guards)) return *held;
  const auto sent = prepare(state, step, self.mark ? self.mark->nonce : row->nonce);
  if (!sent) return fail(sent.error().message);
  if (mine.called) return settle(state, step.address, self, *sent);
  if (auto other = reconsider(state, step, *row, self, *sent)) return *other;
  return call(CallKind::update, *sent);
}

Decision decide_remove(const RunState& state, int index) {
  const Step& step = state.plan.steps[static_cast<size_t>(index)];
  const StepState& mine = state.steps[static_cast<size_t>(index)];
  const Observation& self = self_of(state, step.address);
  const std::string name = to_string(step.address);
  if (self.existence == Existence::unknown)
    return unseen(step.address, self, mine.called ? settle_timeout(state, step.address) : kBeforeCall);
  if (self.existence == Existence::absent) {
    // What shows only later would be nobody's.
    const auto waiting = mine.called ? std::nullopt : unsettled(state, index);
    return waiting.value_or(Decision{.move = Move::finish});
  }
  const auto nonces =
      step.nonce.empty() ? nonces_of(row_of(state, step.address)) : std::set<std::string>{step.nonce};
  if (auto foreign = refuse_foreign(state, step.address, self, nonces)) return *foreign;
  // What the backend could not end, because somebody worked on it, is asked for again when nobody does.
  const bool again = mine.ongoing && !self.busy && mine.record.attempts < kDeletes;
  if (mine.called && !again)
    return wait_for(self, name + " is still there", settle_timeout(state, step.address));
  if (self.contents == Contents::populated && !step.guarded_delete)
    return fail(name + " was filled after the plan was made, and deleting it destroys the data; plan again");
  // Those that this plan removes or detaches are gone by now; anyone else came after the plan was made.
  if (!self.users.empty())
    return wait_for(self, name + " is still used by " + self.users.front(), kBeforeCall);
  return call(CallKind::remove, std::nullopt);
}

}  // namespace tenon::scheduling
