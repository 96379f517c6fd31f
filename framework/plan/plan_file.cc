#include "framework/plan/plan_file.h"

#include <stdexcept>

#include "framework/plan/words.h"

namespace tenon {
namespace {

constexpr Action kActions[] = {Action::none,  Action::create, Action::update, Action::replace, Action::remove,
                               Action::adopt, Action::forget, Action::move,   Action::blocked};
constexpr StepKind kStepKinds[] = {StepKind::create, StepKind::update, StepKind::remove, StepKind::await,
                                   StepKind::adopt,  StepKind::forget, StepKind::move};

template <typename Container>
Json texts(const Container& items) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(to_string(item));
  return list;
}

Json to_json(const Position& position) {
  return {{"file", position.file}, {"line", position.line}, {"column", position.column}};
}

Json to_json(const FieldChange& field) {
  return {{"pointer", field.pointer},
          {"before", field.secret && !field.before.is_null() ? Json(kMasked) : field.before},
          {"after", field.secret && !field.after.is_null() ? Json(kMasked) : field.after},
          {"drift", field.drift},
          {"knownAfterApply", field.known_after_apply},
          {"secret", field.secret}};
}

Json to_json(const Await& await) {
  return {{"target", to_string(await.target)}, {"phases", await.phases},
          {"failing", await.failing},          {"contents", texts(await.contents)},
          {"generation", await.generation},    {"timeoutMs", await.timeout.count()}};
}

Json to_json(const Change& change) {
  Json json = {{"address", to_string(change.address)},
               {"instance", change.instance},
               {"action", to_string(change.action)},
               {"reasons", change.reasons},
               {"fields", Json::array()},
               {"operations", change.operations},
               {"notes", change.notes},
               {"desired", change.desired},
               {"origin", to_json(change.origin)},
               {"demands", to_json(change.demands)}};
  for (const FieldChange& field : change.fields) json["fields"].push_back(to_json(field));
  if (change.refusal)
    json["refusal"] = {{"reason", change.refusal->reason},
                       {"remedy", change.refusal->remedy},
                       {"approval", change.refusal->approval}};
  if (change.parent) json["parent"] = to_string(*change.parent);
  return json;
}

Json to_json(const Step& step) {
  Json json = {{"kind", to_string(step.kind)},
               {"address", to_string(step.address)},
               {"instance", step.instance},
               {"after", step.after},
               {"guards", Json::array()},
               {"defaulted", step.defaulted},
               {"labels", step.labels},
               {"annotations", step.annotations},
               {"operations", step.operations},
               {"dependencies", texts(step.dependencies)},
               {"nonce", step.nonce},
               {"reason", step.reason},
               {"guardedDelete", step.guarded_delete},
               {"unchecked", step.unchecked}};
  for (const Await& guard : step.guards) json["guards"].push_back(to_json(guard));
  if (step.await) json["await"] = to_json(*step.await);
  if (step.parent) json["parent"] = to_string(*step.parent);
  if (!step.identity.empty()) json["identity"] = step.identity;
  if (!step.found.is_null()) json["found"] = step.found;
  if (step.from) json["from"] = to_string(*step.from);
  return json;
}

bool mask(const Catalog& catalog, const Address& address, Json& spec) {
  const KindManifest* kind = catalog.find(address);
  return kind && mask_secrets(kind->schema, spec, Mask::values);
}

Json to_json(const SecretSource& source) {
  Json json = {{"address", to_string(source.address)}, {"file", source.file}, {"handle", source.handle}};
  if (!source.pointer.empty()) json["pointer"] = source.pointer;
  return json;
}

Json masked_json(const Change& change, const Catalog& catalog, bool& masked) {
  Json json = to_json(change);
  masked |= mask(catalog, change.address, json["desired"]);
  return json;
}

Json masked_json(const Step& step, const Catalog& catalog, bool& masked) {
  Json json = to_json(step);
  if (const auto found = json.find("found"); found != json.end())
    masked |= mask(catalog, step.address, *found);
  return json;
}

// A plan without its changes and steps.
Json frame_of(const Plan& plan) {
  Json json = {{"formatVersion", kPlanFormatVersion}, {"inventory", plan.inventory},
               {"fingerprints", Json::object()},      {"plugins", plan.plugins},
               {"externals", texts(plan.externals)},  {"notes", plan.notes}};
  for (const auto& [address, print] : plan.fingerprints) json["fingerprints"][to_string(address)] = print;
  for (const SecretSource& source : plan.secrets) json["secrets"].push_back(to_json(source));
  if (!plan.set.empty()) json["set"] = plan.set;
  return json;
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// One after the other: all at once would be many times the size of the text.
template <typename Item>
std::string list_text(const std::vector<Item>& items, const Catalog& catalog, bool& masked) {
  std::string text = "[";
  for (const Item& item : items)
    text += (text.size() > 1 ? "," : "") + text_of(masked_json(item, catalog, masked));
  return text + "]";
}

// What follows reads what was written above; a wrong member throws, and plan_from_json catches.

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
  change.desired = json.at("desired");
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
  step.labels = json.at("labels");
  step.annotations = json.at("annotations");
  json.at("operations").get_to(step.operations);
  for (const Json& dependency : json.at("dependencies"))
    step.dependencies.push_back(address_from(dependency));
  json.at("nonce").get_to(step.nonce);
  step.identity = json.value("identity", "");
  step.found = json.value("found", Json());
  step.from = optional_address(json, "from");
  step.parent = optional_address(json, "parent");
  json.at("reason").get_to(step.reason);
  json.at("guardedDelete").get_to(step.guarded_delete);
  step.unchecked = json.value("unchecked", false);
  step.defaulted = json.value("defaulted", std::vector<std::string>());
  return step;
}

SecretSource secret_source_from(const Json& json) {
  return {address_from(json.at("address")), json.value("pointer", ""), json.at("file").get<std::string>(),
          json.at("handle").get<std::string>()};
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
  return plan;
}

}  // namespace

Json to_json(const Plan& plan, const Catalog& catalog) {
  Json json = frame_of(plan);
  json["changes"] = json["steps"] = Json::array();
  bool masked = false;
  for (const Change& change : plan.changes) json["changes"].push_back(masked_json(change, catalog, masked));
  for (const Step& step : plan.steps) json["steps"].push_back(masked_json(step, catalog, masked));
  if (masked) json["masked"] = true;
  return json;
}

std::string plan_text(const Plan& plan, const Catalog& catalog) {
  bool masked = false;
  std::string text = "{\"changes\":" + list_text(plan.changes, catalog, masked) + ",";
  const std::string steps = list_text(plan.steps, catalog, masked);
  Json frame = frame_of(plan);
  if (masked) frame["masked"] = true;
  // Members stand by name, and those of the frame between these two.
  text.append(text_of(frame), 1).back() = ',';
  return text.append("\"steps\":").append(steps).append("}");
}

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
