#include <algorithm>
#include <ostream>

#include "framework/base/durations.h"
#include "framework/cli/commands.h"
#include "framework/cli/format_version.h"
#include "framework/cli/show.h"
#include "framework/cli/text.h"
#include "framework/model/secrets.h"

namespace tenon {
namespace {

// Spec values that the schema calls secret are not shown, wherever they stand.
Json without_secrets(Json value, const KindManifest* kind) {
  if (kind) mask_secrets(kind->schema, value, Mask::values_and_handles);
  return value;
}

Json requirements_of(const Item& item, const Observations& observations) {
  Json list = Json::array();
  for (const Edge& edge : item.requirements) {
    const auto seen = observations.find(edge.await.target);
    const Observation observation = seen == observations.end() ? Observation() : seen->second;
    const Judgement judgement = judge(edge.await, observation, "");
    list.push_back({{"requires", to_string(edge.await)},
                    {"met", judgement.verdict == Verdict::met},
                    {"state", state_of(observation)}});
    if (!edge.guards.empty()) list.back()["for"] = edge.guards;
  }
  return list;
}

Json steps_of(const Item& item) {
  Json list = Json::array();
  for (const auto& [step, record] : item.steps) {
    Json entry = {
        {"step", step.await ? "await " + to_string(*step.await) : std::string(to_string(step.kind))},
        {"status", to_string(record.status)}};
    if (!record.reason.empty()) entry["reason"] = record.reason;
    if (record.attempts > 1) entry["attempts"] = record.attempts;
    list.push_back(std::move(entry));
  }
  return list;
}

Json conditions_of(const Observation& observation) {
  Json list = Json::array();
  for (const Condition& condition : observation.conditions)
    list.push_back({{"type", condition.type},
                    {"status", condition.status},
                    {"reason", condition.reason},
                    {"message", condition.message}});
  return list;
}

// For how long depends on clocks, which may have been put back.
std::string open_for(const Intent& intent, Time now) {
  return "open for " + display_duration(std::max(now - intent.since, Duration(0))) +
         ": a create was begun and has not been seen to end";
}

OrderedJson describe(const Item& item, const View& view, const Catalog& catalog, Time now) {
  const KindManifest* kind = catalog.find(item.address);
  const Observation& observation = item.observation;
  OrderedJson json = {{"address", to_string(item.address)},
                      {"instance", item.instance},
                      {"existence", to_string(observation.existence)},
                      {"phase", item.phase},
                      {"ready", item.ready == Readiness::yes},
                      {"owned", item.owned.has_value()}};
  const auto add = [&json](const char* key, const Json& value) {
    if (!value.empty() && value != "") json[key] = OrderedJson(value);
  };
  add("reason", item.reason);
  add("parent", item.parent ? Json(to_string(*item.parent)) : Json());
  add("set", item.set);
  add("labels", item.labels);
  add("identity", observation.identity);
  if (observation.progress) json["progress"] = *observation.progress;
  if (observation.contents != Contents::unspecified) json["contents"] = to_string(observation.contents);
  if (observation.mark) add("mark", tenon::to_json(observation)["mark"]);
  if (item.owned && item.owned->intent) json["intent"] = open_for(*item.owned->intent, now);
  add("users", observation.users);
  add("conditions", conditions_of(observation));
  add("requirements", requirements_of(item, view.observations));
  add("lastRun", steps_of(item));
  add("outputs", observation.outputs);
  add("actual", without_secrets(observation.actual, kind));
  add("notes", observation.notes);
  return json;
}

void print(const std::vector<const Item*>& items, const View& view, const Catalog& catalog,
           const Arguments& arguments, Environment& env) {
  OrderedJson document = {{"formatVersion", kOutputFormatVersion}, {"items", OrderedJson::array()}};
  for (const Item* item : items) document["items"].push_back(describe(*item, view, catalog, env.clock.now()));
  if (arguments.format != Format::text) {
    env.out << dump(document, arguments.format == Format::yaml);
    return;
  }
  for (const OrderedJson& item : document["items"])
    env.out << (&item == &document["items"].front() ? "" : "\n") << to_text(item);
}

}  // namespace

int run_describe(const Arguments& arguments, Environment& env) {
  return show_selected(arguments, env,
                       [&](const std::vector<const Item*>& items, const View& view, const Catalog& catalog) {
                         print(items, view, catalog, arguments, env);
                       });
}

}  // namespace tenon
