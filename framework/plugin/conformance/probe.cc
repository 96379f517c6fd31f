#include "framework/plugin/conformance/probe.h"

#include <algorithm>
#include <regex>
#include <thread>

#include "framework/base/digest.h"

namespace tenon {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPause{20};

bool may_go_away(Code code) { return is_transient(code) || is_outcome_unknown(code); }

}  // namespace

Probe::Probe(Backend& backend, const ConformanceSample& sample)
    : backend_(&backend),
      sample_(sample),
      kind_(sample.manifest ? sample.manifest->find(sample.address.kind_name()) : nullptr) {}

bool Probe::add(std::string check, bool ok, const std::string& mend, const std::string& seen) {
  findings_.push_back({std::move(check), ok, ok ? "" : mend + (seen.empty() ? "" : "; " + seen)});
  return ok;
}

bool Probe::add(std::string check, const Status& answer, const std::string& mend) {
  return add(
      std::move(check), answer.has_value(), mend,
      answer ? ""
             : "it answers " + std::string(to_string(answer.error().code)) + ": " + answer.error().message);
}

void Probe::skip(std::string check) { findings_.push_back({std::move(check), true, "", true}); }

Request Probe::fresh() const {
  Request request{.address = sample_.address, .desired = sample_.spec};
  request.generation = generation_of(sample_.spec);
  request.nonce = random_uuid();
  request.inventory = random_uuid();
  request.dependencies = sample_.dependencies;
  request.record = {{"set", "conformance"}};
  return request;
}

CallContext Probe::context() const { return {.deadline = Steady::now() + sample_.patience}; }

bool Probe::is_able(const std::string& capability) const {
  return sample_.manifest && sample_.manifest->capabilities.contains(capability);
}

Observation Probe::observe(const Request& request) const {
  const auto end = Steady::now() + sample_.patience;
  for (;;) {
    const auto seen = backend_->observe({request}, context());
    if (seen && seen->observations.size() == 1) return seen->observations.front();
    const Error error = seen ? Error{Code::internal, "not one observation for one request"} : seen.error();
    if (!may_go_away(error.code) || Steady::now() >= end) return unknown_observation(error);
    std::this_thread::sleep_for(kPause);
  }
}

Observation Probe::observe_until(const Request& request, const Wanted& wanted) const {
  const auto end = Steady::now() + sample_.patience;
  for (;;) {
    Observation seen = observe(request);
    if ((wanted(seen) && !seen.busy) || Steady::now() >= end) return seen;
    std::this_thread::sleep_for(kPause);
  }
}

Result<Outcome> Probe::retry(const std::function<Result<Outcome>()>& call) const {
  const auto end = Steady::now() + sample_.patience;
  for (;;) {
    Result<Outcome> outcome = call();
    if (outcome || !may_go_away(outcome.error().code) || Steady::now() >= end) return outcome;
    std::this_thread::sleep_for(kPause);
  }
}

bool Probe::make(Request& request) const {
  const auto created = retry([&] { return backend_->create(request, context()); });
  if (!created) return false;
  request.identity = created->identity;
  request.private_state = created->private_state;
  request.applied = request.desired;
  const Observation seen = observe_until(request, [&](const auto& o) { return has_mark(o, request); });
  if (!seen.identity.empty()) request.identity = seen.identity;
  return has_mark(seen, request);
}

std::string Probe::clear(const Request& request) const {
  Request gone = request;
  gone.desired = nullptr;
  const auto removed = retry([&] { return backend_->remove(gone, context()); });
  if (!removed) return describe(removed);
  const Observation left = observe_until(gone, is_absent);
  return is_absent(left) ? "" : describe(left);
}

std::string describe(const Observation& seen) {
  return "it observes " + to_json(seen).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string describe(const Result<Outcome>& answer) {
  if (answer) return "it succeeds";
  return "it answers " + std::string(to_string(answer.error().code)) + ": " + answer.error().message;
}

bool is_absent(const Observation& seen) { return seen.existence == Existence::absent; }

bool has_mark(const Observation& seen, const Request& request) {
  return seen.existence == Existence::present && seen.mark && seen.mark->generation == request.generation &&
         seen.mark->nonce == request.nonce;
}

bool same(const Observation& a, const Observation& b) {
  return a.existence == b.existence && a.identity == b.identity && a.mark == b.mark;
}

bool is_of_input(Code code) {
  return !may_go_away(code) && code != Code::internal && code != Code::unimplemented;
}

std::string malformed(const Observation& seen) {
  if (seen.progress && (*seen.progress < 0 || *seen.progress > 1)) return "its progress is not from 0 to 1";
  if (!seen.reason.empty() && !std::regex_match(seen.reason, std::regex("[A-Z][A-Za-z0-9]*")))
    return "its reason is no CamelCase word: " + seen.reason;
  for (const Condition& c : seen.conditions)
    if (c.type.empty() || (c.status != "True" && c.status != "False" && c.status != "Unknown"))
      return "a condition has no type or is neither True, False nor Unknown";
  return "";
}

}  // namespace tenon
