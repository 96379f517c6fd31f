#include "framework/cli/field_help.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "framework/base/diagnostics.h"

namespace tenon {
namespace {

Schema text_schema(std::string description) {
  Schema schema;
  schema.type = ValueType::string;
  schema.description = std::move(description);
  return schema;
}

Schema metadata_schema(bool cluster_scoped) {
  Schema schema;
  schema.type = ValueType::object;
  schema.description = "Who it is";
  Schema map;
  map.type = ValueType::object;
  map.additional = std::make_shared<const Schema>(text_schema(""));
  schema.properties["name"] = text_schema("Unique among the objects of this kind in its namespace");
  if (!cluster_scoped)
    schema.properties["namespace"] = text_schema("The one given with -n, or default, unless written");
  map.description = "For selecting with -l";
  schema.properties["labels"] = map;
  map.description =
      "For backends, and for Tenon itself: tenon.dev/backend, depends-on, approve, protect, moved-from";
  schema.properties["annotations"] = map;
  schema.required = {"name"};
  return schema;
}

// The whole object, as object_schema makes it, and none of its fields.
bool is_object(const Schema& schema) {
  return schema.properties.contains("apiVersion") && schema.properties.contains("kind");
}

// What elements of lists and values of maps are, however deep.
const Schema& element_of(const Schema& schema) {
  const Schema* here = &schema;
  while (here->items || (here->additional && here->properties.empty()))
    here = here->items ? here->items.get() : here->additional.get();
  return *here;
}

bool is_kind(const Catalog& catalog, const std::string& text) { return !catalog.resolve_kind(text).empty(); }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t dot = text.find('.');
    std::string part(text.substr(0, dot));
    part = part.substr(0, part.find('['));  // volumes[0].name is volumes.name
    parts.push_back(std::move(part));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

std::string joined(const std::vector<std::string>& parts, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ".") + parts[i];
  return text;
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// A field of the same name elsewhere helps most: "spec.running" for "running".
std::string nearest_path(const Catalog& catalog, const Field& at, const std::string& name, int depth) {
  for (const auto& [child, field] : fields_of(catalog, at)) {
    if (child == name) return child;
    if (depth == 0) continue;
    if (const std::string below = nearest_path(catalog, field, name, depth - 1); !below.empty())
      return child + "." + below;
  }
  return "";
}

Error unknown_field(const Catalog& catalog, const Field& parent, const std::string& above,
                    const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [child, field] : fields_of(catalog, parent)) names.push_back(child);
  std::string near(nearest_name(name, names));
  if (near.empty()) near = nearest_path(catalog, parent, name, 2);
  const std::string detail = !near.empty()   ? "; did you mean '" + near + "'?"
                             : names.empty() ? "; it has no fields"
                                             : "; it has " + listed(names);
  return {Code::not_found, above + " has no field '" + name + "'" + detail};
}

const char* word(UpdateRule rule) {
  switch (rule) {
    case UpdateRule::live: return "live";
    case UpdateRule::restart: return "restart";
    case UpdateRule::replace: return "replace";
    case UpdateRule::refuse_once_populated: return "refuse-once-populated";
    case UpdateRule::refuse: return "refuse";
  }
  return "";
}

void put_limits(const Schema& schema, OrderedJson& json) {
  if (!schema.enumeration.empty()) json["enum"] = schema.enumeration;
  if (!schema.pattern_text.empty()) json["pattern"] = schema.pattern_text;
  if (schema.quantity) json["format"] = "quantity";
  if (schema.min_length) json["minLength"] = *schema.min_length;
  if (schema.minimum) json["minimum"] = *schema.minimum;
  if (schema.maximum) json["maximum"] = *schema.maximum;
  if (schema.min_items) json["minItems"] = *schema.min_items;
  if (schema.max_items) json["maxItems"] = *schema.max_items;
  if (!schema.exactly_one_of.empty()) json["exactlyOneOf"] = schema.exactly_one_of;
}

void put_list_words(const Schema& schema, OrderedJson& json) {
  if (schema.type != ValueType::array) return;
  json["listType"] = schema.list_type == ListType::set   ? "set"
                     : schema.list_type == ListType::map ? "map"
                                                         : "atomic";
  if (!schema.list_map_keys.empty()) json["listMapKeys"] = schema.list_map_keys;
  if (schema.ordered) json["ordered"] = true;
}

}  // namespace

// Whatever its case: people write "vm" and "disk".
Error unknown_kind(const Catalog& catalog, const std::string& text) {
  std::map<std::string, std::string> kinds;  // what it may be called, in lower case
  std::vector<std::string> names, served;
  for (const Instance& instance : catalog.instances())
    for (const KindManifest& kind : instance.manifest->kinds)
      for (const std::string* name : {&kind.name.kind.str(), &kind.plural}) kinds[lower(*name)] = *name;
  for (const auto& [name, kind] : kinds) names.push_back(name);
  for (const KindName& kind : catalog.kinds()) served.push_back(kind.kind + "." + kind.group);
  const std::string near(nearest_name(lower(text), names));
  return {Code::not_found,
          "no instance serves a kind '" + text + "'" +
              (near.empty() ? "; served are " + listed(served) : "; did you mean '" + kinds[near] + "'?")};
}

Result<FieldPath> parse_field_path(const Catalog& catalog, std::string_view text) {
  const std::vector<std::string> parts = split(text);
  for (size_t count = parts.size(); count > 0; --count) {
    const std::string name = joined(parts, count);
    if (!is_kind(catalog, name)) continue;
    const std::vector<KindName> kinds = catalog.resolve_kind(name);
    if (kinds.size() > 1) {
      std::vector<std::string> candidates;
      for (const KindName& kind : kinds) candidates.push_back(kind.kind + "." + kind.group);
      return Error{Code::failed_precondition,
                   "'" + name + "' can mean several kinds; say which: " + listed(candidates)};
    }
    return FieldPath{
        catalog.find(kinds.front()), name, {parts.begin() + static_cast<std::ptrdiff_t>(count), parts.end()}};
  }
  return unknown_kind(catalog, parts.front());
}

Schema object_schema(const KindManifest& kind, const std::string& version) {
  const auto other = kind.schemas.find(version);
  Schema object;
  object.type = ValueType::object;
  const std::string shown = version.empty() ? kind.versions.front() : version;
  object.properties["apiVersion"] =
      text_schema(kind.name.group == "core" ? shown : kind.name.group + "/" + shown);
  object.properties["kind"] = text_schema(kind.name.kind);
  object.properties["metadata"] = metadata_schema(kind.cluster_scoped);
  object.properties["spec"] = other == kind.schemas.end() ? kind.schema : other->second;
  object.required = {"apiVersion", "kind", "metadata"};
  if (!object.properties["spec"].required.empty()) object.required.push_back("spec");
  if (!kind.outputs.properties.empty()) {
    object.properties["outputs"] = kind.outputs;
    object.properties["outputs"].computed = true;
  }
  return object;
}

std::vector<std::pair<std::string, Field>> fields_of(const Catalog& catalog, const Field& field) {
  const Schema& schema = element_of(field.schema);
  const auto name = parse_kind_name(schema.template_of);
  const KindManifest* made = name ? catalog.find(*name) : nullptr;
  std::vector<std::pair<std::string, Field>> fields;
  for (const auto& [key, property] : schema.properties) {
    const bool other = made && key == "spec" && property.properties.empty();
    Field child{other ? made->schema : property};
    child.required = std::find(schema.required.begin(), schema.required.end(), key) != schema.required.end();
    child.in_spec = field.in_spec || (key == "spec" && &schema == &field.schema && is_object(schema));
    child.update = std::max(std::max(field.update, schema.update), child.schema.update);
    child.secret = field.secret || schema.secret || child.schema.secret;
    fields.emplace_back(key, std::move(child));
  }
  return fields;
}

Result<Field> find_field(const Catalog& catalog, const KindManifest& kind, const Schema& object,
                         const std::vector<std::string>& path) {
  Field here{object};
  std::string above = kind.name.kind;
  for (const std::string& name : path) {
    const auto fields = fields_of(catalog, here);
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
    if (found == fields.end()) return unknown_field(catalog, here, above, name);
    here = found->second;
    above += "." + name;
  }
  return here;
}

std::string type_name(const Schema& schema) {
  if (schema.items) return "[]" + type_name(*schema.items);
  if (schema.additional && schema.properties.empty()) return "map[string]" + type_name(*schema.additional);
  switch (schema.type) {
    case ValueType::any: return "any";
    case ValueType::object: return "Object";
    case ValueType::array: return "[]any";
    case ValueType::string: return "string";
    case ValueType::integer: return "integer";
    case ValueType::number: return "number";
    case ValueType::boolean: return "boolean";
  }
  return "any";
}

OrderedJson to_json(const Field& field) {
  const Schema& schema = field.schema;
  OrderedJson json = {{"type", type_name(schema)}};
  if (field.required) json["required"] = true;
  if (!schema.description.empty()) json["description"] = schema.description;
  if (schema.default_value) json["default"] = *schema.default_value;
  put_limits(schema, json);
  put_list_words(schema, json);
  if (!schema.template_of.empty()) json["template"] = schema.template_of;
  if (element_of(schema).preserve_unknown) json["preserveUnknownFields"] = true;
  if (schema.computed)
    json["computed"] = true;
  else if (field.in_spec)
    json["update"] = word(field.update);
  if (schema.is_volatile) json["volatile"] = true;
  if (field.secret) json["secret"] = true;
  if (schema.refuse_decrease) json["decrease"] = "refuse";
  for (const auto& [value, operation] : schema.operations) json["operations"][value] = operation;
  return json;
}

}  // namespace tenon
