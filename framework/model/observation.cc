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

Mark mark_from_json(const Json& mark) {
  return {mark.value("inventory", ""), mark.value("address", ""), mark.value("nonce", ""),
          mark.value("generation", "")};
}

using Read = void (*)(const Json&, Observation&);

// How each member is read; it throws where the type is wrong.
constexpr std::pair<std::string_view, Read> kMembers[] = {
    {"phase", [](const Json& json, Observation& o) { json.get_to(o.phase); }},
    {"reason", [](const Json& json, Observation& o) { json.get_to(o.reason); }},
    {"message", [](const Json& json, Observation& o) { json.get_to(o.message); }},
    {"identity", [](const Json& json, Observation& o) { json.get_to(o.identity); }},
    {"error",
     [](const Json& json, Observation& o) {
       o.error = Error{parse_code(json.value("code", "")), json.value("message", "")};
     }},
    {"mark", [](const Json& json, Observation& o) { o.mark = mark_from_json(json); }},
    {"actual", [](const Json& json, Observation& o) { o.actual = object_or_null(json, "actual"); }},
    {"outputs",
     [](const Json& json, Observation& o) {
       if (!json.is_null()) o.outputs = object_or_null(json, "outputs");
     }},
    {"progress", [](const Json& json, Observation& o) { o.progress = progress_from(json); }},
    {"contents", [](const Json& json,
                    Observation& o) { o.contents = parse_contents(json.get_ref<const std::string&>()); }},
    {"busy", [](const Json& json, Observation& o) { json.get_to(o.busy); }},
    {"resumable", [](const Json& json, Observation& o) { json.get_to(o.resumable); }},
    {"users", [](const Json& json, Observation& o) { json.get_to(o.users); }},
    {"conditions", [](const Json& json, Observation& o) { o.conditions = conditions_from_json(json); }},
    {"notes", [](const Json& json, Observation& o) { json.get_to(o.notes); }},
};

// Throws where a member has the wrong type; those that it does not know are left out.
Observation read(const Json& json) {
  Observation o;
  for (const auto& [key, value] : json.get_ref<const Json::object_t&>())
    for (const auto& [name, read_member] : kMembers)
      if (name == key) {
        read_member(value, o);
        break;
      }
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
