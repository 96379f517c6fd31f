#include "framework/kube/crd.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "framework/base/json.h"
#include "framework/kube/structural_schema.h"

namespace tenon {
namespace {

// Defaults of -1 keep those who wait (kstatus) from taking a new object for one that is ready.
constexpr char kStatus[] = R"({
  "type": "object",
  "description": "What exists. The operator writes it.",
  "default": {},
  "properties": {
    "observedGeneration": {
      "type": "integer", "format": "int64", "default": -1,
      "description": "metadata.generation of the spec that the status speaks of; -1: of none yet"
    },
    "conditions": {
      "type": "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
      "description": "Ready, Reconciling, Stalled, and the kind's own",
      "items": {
        "type": "object",
        "required": ["type", "status", "lastTransitionTime", "reason", "message"],
        "properties": {
          "type": {"type": "string", "minLength": 1},
          "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
          "observedGeneration": {"type": "integer", "format": "int64", "minimum": 0},
          "lastTransitionTime": {"type": "string", "format": "date-time"},
          "reason": {"type": "string", "description": "One CamelCase word"},
          "message": {"type": "string"}
        }
      }
    },
    "phase": {"type": "string", "description": "The kind's own word for how far it is"},
    "reason": {"type": "string", "description": "Why it is in that phase, as one CamelCase word"},
    "message": {"type": "string", "description": "The same as a sentence"},
    "progress": {"type": "string", "description": "Of the work that goes on, such as 42 %"},
    "node": {"type": "string", "description": "Where it was placed, for kinds that live on a node"},
    "instance": {"type": "string", "description": "The backend that it was routed to"},
    "identity": {"type": "string", "description": "The backend's own name of it"},
    "nonce": {"type": "string", "description": "What marks it as this object's in the backend"},
    "users": {
      "type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set",
      "description": "Who uses it besides what the API knows"
    },
    "outputs": {
      "type": "object", "x-kubernetes-preserve-unknown-fields": true,
      "description": "What other resources may refer to"
    },
    "applied": {
      "type": "object", "x-kubernetes-preserve-unknown-fields": true,
      "description": "The spec as it was last carried out"
    },
    "private": {"x-kubernetes-preserve-unknown-fields": true, "description": "The plugin's own"}
  }
})";

constexpr char kContents[] = R"({
  "type": "string", "enum": ["none", "incomplete", "populated"], "description": "What is in it"
})";

const std::vector<Column>& usual_columns() {
  static const std::vector<Column> columns = {{"Phase", "/status/phase"},
                                              {"Progress", "/status/progress"},
                                              {"Ready", "/status/conditions/Ready/status"},
                                              {"Reason", "/status/reason", true}};
  return columns;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Json status_schema(const KindManifest& kind) {
  Json status = Json::parse(kStatus);
  if (kind.claim) status["properties"]["contents"] = Json::parse(kContents);
  return status;
}

Json object_schema(const KindManifest& kind, const Schema& spec_schema) {
  Json spec = structural_schema(spec_schema);
  Json schema = {{"type", "object"}};
  // A spec that may be left out is there all the same, so that the rules about it always hold.
  if (spec_schema.required.empty() && spec_schema.exactly_one_of.empty())
    spec["default"] = Json::object();
  else
    schema["required"] = {"spec"};
  schema["properties"] = {{"spec", std::move(spec)}, {"status", status_schema(kind)}};
  return schema;
}

std::string json_path_name(const std::string& name) {
  std::string text = ".";
  for (char c : name) text += c == '.' ? std::string("\\.") : std::string(1, c);
  return text;
}

// A pointer as JSONPath, and the schema of what it leads to; null where nothing is declared.
struct Target {
  std::string json_path;
  Json schema;
};

Target follow(const Json& object, const std::string& pointer) {
  Target target{"", object};
  Json::json_pointer rest(pointer);
  std::vector<std::string> names;
  for (; !rest.empty(); rest.pop_back()) names.insert(names.begin(), rest.back());
  for (const std::string& name : names) {
    const Json here = target.schema;
    if (here.contains("items")) {
      const Json keys = here.value("x-kubernetes-list-map-keys", Json::array());
      target.json_path +=
          keys.size() == 1 ? "[?(@." + keys[0].get<std::string>() + "==\"" + name + "\")]" : "[" + name + "]";
      target.schema = here["items"];
    } else {
      target.json_path += json_path_name(name);
      const Json others = here.value("additionalProperties", Json::object());
      target.schema = here.value("properties", Json::object()).value(name, others);
    }
  }
  return target;
}

Json printer_column(const Column& column, const Json& object) {
  const Target target = follow(object, column.path);
  const std::string type = target.schema.value("type", "string");
  const bool scalar = type == "integer" || type == "number" || type == "boolean";
  Json json = {{"name", column.name},
               {"jsonPath", target.json_path},
               {"type", target.schema.value("format", "") == "date-time" ? "date"
                        : scalar                                         ? type
                                                                         : "string"}};
  if (target.schema.contains("description")) json["description"] = target.schema["description"];
  if (column.wide) json["priority"] = 1;
  return json;
}

Json printer_columns(const KindManifest& kind, const Json& object) {
  const std::vector<Column>& columns = kind.columns.empty() ? usual_columns() : kind.columns;
  Json list = Json::array();
  for (const bool wide : {false, true}) {
    for (const Column& column : columns)
      if (column.wide == wide) list.push_back(printer_column(column, object));
    if (!wide)
      list.push_back({{"name", "Age"}, {"jsonPath", ".metadata.creationTimestamp"}, {"type", "date"}});
  }
  return list;
}

Json versions_of(const KindManifest& kind) {
  Json versions = Json::array();
  for (const std::string& version : kind.versions) {
    const auto own = kind.schemas.find(version);
    const Json object = object_schema(kind, own == kind.schemas.end() ? kind.schema : own->second);
    versions.push_back({{"name", version},
                        {"served", true},
                        {"storage", versions.empty()},
                        {"schema", {{"openAPIV3Schema", object}}},
                        {"subresources", {{"status", Json::object()}}},
                        {"additionalPrinterColumns", printer_columns(kind, object)}});
  }
  return versions;
}

Json definition_of(const KindManifest& kind, const std::string& plugin) {
  Json names = {{"kind", kind.name.kind},
                {"listKind", kind.name.kind + "List"},
                {"plural", kind.plural},
                {"singular", lower(kind.name.kind)}};
  if (!kind.short_names.empty()) names["shortNames"] = kind.short_names;
  return {{"apiVersion", "apiextensions.k8s.io/v1"},
          {"kind", "CustomResourceDefinition"},
          {"metadata",
           {{"name", kind.plural + "." + kind.name.group},
            {"labels", {{"app.kubernetes.io/part-of", "tenon"}}},
            {"annotations", {{"tenon.dev/plugin", plugin}}}}},
          {"spec",
           {{"group", kind.name.group},
            {"names", std::move(names)},
            {"scope", kind.cluster_scoped ? "Cluster" : "Namespaced"},
            {"versions", versions_of(kind)}}}};
}

}  // namespace

bool is_kubernetes_group(std::string_view group) {
  return group.find('.') == std::string_view::npos || group.ends_with(".k8s.io");
}

std::vector<Json> custom_resource_definitions(const Manifest& manifest) {
  std::vector<Json> definitions;
  for (const KindManifest& kind : manifest.kinds)
    if (!is_kubernetes_group(kind.name.group)) definitions.push_back(definition_of(kind, manifest.name));
  return definitions;
}

}  // namespace tenon
