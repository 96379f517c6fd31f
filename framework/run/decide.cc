#include "framework/run/decide.h"

#include <algorithm>

#include "framework/plan/ownership.h"
#include "framework/run/requests.h"

namespace tenon::scheduling {
namespace {

std::string signature_of(const Observation& o) {
  return o.phase + "|" + std::string(to_string(o.existence)) + "|" + std::string(to_string(o.contents)) +
         "|" + (o.progress ? std::to_string(*o.progress) : "");
}

// A requirement's verdict; another's mark on what we own fails it.
Judgement verdict_on(const RunState& state, const Await& await) {
  const Observation& seen = self_of(state, await.target);
  const bool ours = row_of(state, await.target);
  if (ours && seen.mark && seen.mark->inventory != state.plan.inventory)
    return {Verdict::failed, to_string(await.target) + " now belongs to " + owner_text(*seen.mark)};
  return judge(await, seen, ours ? sent_generation(state, await.target) : await.generation);
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string described(const Observation& o) {
  return o.message.empty() ? o.phase : o.phase + ": " + o.message;
}

}  // namespace

Decision decide(const RunState& state, int step) {
  switch (state.plan.steps[static_cast<size_t>(step)].kind) {
    case StepKind::create: return decide_create(state, step);
    case StepKind::update: return decide_update(state, step);
    case StepKind::remove: return decide_remove(state, step);
    case StepKind::await: return decide_await(state, step);
    case StepKind::adopt: return decide_adopt(state, step);
    case StepKind::forget: return decide_forget(state, step);
    case StepKind::move: return decide_move(state, step);
  }
  return fail("unknown kind of step");
}

Decision fail(std::string reason) { return {.move = Move::fail, .reason = std::move(reason)}; }

Decision call(CallKind kind, std::optional<Sent> sent) {
  return {.move = Move::call, .kind = kind, .sent = std::move(sent)};
}

Decision unseen(const Address& address, const Observation& observation, Duration timeout) {
  return {.move = Move::unseen,
          .reason = to_string(address) + " cannot be looked at" +
                    (observation.error ? ": " + observation.error->message : ""),
          .timeout = timeout};
}

Decision wait_for(const Observation& observation, std::string reason, Duration timeout) {
  return {.move = Move::wait,
          .reason = std::move(reason),
          .progress = observation.progress,
          .signature = signature_of(observation),
          .timeout = timeout};
}

const Observation& self_of(const RunState& state, const Address& address) {
  static const Observation kNever = unknown_observation({Code::unavailable, "not observed yet"});
  const Observation* latest = latest_of(state, address);
  return latest ? *latest : kNever;
}

std::optional<Decision> refuse_foreign(const RunState& state, const Address& address,
                                       const Observation& observation, const std::set<std::string>& nonces) {
  if (observation.existence != Existence::present) return std::nullopt;
  const std::string name = to_string(address);
  switch (owner_of(observation, address, row_of(state, address), state.plan.inventory, *state.catalog)) {
    case Owner::nobody: return fail(name + " exists and carries no mark, so it is not ours; plan again");
    case Owner::somebody: return fail(name + " exists and belongs to " + owner_text(*observation.mark));
    case Owner::us: break;
  }
  if (observation.mark && !nonces.empty() && !nonces.contains(observation.mark->nonce))
    return fail(name + " is another object than the one that was planned for; plan again");
  return std::nullopt;
}

std::optional<Decision> held_back(const RunState& state, const std::vector<Await>& guards) {
  for (const Await& guard : guards) {
    const Observation& seen = self_of(state, guard.target);
    const Judgement judgement = verdict_on(state, guard);
    if (judgement.verdict == Verdict::failed) return fail(judgement.reason);
    if (judgement.verdict == Verdict::unknown) return unseen(guard.target, seen, guard.timeout);
    if (judgement.verdict == Verdict::unmet) return wait_for(seen, judgement.reason, guard.timeout);
  }
  return std::nullopt;
}

Decision settle(const RunState& state, const Address& address, const Observation& observation,
                const Sent& sent) {
  const Duration timeout = settle_timeout(state, address);
  if (observation.mark && observation.mark->generation != sent.generation)
    return wait_for(observation, to_string(address) + " is not yet as it was asked for", timeout);
  if (is_to_be_marked(observation, address, row_of(state, address), *state.catalog))
    return wait_for(observation, to_string(address) + " does not carry its mark yet", timeout);
  const KindManifest* kind = kind_of(state, address);
  const ResourceState* resource = find(state, address);
  if (kind && !(resource && resource->awaited)) {
    const std::string is = to_string(address) + " is " + described(observation);
    if (contains(kind->ready.failing, observation.phase)) return fail(is);
    if (!kind->ready.phases.empty() && !contains(kind->ready.phases, observation.phase))
      return wait_for(observation, is, timeout);
  }
  return {.move = Move::finish, .progress = observation.progress, .sent = sent};
}

Duration settle_timeout(const RunState& state, const Address& address) {
  const KindManifest* kind = kind_of(state, address);
  return kind ? kind->ready.timeout : Duration(std::chrono::hours(1));
}

// An await's own decision: met, or a worker that died and is to be resumed.
Decision decide_await(const RunState& state, int index) {
  const Step& step = state.plan.steps[static_cast<size_t>(index)];
  const Await& await = *step.await;
  const Observation& seen = self_of(state, await.target);
  const Judgement judgement = verdict_on(state, await);
  switch (judgement.verdict) {
    case Verdict::met: return {.move = Move::finish, .progress = seen.progress};
    case Verdict::failed: return fail(judgement.reason);
    case Verdict::unknown: return unseen(await.target, seen, await.timeout);
    case Verdict::unmet: break;
  }
  Decision waiting = wait_for(seen, judgement.reason, await.timeout);
  const ResourceState* resource = find(state, await.target);
  const Owned* row = resource ? resource->owned.get() : nullptr;
  if (seen.existence != Existence::present || !seen.resumable || seen.busy || !row) return waiting;
  const std::string nonce = row->intent ? row->intent->nonce : row->nonce;
  if (auto foreign = refuse_foreign(state, await.target, seen, {nonce})) return *foreign;
  // Its guards are looked at once it is known to be dead.
  if (resource->writer >= 0 && state.steps[static_cast<size_t>(index)].resume_at)
    if (auto held = held_back(state, state.plan.steps[static_cast<size_t>(resource->writer)].guards))
      return *held;
  waiting.move = Move::resume;
  waiting.kind = CallKind::create;
  waiting.sent = Sent{.nonce = nonce,
                      .generation = sent_generation(state, await.target),
                      .spec = row->intent ? row->intent->spec : row->applied};
  return waiting;
}

}  // namespace tenon::scheduling
