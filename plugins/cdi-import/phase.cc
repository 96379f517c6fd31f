#include "plugins/cdi-import/phase.h"

namespace tenon::cdi {
namespace {

ImportState failed(const ImportFacts& facts) {
  return {.phase = "Failed",
          .reason = facts.failure->reason,
          .message = facts.failure->message,
          .busy = facts.locked};
}

ImportState working(const ImportFacts& facts) {
  if (!facts.progress)
    return {.phase = "ImportScheduled", .reason = "WorkerStarting", .busy = true, .progress = 0.0};
  return {.phase = facts.progress->phase,
          .message = facts.progress->message,
          .busy = true,
          .progress = facts.progress->fraction};
}

// Nobody works on it, and it is neither done nor failed.
ImportState idle(const ImportFacts& facts) {
  ImportState state{.resumable = true};
  if (facts.progress) {
    state.phase = facts.progress->phase;
    state.reason = "Interrupted";
    state.message = "its worker ended before its work; an apply goes on with it";
    state.progress = facts.progress->fraction;
  } else {
    state.phase = facts.claim_phase == "Bound" ? "PVCBound" : "Pending";
    state.reason = "WorkerNotStarted";
    state.message = "no worker is at it; an apply starts one";
  }
  return state;
}

bool is_populated(const std::optional<ContentsMark>& mark, const TargetClaim& claim) {
  return contents_state(mark, claim.nonce) == "populated";
}

}  // namespace

bool is_populated_by(const std::optional<ContentsMark>& mark, const std::string& claim_nonce,
                     const std::string& importer, const std::string& generation) {
  return contents_state(mark, claim_nonce) == "populated" && mark->importer == importer &&
         mark->generation == generation;
}

bool may_fill(const std::optional<ContentsMark>& mark, const std::string& claim_nonce,
              const std::string& importer) {
  return contents_state(mark, claim_nonce) != "populated" || (mark->importer == importer && mark->released);
}

ImportState derive_state(const Ledger& ledger, const ImportFacts& facts) {
  if (!facts.mark)
    return {.phase = "Unknown", .reason = "MarkUnreadable", .message = facts.mark.error().message};
  if (facts.claim_nonce && *facts.claim_nonce != ledger.claim.nonce)
    return {.phase = "Pending",
            .reason = "ClaimReplaced",
            .message = "its claim was made anew and has not been filled",
            .busy = facts.locked,
            .resumable = !facts.locked};
  if (is_populated_by(*facts.mark, ledger.claim.nonce, ledger.address, ledger.import_generation))
    return {.phase = "Succeeded", .progress = 1.0};
  const bool other =
      *facts.mark && (*facts.mark)->nonce == ledger.claim.nonce && (*facts.mark)->importer != ledger.address;
  if (other && (facts.locked || is_populated(*facts.mark, ledger.claim)))
    return {.phase = "Pending",
            .reason = "ClaimTaken",
            .message = "its claim is filled by " + (*facts.mark)->importer,
            .busy = facts.locked};
  if (facts.failure) return failed(facts);
  return facts.locked ? working(facts) : idle(facts);
}

}  // namespace tenon::cdi
