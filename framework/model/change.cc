#include "framework/model/change.h"

#include <algorithm>
#include <cstdio>

namespace tenon {
namespace {

template <typename Container, typename Value>
bool contains(const Container& container, const Value& value) {
  return std::find(container.begin(), container.end(), value) != container.end();
}

std::string name_of(const Address& address) { return address.kind + " " + address.name; }

// "phase (41 %): message"
std::string describe(const Observation& observation) {
  std::string text =
      observation.phase.empty() ? std::string(to_string(observation.existence)) : observation.phase;
  if (observation.progress) {
    char percent[16];
    std::snprintf(percent, sizeof percent, " (%.0f %%)", *observation.progress * 100);
    text += percent;
  }
  if (!observation.message.empty()) text += ": " + observation.message;
  return text;
}

Judgement judge_present(const Await& await, const Observation& observation,
                        const std::string& expected_generation) {
  const std::string name = name_of(await.target);
  const std::string is = name + " is " + describe(observation);
  if (!expected_generation.empty() && observation.mark && observation.mark->generation != expected_generation)
    return {Verdict::unmet, name + " is not yet as it was last asked for"};
  if (contains(await.failing, observation.phase)) return {Verdict::failed, is};
  if (!await.phases.empty() && !contains(await.phases, observation.phase)) return {Verdict::unmet, is};
  if (!await.contents.empty() && !contains(await.contents, observation.contents))
    return {Verdict::unmet,
            "the contents of " + name + " are " + std::string(to_string(observation.contents))};
  return {Verdict::met, is};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " or ") + word;
  return text;
}

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::none: return "none";
    case Action::create: return "create";
    case Action::update: return "update";
    case Action::replace: return "replace";
    case Action::remove: return "delete";
    case Action::adopt: return "adopt";
    case Action::forget: return "forget";
    case Action::move: return "move";
    case Action::blocked: return "blocked";
  }
  return "none";
}

std::string_view to_string(StepKind kind) {
  switch (kind) {
    case StepKind::create: return "create";
    case StepKind::update: return "update";
    case StepKind::remove: return "delete";
    case StepKind::await: return "await";
    case StepKind::adopt: return "adopt";
    case StepKind::forget: return "forget";
    case StepKind::move: return "move";
  }
  return "await";
}

Json to_json(const PlannedChange& change) {
  Json json = {{"address", to_string(change.address)}, {"action", to_string(change.action)}};
  if (!change.desired.is_null()) json["desired"] = change.desired;
  if (!change.applied.is_null()) json["applied"] = change.applied;
  if (!change.actual.is_null()) json["actual"] = change.actual;
  if (!change.unknown.empty()) json["unknown"] = change.unknown;
  return json;
}

Result<Check> check_from_json(const Json& json) {
  try {
    Check check;
    check.unchecked = json.value("unchecked", "");
    if (const auto refusal = json.find("refusal"); refusal != json.end())
      check.refusal = Refusal{refusal->at("reason").get<std::string>(), refusal->value("remedy", "")};
    auto demands = demands_from_json(json.value("demands", Json::array()));
    if (!demands) return demands.error();
    check.demands = std::move(*demands);
    return check;
  } catch (const Json::exception& e) {
    return Error{Code::internal, std::string("a check has not the documented shape: ") + e.what()};
  }
}

std::string to_string(const Await& await) {
  std::vector<std::string> contents;
  for (Contents accepted : await.contents)
    if (accepted != Contents::unspecified) contents.emplace_back(to_string(accepted));
  std::string state = joined(await.phases);
  if (!contents.empty()) state += (state.empty() ? "contents " : " and contents ") + joined(contents);
  return name_of(await.target) + " until " + (state.empty() ? "present" : state);
}

Judgement judge(const Await& await, const Observation& observation, const std::string& expected_generation) {
  switch (observation.existence) {
    case Existence::absent: return {Verdict::unmet, name_of(await.target) + " does not exist"};
    case Existence::unknown:
      return {Verdict::unknown, name_of(await.target) + " cannot be looked at" +
                                    (observation.error ? ": " + observation.error->message : "")};
    case Existence::present: return judge_present(await, observation, expected_generation);
  }
  return {};
}

const SharedJson& Plan::desired(const Address& address) const {
  static const SharedJson none;
  const auto found =
      std::lower_bound(changes.begin(), changes.end(), address,
                       [](const Change& change, const Address& wanted) { return change.address < wanted; });
  return found == changes.end() || found->address != address ? none : found->desired;
}

bool Plan::refused() const {
  return std::any_of(changes.begin(), changes.end(), [](const Change& c) { return c.refusal.has_value(); });
}

bool Plan::blocked() const {
  return std::any_of(changes.begin(), changes.end(),
                     [](const Change& c) { return c.action == Action::blocked; });
}

}  // namespace tenon
