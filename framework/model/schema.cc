#include "framework/model/schema.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "framework/base/quantity.h"
#include "framework/model/address.h"
#include "framework/model/json_reader.h"

namespace tenon {
namespace {

Schema parse(const Json& json, const std::string& pointer, std::optional<Error>& error);

// Reads a word that is one of a few; keeps target when it is missing.
template <typename Enum, size_t N>
void read_word(JsonReader& reader, const char* name, const std::pair<const char*, Enum> (&words)[N],
               Enum& target) {
  if (!reader.find(name)) return;
  std::string text, known;
  reader.read(name, text);
  for (const auto& [word, value] : words) {
    if (text == word) {
      target = value;
      return;
    }
    known += (known.empty() ? "" : ", ") + std::string(word);
  }
  reader.fail(name, "one of " + known);
}

void read_type(JsonReader& reader, Schema& schema) {
  if (reader.find("properties") || reader.find("additionalProperties")) schema.type = ValueType::object;
  if (reader.find("items")) schema.type = ValueType::array;
  read_word(reader, "type",
            {std::pair{"object", ValueType::object},
             {"array", ValueType::array},
             {"string", ValueType::string},
             {"integer", ValueType::integer},
             {"number", ValueType::number},
             {"boolean", ValueType::boolean}},
            schema.type);
  std::string format;
  reader.read("format", format);
  schema.quantity = format == "quantity";
  schema.path = format == "path";
  schema.program = format == "program";
}

std::shared_ptr<const Schema> read_child(JsonReader& reader, const char* name, std::optional<Error>& error) {
  const Json* child = reader.find(name);
  return child ? std::make_shared<const Schema>(parse(*child, reader.pointer(name), error)) : nullptr;
}

void read_object_words(JsonReader& reader, Schema& schema, std::optional<Error>& error) {
  reader.read("x-kubernetes-preserve-unknown-fields", schema.preserve_unknown);
  reader.read("required", schema.required);
  reader.read("x-exactly-one-of", schema.exactly_one_of);
  reader.read("x-template", schema.template_of);
  const Json* additional = reader.find("additionalProperties");
  if (additional && additional->is_boolean())
    schema.preserve_unknown = schema.preserve_unknown || additional->get<bool>();
  else
    schema.additional = read_child(reader, "additionalProperties", error);
  if (const Json* properties = reader.find("properties")) {
    JsonReader inner(*properties, reader.pointer("properties"), error);
    if (properties->is_object())
      for (const auto& [name, property] : properties->items())
        schema.properties.emplace(name, parse(property, inner.pointer(name.c_str()), error));
  }
  if (!schema.template_of.empty()) {
    if (!parse_kind_name(schema.template_of))
      reader.fail("x-template", "a kind such as core/PersistentVolumeClaim");
    schema.type = ValueType::object;
    Schema anything;
    anything.type = ValueType::object;
    anything.preserve_unknown = true;
    schema.properties.try_emplace("metadata", anything);
    schema.properties.try_emplace("spec", anything);
  }
  for (const auto* names : {&schema.required, &schema.exactly_one_of})
    for (const std::string& name : *names)
      if (!schema.properties.contains(name) && !schema.preserve_unknown && !schema.additional)
        reader.fail(names == &schema.required ? "required" : "x-exactly-one-of",
                    "names of properties, not " + name);
}

void read_array_words(JsonReader& reader, Schema& schema, std::optional<Error>& error) {
  schema.items = read_child(reader, "items", error);
  reader.read("minItems", schema.min_items);
  reader.read("maxItems", schema.max_items);
  read_word(reader, "x-kubernetes-list-type",
            {std::pair{"atomic", ListType::atomic}, {"set", ListType::set}, {"map", ListType::map}},
            schema.list_type);
  reader.read("x-kubernetes-list-map-keys", schema.list_map_keys);
  reader.read("x-ordered", schema.ordered);
  if (schema.ordered && schema.list_type == ListType::atomic)
    reader.fail("x-ordered", "a list of type set or map: an atomic one is ordered anyway");
  if ((schema.list_type == ListType::map) == schema.list_map_keys.empty())
    reader.fail("x-kubernetes-list-map-keys", "keys for a list of type map, and for no other");
}

void read_scalar_words(JsonReader& reader, Schema& schema) {
  reader.read("minLength", schema.min_length);
  reader.read("minimum", schema.minimum);
  reader.read("maximum", schema.maximum);
  if (const Json* values = reader.find("enum")) {
    if (values->is_array() && !values->empty())
      schema.enumeration = values->get<std::vector<Json>>();
    else
      reader.fail("enum", "a list of values");
  }
  reader.read("x-ref", schema.refers_to);
  if (!schema.refers_to.empty() && !parse_kind_name(schema.refers_to))
    reader.fail("x-ref", "a kind such as core/Secret");
  reader.read("pattern", schema.pattern_text);
  if (schema.pattern_text.empty()) return;
  try {
    schema.pattern = std::make_shared<const std::regex>(schema.pattern_text, std::regex::ECMAScript);
  } catch (const std::regex_error& wrong) {
    reader.fail("pattern", std::string("a regular expression: ") + wrong.what());
  }
}

void read_operations(JsonReader& reader, Schema& schema) {
  const Json* operations = reader.find("x-operation");
  if (!operations) return;
  if (!operations->is_object()) return reader.fail("x-operation", "an object");
  for (const auto& [value, operation] : operations->items()) {
    if (operation != "start" && operation != "stop")
      return reader.fail("x-operation", "start or stop for each value");
    schema.operations.emplace(value, operation.get<std::string>());
  }
}

// true, false, or "update".
void read_computed(JsonReader& reader, Schema& schema) {
  const Json* word = reader.find("x-computed");
  if (!word) return;
  schema.computed_by_update = *word == "update";
  schema.computed = schema.computed_by_update || *word == true;
  if (!schema.computed && *word != false) reader.fail("x-computed", "true, false or \"update\"");
}

void read_change_words(JsonReader& reader, Schema& schema) {
  read_word(reader, "x-update",
            {std::pair{"live", UpdateRule::live},
             {"restart", UpdateRule::restart},
             {"replace", UpdateRule::replace},
             {"refuse-once-populated", UpdateRule::refuse_once_populated},
             {"refuse", UpdateRule::refuse}},
            schema.update);
  read_word(reader, "x-decrease", {std::pair{"refuse", true}}, schema.refuse_decrease);
  read_computed(reader, schema);
  reader.read("x-volatile", schema.is_volatile);
  reader.read("x-secret", schema.secret);
  reader.read("x-place", schema.place);
  read_operations(reader, schema);
}

Schema parse(const Json& json, const std::string& pointer, std::optional<Error>& error) {
  Schema schema;
  JsonReader reader(json, pointer, error);
  if (reader.failed()) return schema;
  reader.read("description", schema.description);
  read_type(reader, schema);
  read_object_words(reader, schema, error);
  read_array_words(reader, schema, error);
  read_scalar_words(reader, schema);
  read_change_words(reader, schema);
  if (const Json* value = reader.find("default")) schema.default_value = *value;
  return schema;
}

std::string unescape(std::string_view token) {
  std::string text;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    text += escape ? (token[++i] == '1' ? '/' : '~') : token[i];
  }
  return text;
}

const Schema* child(const Schema& schema, const std::string& token) {
  if (schema.type == ValueType::array) return schema.items.get();
  const auto property = schema.properties.find(token);
  return property != schema.properties.end() ? &property->second : schema.additional.get();
}

bool equivalent_or_exact(const Schema* schema, const Json& a, const Json& b) {
  return schema ? equivalent(*schema, a, b) : a == b;
}

bool equivalent_objects(const Schema& schema, const Json& a, const Json& b) {
  const Json missing;
  const auto covered = [&](const Json& one, const Json& other) {
    for (const auto& [name, value] : one.items()) {
      const auto found = other.find(name);
      if (!equivalent_or_exact(child(schema, name), value, found == other.end() ? missing : *found))
        return false;
    }
    return true;
  };
  const auto only_null = [&](const Json& one, const Json& other) {
    for (const auto& [name, value] : one.items())
      if (!value.is_null() && !other.contains(name)) return false;
    return true;
  };
  return covered(a, b) && only_null(b, a);
}

bool equivalent_arrays(const Schema& schema, const Json& a, const Json& b) {
  if (a.size() != b.size()) return false;
  const auto same = [&](const Json& x, const Json& y) {
    return equivalent_or_exact(schema.items.get(), x, y);
  };
  if (schema.list_type == ListType::set && !schema.ordered)
    return std::is_permutation(a.begin(), a.end(), b.begin(), same);
  return std::equal(a.begin(), a.end(), b.begin(), same);
}

}  // namespace

Result<Schema> parse_schema(const Json& json) {
  std::optional<Error> error;
  Schema schema = parse(json, "", error);
  if (error) return *error;
  return schema;
}

const Schema* find_schema(const Schema& schema, std::string_view pointer) {
  const Schema* here = &schema;
  while (here && !pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    here = child(*here, unescape(pointer.substr(0, end)));
    pointer.remove_prefix(end);
  }
  return here;
}

bool equivalent(const Schema& schema, const Json& a, const Json& b) {
  if (schema.quantity && !a.is_null() && !b.is_null()) {
    const Result<Quantity> x = Quantity::from_json(a), y = Quantity::from_json(b);
    if (x && y) return *x == *y;
  }
  if (a.is_object() && b.is_object()) return equivalent_objects(schema, a, b);
  if (a.is_array() && b.is_array()) return equivalent_arrays(schema, a, b);
  return a == b;
}

}  // namespace tenon
