#include "framework/inventory/rows.h"

#include <array>

namespace tenon {
namespace {

constexpr std::string_view kPlan = ",\"plan\":", kBehindPlan = ",\"process\":";

Json time_json(Time time) { return time.time_since_epoch().count(); }
Time time_of(const Json& json) { return Time(Duration(json.get<Duration::rep>())); }

StepStatus parse_status(const std::string& text) {
  using enum StepStatus;
  for (StepStatus status : std::array{pending, waiting, running, done, failed, skipped})
    if (to_string(status) == text) return status;
  throw Json::other_error::create(501, "no step status: " + text, nullptr);
}

template <typename T, typename Read>
Result<T> guarded(const char* what, Read read) {
  try {
    return read();
  } catch (const Json::exception& e) {
    return Error{Code::internal, std::string(what) + ": " + e.what()};
  }
}

}  // namespace

std::string run_text(const RunRecord& run) {
  Json json{{"id", run.id}, {"plan", nullptr}, {"process", run.process}, {"since", time_json(run.since)}};
  if (run.ended) json["ended"] = time_json(*run.ended);
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!run.plan.empty()) text.replace(text.find(kPlan) + kPlan.size(), sizeof "null" - 1, run.plan);
  return text;
}

Json to_json(const StepRecord& step) {
  Json json{{"step", step.step},
            {"status", to_string(step.status)},
            {"reason", step.reason},
            {"seen", step.seen},
            {"lastProgress", time_json(step.last_progress)},
            {"attempts", step.attempts}};
  if (step.progress) json["progress"] = *step.progress;
  return json;
}

// Members stand by name. Within a string their quotes would be escaped, so that what is found first before
// the plan and last behind it are its neighbours.
Result<RunRecord> run_from_text(const std::string& text) {
  const size_t plan = text.find(kPlan), rest = text.rfind(kBehindPlan);
  if (plan == std::string::npos || rest == std::string::npos || rest < plan)
    return Error{Code::internal, "run: it has no plan"};
  const Json json = Json::parse(text.substr(0, plan) + text.substr(rest), nullptr, false);
  return guarded<RunRecord>("run", [&] {
    RunRecord run;
    run.id = json.at("id");
    run.process = json.at("process");
    run.since = time_of(json.at("since"));
    run.plan = text.substr(plan + kPlan.size(), rest - plan - kPlan.size());
    if (json.contains("ended")) run.ended = time_of(json["ended"]);
    return run;
  });
}

Result<StepRecord> step_from_json(const Json& json) {
  return guarded<StepRecord>("step", [&] {
    StepRecord step;
    step.step = json.at("step");
    step.status = parse_status(json.at("status"));
    step.reason = json.at("reason");
    step.seen = json.value("seen", "");
    step.last_progress = time_of(json.at("lastProgress"));
    step.attempts = json.at("attempts");
    if (json.contains("progress")) step.progress = json["progress"].get<double>();
    return step;
  });
}

}  // namespace tenon
