#include "plugins/cdi-import/summary.h"

namespace tenon::cdi {
namespace {

using sdk::Json;

Json condition(const char* type, bool holds, const std::string& reason, const std::string& message) {
  return {{"type", type}, {"status", holds ? "True" : "False"}, {"reason", reason}, {"message", message}};
}

// Null: there is none, or nobody has seen it.
Json claim_of(const sdk::Family& family) {
  for (const auto& [address, observation] : family.children.items())
    if (address.starts_with("core/PersistentVolumeClaim/")) return observation;
  return nullptr;
}

std::string state_of(const Json& claim) {
  const std::string phase = claim.value("phase", "");
  return phase.empty() ? claim.value("existence", "unknown") : phase;
}

}  // namespace

sdk::Observation summarize(const sdk::Family& family) {
  const Json& own = family.observation;
  const std::string phase = own.value("phase", ""), reason = own.value("reason", "");
  const Json claim = claim_of(family);
  const bool bound = claim.is_object() && claim.value("phase", "") == "Bound";
  const std::string claim_says = claim.is_object() ? claim.value("message", "") : "";
  const std::string claim_state = claim.is_object() ? state_of(claim) : "unknown";

  sdk::Observation summary;
  summary.conditions = {
      condition("Bound", bound, bound ? "Bound" : "Claim" + claim_state, claim_says),
      condition("Running", own.value("busy", false), phase, own.value("message", "")),
      condition("Ready", phase == "Succeeded", reason.empty() ? phase : reason, own.value("message", ""))};
  if (bound || phase == "Succeeded" || !claim.is_object()) return summary;
  summary.reason = claim.value("reason", "Claim" + claim_state);
  summary.message = "its claim is " + claim_state + (claim_says.empty() ? "" : ": " + claim_says);
  return summary;
}

}  // namespace tenon::cdi
