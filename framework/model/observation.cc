#include "framework/model/observation.h"

#include <stdexcept>

#include "framework/base/digest.h"

namespace tenon {
namespace {

void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

Json conditions_to_json(const std::vector<Condition>& conditions) {
  Json list = Json::array();
  for (const Condition& c : conditions)
    list.push_back({{"type", c.type}, {"status", c.status}, {"reason", c.reason}, {"message", c.message}});
  return list;
}

std::vector<Condition> conditions_from_json(const Json& list) {
  std::vector<Condition> conditions;
  for (const Json& c : list)
    conditions.push_back(
        {c.value("type", ""), c.value("status", ""), c.value("reason", ""), c.value("message", "")});
  return conditions;
}

std::optional<Existence> parse_existence(const std::string& text) {
  for (Existence existence : {Existence::present, Existence::absent, Existence::unknown})
    if (to_string(existence) == text) return existence;
  return {};
}

Json object_or_null(const Json& json, const char* name) {
  if (!json.is_object() && !json.is_null()) throw std::invalid_argument(std::string(name) + " is no object");
  return json;
}

double progress_from(const Json& json) {
  const auto progress = json.get<double>();
  if (!(progress >= 0 && progress <= 1)) throw std::invalid_argument("progress is not from 0 to 1");
  return progress;
}

// Throws where a member has the wrong type.
Observation read(const Json& json) {
  Observation o;
  const auto take = [&json](const char* key, std::string& target) {
    if (const auto member = json.find(key); member != json.end()) member->get_to(target);
  };
  take("phase", o.phase);
  take("reason", o.reason);
  take("message", o.message);
  take("identity", o.identity);
  if (const auto error = json.find("error"); error != json.end())
    o.error = Error{parse_code(error->value("code", "")), error->value("message", "")};
  if (const auto mark = json.find("mark"); mark != json.end())
    o.mark = Mark{mark->value("inventory", ""), mark->value("address", ""), mark->value("nonce", ""),
                  mark->value("generation", "")};
  if (const auto actual = json.find("actual"); actual != json.end())
    o.actual = object_or_null(*actual, "actual");
  if (const auto outputs = json.find("outputs"); outputs != json.end() && !outputs->is_null())
    o.outputs = object_or_null(*outputs, "outputs");
  if (const auto progress = json.find("progress"); progress != json.end())
    o.progress = progress_from(*progress);
  o.contents = parse_contents(json.value("contents", ""));
  o.busy = json.value("busy", false);
  o.resumable = json.value("resumable", false);
  if (const auto users = json.find("users"); users != json.end()) users->get_to(o.users);
  if (const auto conditions = json.find("conditions"); conditions != json.end())
    o.conditions = conditions_from_json(*conditions);
  if (const auto notes = json.find("notes"); notes != json.end()) notes->get_to(o.notes);
  return o;
}

}  // namespace

std::string_view to_string(Existence existence) {
  switch (existence) {
    case Existence::present: return "present";
    case Existence::absent: return "absent";
    case Existence::unknown: return "unknown";
  }
  return "unknown";
}

std::string_view to_string(Contents contents) {
  switch (contents) {
    case Contents::unspecified: return "";
    case Contents::none: return "none";
    case Contents::incomplete: return "incomplete";
    case Contents::populated: return "populated";
  }
  return "";
}

Contents parse_contents(std::string_view text) {
  for (Contents contents : {Contents::none, Contents::incomplete, Contents::populated})
    if (to_string(contents) == text) return contents;
  return Contents::unspecified;
}

Observation unknown_observation(Error error) {
  Observation observation;
  observation.existence = Existence::unknown;
  observation.error = std::move(error);
  return observation;
}

Json to_json(const Observation& o) {
  Json json = {{"existence", to_string(o.existence)}};
  if (o.error) json["error"] = {{"code", to_string(o.error->code)}, {"message", o.error->message}};
  put(json, "phase", o.phase);
  put(json, "reason", o.reason);
  put(json, "message", o.message);
  put(json, "identity", o.identity);
  if (o.mark)
    json["mark"] = {{"inventory", o.mark->inventory},
                    {"address", o.mark->address},
                    {"nonce", o.mark->nonce},
                    {"generation", o.mark->generation}};
  if (!o.actual.is_null()) json["actual"] = o.actual;
  if (!o.outputs.empty()) json["outputs"] = o.outputs;
  if (o.progress) json["progress"] = *o.progress;
  put(json, "contents", std::string(to_string(o.contents)));
  if (o.busy) json["busy"] = true;
  if (o.resumable) json["resumable"] = true;
  if (!o.users.empty()) json["users"] = o.users;
  if (!o.conditions.empty()) json["conditions"] = conditions_to_json(o.conditions);
  if (!o.notes.empty()) json["notes"] = o.notes;
  return json;
}

Result<Observation> observation_from_json(const Json& json) {
  if (!json.is_object()) return Error{Code::internal, "an observation is not an object"};
  try {
    const auto existence = parse_existence(json.value("existence", ""));
    if (!existence)
      return Error{Code::internal, "an observation has no existence of present, absent or unknown"};
    Observation observation = read(json);
    observation.existence = *existence;
    if (*existence == Existence::unknown && !observation.error)
      observation.error = Error{Code::internal, "the plugin gave no reason"};
    return observation;
  } catch (const std::exception& e) {
    return Error{Code::internal, std::string("an observation has a member of the wrong type: ") + e.what()};
  }
}

std::string generation_of(const Json& spec) { return sha256(spec.dump()); }

}  // namespace tenon
