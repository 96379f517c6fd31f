#include "framework/kube/structural_schema.h"

#include <algorithm>

#include "framework/base/json.h"
#include "framework/kube/validation_rules.h"

namespace tenon {
namespace {

// maxLength bounds what Kubernetes reckons that the rules cost.
constexpr int kLongestQuantity = 64;
constexpr char kRules[] = "x-kubernetes-validations";
constexpr char kQuantity[] = R"(^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$)";

// Without bounds Kubernetes reckons with what fits into a request, for each element, and refuses rules about
// elements as too dear.
constexpr int kMostElements = 1000;
constexpr int kLongestCompared = 4096;

// Where in the spec a value stands.
struct Context {
  Change change = Change::free;
  bool element = false;     // of a map, or the spec: it has an old self of its own
  bool in_element = false;  // of a list or map, at any depth

  Context property() const { return {change, false, in_element}; }
};

Json convert(const Schema& schema, Context context);

const char* type_name(ValueType type) {
  switch (type) {
    case ValueType::any: return "";
    case ValueType::object: return "object";
    case ValueType::array: return "array";
    case ValueType::string: return "string";
    case ValueType::integer: return "integer";
    case ValueType::number: return "number";
    case ValueType::boolean: return "boolean";
  }
  return "";
}

Json open_value() { return {{"x-kubernetes-preserve-unknown-fields", true}}; }

void add_quantity(Json& json) {
  json["anyOf"] = Json::array({{{"type", "integer"}}, {{"type", "string"}}});
  json["x-kubernetes-int-or-string"] = true;
  json["pattern"] = kQuantity;
  json["maxLength"] = kLongestQuantity;
}

void add_scalar_words(const Schema& schema, Json& json) {
  if (!schema.enumeration.empty()) json["enum"] = schema.enumeration;
  if (!schema.pattern_text.empty()) json["pattern"] = schema.pattern_text;
  if (schema.min_length) json["minLength"] = *schema.min_length;
  if (schema.minimum) json["minimum"] = bound_json(*schema.minimum);
  if (schema.maximum) json["maximum"] = bound_json(*schema.maximum);
}

bool has_rules(const Json& json) {
  if (json.is_object() && json.contains(kRules)) return true;
  return json.is_structured() && std::any_of(json.begin(), json.end(), has_rules);
}

void add_object_words(const Schema& schema, const Context& context, Json& json) {
  if (!schema.required.empty()) json["required"] = schema.required;
  for (const auto& [name, property] : schema.properties)
    json["properties"][name] = convert(property, context.property());
  // Kubernetes has no map with some members declared: the others are then of any kind.
  if (schema.preserve_unknown || (schema.additional && !schema.properties.empty()))
    json["x-kubernetes-preserve-unknown-fields"] = true;
  else if (schema.additional)
    json["additionalProperties"] = convert(*schema.additional, {context.change, true, true});
  if (json.contains("additionalProperties") && has_rules(json["additionalProperties"]))
    json["maxProperties"] = kMostElements;
}

// A key that an element lacks would make it unknown which element it is.
void require_keys(const std::vector<std::string>& keys, Json& element) {
  for (const std::string& key : keys) {
    Json& required = element["required"];
    const bool has_default = element.contains(Json::json_pointer("/properties/" + key + "/default"));
    if (!has_default && std::find(required.begin(), required.end(), key) == required.end())
      required.push_back(key);
    if (required.is_null()) element.erase("required");
  }
}

void add_array_words(const Schema& schema, const Context& context, Json& json) {
  const bool map = schema.list_type == ListType::map;
  const bool lost = context.change == Change::free && !map;
  Json& items = json["items"];
  items = schema.items ? convert(*schema.items, {lost ? Change::unknown : context.change, map, true})
                       : open_value();
  if (schema.min_items) json["minItems"] = *schema.min_items;
  if (schema.max_items || has_rules(items)) json["maxItems"] = schema.max_items.value_or(kMostElements);
  if (map) {
    json["x-kubernetes-list-type"] = "map";
    json["x-kubernetes-list-map-keys"] = schema.list_map_keys;
    require_keys(schema.list_map_keys, items);
  } else if (schema.list_type == ListType::set) {
    json["x-kubernetes-list-type"] = "set";
    if (items.value("type", "") == "object") items["x-kubernetes-map-type"] = "atomic";
    if (items.value("type", "") == "array") items["x-kubernetes-list-type"] = "atomic";
  }
}

Json convert(const Schema& schema, Context context) {
  Json json = Json::object();
  if (!schema.description.empty()) json["description"] = schema.description;
  if (schema.default_value) json["default"] = *schema.default_value;
  Json rules = validation_rules(schema, context.change, context.element);
  if (!rules.empty()) json[kRules] = std::move(rules);
  if (is_immutable(schema) && context.change == Change::free) context.change = Change::refused;
  if (schema.quantity) {
    add_quantity(json);
    return json;
  }
  if (schema.type == ValueType::any)
    json.update(open_value());
  else
    json["type"] = type_name(schema.type);
  add_scalar_words(schema, json);
  if (schema.type == ValueType::string && context.in_element && context.change == Change::refused)
    json["maxLength"] = kLongestCompared;
  if (schema.type == ValueType::object) add_object_words(schema, context, json);
  if (schema.type == ValueType::array) add_array_words(schema, context, json);
  return json;
}

}  // namespace

Json structural_schema(const Schema& schema) { return convert(schema, {.element = true}); }

}  // namespace tenon
