#include "framework/model/owned.h"

namespace tenon {
namespace {

Json intent_to_json(const Intent& intent) {
  Json json = {{"nonce", intent.nonce},
               {"generation", intent.generation},
               {"spec", intent.spec},
               {"before", to_string(intent.before)},
               {"since", intent.since.time_since_epoch().count()}};
  if (!intent.defaulted.empty()) json["defaulted"] = intent.defaulted;
  return json;
}

Intent intent_from_json(const Json& json) {
  Intent intent;
  intent.nonce = json.at("nonce");
  intent.generation = json.at("generation");
  intent.spec = json.at("spec");
  intent.defaulted = json.value("defaulted", std::vector<std::string>());
  const std::string before = json.at("before");
  intent.before = before == "absent"    ? Existence::absent
                  : before == "present" ? Existence::present
                                        : Existence::unknown;
  intent.since = Time(Duration(json.at("since").get<int64_t>()));
  return intent;
}

// An address that was written by us; a wrong one throws like any other wrong member.
Address address_from_json(const Json& json) {
  auto address = parse_address(json.get_ref<const std::string&>());
  if (!address) throw std::runtime_error(address.error().message);
  return std::move(*address);
}

Owned read(const Json& json) {
  Owned owned;
  owned.address = address_from_json(json.at("address"));
  owned.instance = json.at("instance");
  read_record(json, owned);
  owned.identity = json.value("identity", "");
  owned.nonce = json.value("nonce", "");
  owned.generation = json.value("generation", "");
  owned.applied = json.value("applied", Json());
  owned.private_state = json.value("private", Json());
  if (const auto intent = json.find("intent"); intent != json.end()) owned.intent = intent_from_json(*intent);
  return owned;
}

}  // namespace

const SharedJson& sent_spec(const Owned& owned) {
  static const SharedJson none;
  if (!owned.applied.is_null()) return owned.applied;
  return owned.intent ? owned.intent->spec : none;
}

const std::vector<std::string>& sent_defaulted(const Owned& owned) {
  return owned.applied.is_null() && owned.intent ? owned.intent->defaulted : owned.defaulted;
}

std::string_view to_string(StepStatus status) {
  switch (status) {
    case StepStatus::pending: return "pending";
    case StepStatus::waiting: return "waiting";
    case StepStatus::running: return "running";
    case StepStatus::done: return "done";
    case StepStatus::failed: return "failed";
    case StepStatus::skipped: return "skipped";
  }
  return "pending";
}

Json record_of(const Owned& owned) {
  Json json = Json::object();
  if (!owned.defaulted.empty()) json["defaulted"] = owned.defaulted;
  for (const Address& dependency : owned.dependencies) json["dependencies"].push_back(to_string(dependency));
  if (owned.parent) json["parent"] = to_string(*owned.parent);
  if (owned.protect) json["protect"] = true;
  if (!owned.set.empty()) json["set"] = owned.set;
  if (!owned.labels.empty()) json["labels"] = owned.labels;
  return json;
}

void read_record(const Json& json, Owned& owned) {
  owned.defaulted = json.value("defaulted", std::vector<std::string>());
  for (const Json& dependency : json.value("dependencies", Json::array()))
    owned.dependencies.push_back(address_from_json(dependency));
  if (const auto parent = json.find("parent"); parent != json.end())
    owned.parent = address_from_json(*parent);
  owned.protect = json.value("protect", false);
  owned.set = json.value("set", "");
  owned.labels = json.value("labels", std::map<std::string, std::string>());
}

Json to_json(const Owned& owned) {
  Json json = record_of(owned);
  json["address"] = to_string(owned.address);
  json["instance"] = owned.instance;
  if (!owned.identity.empty()) json["identity"] = owned.identity;
  if (!owned.nonce.empty()) json["nonce"] = owned.nonce;
  if (!owned.generation.empty()) json["generation"] = owned.generation;
  if (!owned.applied.is_null()) json["applied"] = owned.applied;
  if (!owned.private_state.is_null()) json["private"] = owned.private_state;
  if (owned.intent) json["intent"] = intent_to_json(*owned.intent);
  return json;
}

Result<Owned> owned_from_json(const Json& json) {
  try {
    return read(json);
  } catch (const std::exception& e) {
    return Error{Code::internal, std::string("an inventory row cannot be read: ") + e.what()};
  }
}

}  // namespace tenon
