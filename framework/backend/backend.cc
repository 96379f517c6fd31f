#include "framework/backend/backend.h"

#include <stdexcept>

#include "framework/model/pointer.h"

namespace tenon {
namespace {

void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

Json to_json(const Dependency& dependency) {
  Json json = {{"outputs", dependency.outputs}};
  put(json, "identity", dependency.identity);
  put(json, "phase", dependency.phase);
  put(json, "nonce", dependency.nonce);
  return json;
}

ChildSpec read_child(const Json& json) {
  ChildSpec child{.spec = Json::object()};
  child.api_version = json.at("apiVersion");
  child.kind = json.at("kind");
  child.name = json.at("name");
  if (const auto spec = json.find("spec"); spec != json.end() && !spec->is_null()) child.spec = *spec;
  if (!child.spec.is_object()) throw std::invalid_argument("the spec of a child is no object");
  child.labels = json.value("labels", std::map<std::string, std::string>());
  child.annotations = json.value("annotations", std::map<std::string, std::string>());
  child.pointer = json.value("pointer", "");
  if (const auto place = parse_pointer(child.pointer); !place)
    throw std::invalid_argument(place.error().message);
  return child;
}

Listed read_listed(const Json& json) {
  const Json& mark = json.at("mark");
  Listed listed{.mark = {mark.at("inventory"), mark.at("address"), mark.value("nonce", ""),
                         mark.value("generation", "")}};
  listed.identity = json.value("identity", "");
  listed.applied = json.value("applied", Json());
  listed.record = json.value("record", Json());
  listed.private_state = json.value("private", Json());
  return listed;
}

Error malformed(const char* what, const std::exception& e) {
  return {Code::internal, std::string("the plugin's ") + what + " has not the documented shape: " + e.what()};
}

}  // namespace

Json to_json(const Request& request) {
  Json json;
  json["address"] = to_string(request.address);
  if (!request.desired.is_null()) json["desired"] = request.desired;
  if (!request.labels.empty()) json["labels"] = request.labels;
  if (!request.annotations.empty()) json["annotations"] = request.annotations;
  if (!request.applied.is_null()) json["applied"] = request.applied;
  put(json, "generation", request.generation);
  put(json, "identity", request.identity);
  put(json, "nonce", request.nonce);
  put(json, "inventory", request.inventory);
  if (!request.private_state.is_null()) json["private"] = request.private_state;
  for (const auto& [address, dependency] : request.dependencies)
    json["dependencies"][to_string(address)] = to_json(dependency);
  if (!request.operations.empty()) json["operations"] = request.operations;
  put(json, "mark", request.mark);
  if (request.from) json["from"] = to_string(*request.from);
  if (!request.record.is_null()) json["record"] = request.record;
  return json;
}

Result<std::vector<Result<Check>>> Backend::check(const std::vector<PlannedChange>&, const Pools&,
                                                  const CallContext&) {
  return Error{Code::unimplemented, "this backend checks no changes"};
}

Result<std::vector<Result<Json>>> Backend::convert(const std::vector<Conversion>&, const CallContext&) {
  return Error{Code::unimplemented, "this backend converts no versions"};
}

Result<std::vector<Result<Observation>>> Backend::status(const std::vector<Family>&, const CallContext&) {
  return Error{Code::unimplemented, "this backend says nothing of composites"};
}

Result<ActionResult> Backend::act(const Request&, const std::string&, const Json&, const CallContext&) {
  return Error{Code::unimplemented, "this backend has no actions"};
}

Status Backend::watch(const std::vector<Address>&, Listener, const CallContext&) {
  return Error{Code::unimplemented, "this backend cannot watch"};
}

Json to_json(const Family& family) {
  const auto put_all = [](const std::map<Address, Observation>& all) {
    Json json = Json::object();
    for (const auto& [address, observation] : all) json[to_string(address)] = to_json(observation);
    return json;
  };
  return {{"address", to_string(family.address)},
          {"desired", family.desired},
          {"observation", to_json(family.own)},
          {"children", put_all(family.children)},
          {"dependants", put_all(family.dependants)}};
}

void add_owned(const Owned& owned, Request& request) {
  request.applied = owned.applied;
  request.identity = owned.identity;
  request.private_state = owned.private_state;
  request.nonce = owned.intent ? owned.intent->nonce : owned.nonce;
  request.generation = owned.intent ? owned.intent->generation : owned.generation;
}

Dependency dependency_of(const Observation& observation, const Owned* row) {
  Dependency dependency{observation.identity, observation.phase, row ? row->nonce : "", observation.outputs};
  if (observation.mark) dependency.nonce = observation.mark->nonce;
  return dependency;
}

Result<Outcome> outcome_from_json(const Json& json) {
  try {
    Outcome outcome;
    outcome.in_progress = json.at("state") == "in_progress";
    outcome.identity = json.value("identity", "");
    outcome.private_state = json.value("private", Json());
    outcome.notes = json.value("notes", std::vector<std::string>());
    return outcome;
  } catch (const Json::exception& e) {
    return malformed("outcome", e);
  }
}

Result<ListPage> list_page_from_json(const Json& json) {
  try {
    ListPage page;
    for (const Json& object : json.at("objects")) page.objects.push_back(read_listed(object));
    page.next = json.value("next", "");
    return page;
  } catch (const Json::exception& e) {
    return malformed("list", e);
  }
}

Result<std::vector<ChildSpec>> children_from_json(const Json& json) {
  try {
    std::vector<ChildSpec> children;
    for (const Json& child : json.at("children")) children.push_back(read_child(child));
    return children;
  } catch (const std::exception& e) {
    return malformed("expansion", e);
  }
}

}  // namespace tenon
