#include "framework/plan/plan_file.h"

#include <algorithm>
#include <stdexcept>

#include "framework/model/pointer.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

constexpr Action kActions[] = {Action::none,  Action::create, Action::update, Action::replace, Action::remove,
                               Action::adopt, Action::forget, Action::move,   Action::blocked};
constexpr StepKind kStepKinds[] = {StepKind::create, StepKind::update, StepKind::remove, StepKind::await,
                                   StepKind::adopt,  StepKind::forget, StepKind::move};

// A wrong member throws, and plan_from_json catches.

Address address_from(const Json& json) {
  auto address = parse_address(json.get_ref<const std::string&>());
  if (!address) throw std::invalid_argument(address.error().message);
  return std::move(*address);
}

std::optional<Address> optional_address(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return {};
  return address_from(*found);
}

template <typename Enum, size_t N>
Enum word_from(const Json& json, const Enum (&words)[N]) {
  const std::string& text = json.get_ref<const std::string&>();
  for (Enum word : words)
    if (to_string(word) == text) return word;
  throw std::invalid_argument("unknown word '" + text + "'");
}

// labels and annotations.
const Json& texts_from(const Json& json) {
  static_cast<void>(json.get<std::map<std::string, std::string>>());
  return json;
}

const Json& object_or_null(const Json& json, const char* name) {
  if (!json.is_object() && !json.is_null()) throw std::invalid_argument(std::string(name) + " is no object");
  return json;
}

std::vector<std::string> pointers_from(const Json& json) {
  auto pointers = json.get<std::vector<std::string>>();
  for (const std::string& pointer : pointers)
    if (const auto place = parse_pointer(pointer); !place) throw std::invalid_argument(place.error().message);
  return pointers;
}

Position position_from(const Json& json) {
  return {json.at("file").get<std::string>(), json.at("line").get<int>(), json.at("column").get<int>()};
}

FieldChange field_from(const Json& json) {
  return {json.at("pointer").get<std::string>(),
          json.at("before"),
          json.at("after"),
          json.at("drift").get<bool>(),
          json.at("knownAfterApply").get<bool>(),
          json.at("secret").get<bool>()};
}

Await await_from(const Json& json) {
  Await await;
  await.target = address_from(json.at("target"));
  json.at("phases").get_to(await.phases);
  json.at("failing").get_to(await.failing);
  for (const Json& contents : json.at("contents"))
    await.contents.push_back(parse_contents(contents.get_ref<const std::string&>()));
  json.at("generation").get_to(await.generation);
  await.timeout = Duration(json.at("timeoutMs").get<int64_t>());
  return await;
}

Change change_from(const Json& json) {
  Change change;
  change.address = address_from(json.at("address"));
  json.at("instance").get_to(change.instance);
  change.action = word_from(json.at("action"), kActions);
  json.at("reasons").get_to(change.reasons);
  for (const Json& field : json.at("fields")) change.fields.push_back(field_from(field));
  json.at("operations").get_to(change.operations);
  json.at("notes").get_to(change.notes);
  change.desired = object_or_null(json.at("desired"), "desired");
  change.origin = position_from(json.at("origin"));
  if (const auto refusal = json.find("refusal"); refusal != json.end())
    change.refusal = Refusal{refusal->at("reason").get<std::string>(),
                             refusal->at("remedy").get<std::string>(), refusal->value("approval", "")};
  change.parent = optional_address(json, "parent");
  auto demands = demands_from_json(json.value("demands", Json::array()));
  if (!demands) throw std::invalid_argument(demands.error().message);
  change.demands = std::move(*demands);
  return change;
}

Step step_from(const Json& json) {
  Step step;
  step.kind = word_from(json.at("kind"), kStepKinds);
  step.address = address_from(json.at("address"));
  json.at("instance").get_to(step.instance);
  json.at("after").get_to(step.after);
  for (const Json& guard : json.at("guards")) step.guards.push_back(await_from(guard));
  if (const auto await = json.find("await"); await != json.end()) step.await = await_from(*await);
  step.labels = texts_from(json.at("labels"));
  step.annotations = texts_from(json.at("annotations"));
  json.at("operations").get_to(step.operations);
  for (const Json& dependency : json.at("dependencies"))
    step.dependencies.push_back(address_from(dependency));
  json.at("nonce").get_to(step.nonce);
  step.identity = json.value("identity", "");
  step.found = object_or_null(json.value("found", Json()), "found");
  step.from = optional_address(json, "from");
  step.parent = optional_address(json, "parent");
  json.at("reason").get_to(step.reason);
  json.at("guardedDelete").get_to(step.guarded_delete);
  step.unchecked = json.value("unchecked", false);
  step.defaulted = pointers_from(json.value("defaulted", Json::array()));
  if (step.await.has_value() != (step.kind == StepKind::await))
    throw std::invalid_argument("an await has what it waits for, and no other step has");
  if (step.from.has_value() != (step.kind == StepKind::move))
    throw std::invalid_argument("a move has the address that it is from, and no other step has");
  return step;
}

SecretSource secret_source_from(const Json& json) {
  const std::string pointer = json.value("pointer", "");
  return {address_from(json.at("address")), Json::json_pointer(pointer).to_string(),
          json.at("file").get<std::string>(), json.at("handle").get<std::string>()};
}

// What is made has a spec, and that is looked up by address.
void check_specs(const Plan& plan) {
  const auto by_address = [](const Change& a, const Change& b) { return a.address < b.address; };
  if (!std::is_sorted(plan.changes.begin(), plan.changes.end(), by_address))
    throw std::invalid_argument("its changes are not sorted by address");
  for (const Step& step : plan.steps)
    if ((step.kind == StepKind::create || step.kind == StepKind::update) &&
        plan.desired(step.address).is_null())
      throw std::invalid_argument("it makes " + to_string(step.address) + " and does not say what of");
}

// A step may only follow earlier ones.
void check_order(const Plan& plan) {
  for (size_t i = 0; i < plan.steps.size(); ++i)
    for (int before : plan.steps[i].after)
      if (before < 0 || static_cast<size_t>(before) >= i)
        throw std::invalid_argument("step " + std::to_string(i) + " comes after step " +
                                    std::to_string(before));
}

Plan read(const Json& json) {
  Plan plan;
  json.at("inventory").get_to(plan.inventory);
  plan.set = json.value("set", "");
  for (const Json& change : json.at("changes")) plan.changes.push_back(change_from(change));
  for (const Json& step : json.at("steps")) plan.steps.push_back(step_from(step));
  for (const auto& item : json.at("fingerprints").items())
    plan.fingerprints.emplace(address_from(Json(item.key())), item.value().get<std::string>());
  json.at("plugins").get_to(plan.plugins);
  json.at("notes").get_to(plan.notes);
  for (const Json& address : json.value("externals", Json::array()))
    plan.externals.push_back(address_from(address));
  for (const Json& source : json.value("secrets", Json::array()))
    plan.secrets.push_back(secret_source_from(source));
  check_order(plan);
  check_specs(plan);
  return plan;
}

}  // namespace

Result<Plan> plan_from_json(const Json& json) {
  const auto version = json.is_object() ? json.find("formatVersion") : json.end();
  if (!json.is_object() || version == json.end() || !version->is_number_integer())
    return Error{Code::invalid_argument, "this is not a plan: it has no formatVersion"};
  if (*version > kPlanFormatVersion)
    return Error{Code::failed_precondition, "the plan has formatVersion " + version->dump() +
                                                ", made by a newer Tenon; this one reads up to " +
                                                std::to_string(kPlanFormatVersion) + ": plan again"};
  try {
    return read(json);
  } catch (const std::exception& e) {
    return Error{Code::invalid_argument, std::string("the plan is damaged: ") + e.what()};
  }
}

}  // namespace tenon
