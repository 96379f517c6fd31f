#include <algorithm>
#include <cmath>
#include <set>

#include "framework/base/quantity.h"
#include "framework/model/json_reader.h"
#include "framework/model/resource.h"
#include "framework/model/schema.h"
#include "framework/model/secrets.h"

namespace tenon {
namespace {

// std::regex recurses for every character.
constexpr size_t kLongestMatched = 4096;

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A value as a message shows it: short, and never a secret.
std::string describe(const Json& value, bool secret) {
  if (value.is_null()) return "null";
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (secret) return value.is_string() ? "a text" : "a value of another type";
  std::string text = text_of(value);
  constexpr size_t kLongest = 60;
  if (text.size() > kLongest) {
    size_t end = kLongest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // between characters
    text = text.substr(0, end) + "...";
  }
  if (value.is_string()) return in_quotes(text);
  return (value.is_boolean() ? "the boolean " : "the number ") + text;
}

const char* describe(ValueType type) {
  switch (type) {
    case ValueType::any: return "a value";
    case ValueType::object: return "an object";
    case ValueType::array: return "a list";
    case ValueType::string: return "a string";
    case ValueType::integer: return "a whole number";
    case ValueType::number: return "a number";
    case ValueType::boolean: return "true or false";
  }
  return "a value";
}

bool is_whole(double number) { return std::trunc(number) == number && std::abs(number) < 9e15; }

bool is_whole(const Json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && is_whole(value.get<double>());
}

bool has_type(ValueType type, const Json& value) {
  switch (type) {
    case ValueType::any: return true;
    case ValueType::object: return value.is_object();
    case ValueType::array: return value.is_array();
    case ValueType::string: return value.is_string();
    case ValueType::integer: return is_whole(value);
    case ValueType::number: return value.is_number();
    case ValueType::boolean: return value.is_boolean();
  }
  return false;
}

std::string as_number(double number) {
  return is_whole(number) ? std::to_string(static_cast<int64_t>(number)) : Json(number).dump();
}

// As people write it: "16Mi".
std::string as_quantity(double number) {
  return is_whole(number) ? format_bytes(static_cast<int64_t>(number)) : as_number(number);
}

size_t characters(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Walks value and schema together. One object per call of complete_value.
class Completer {
 public:
  Completer(std::vector<SchemaProblem>& problems, std::vector<std::string>* defaulted)
      : problems_(problems), defaulted_(defaulted) {}

  void complete(const Schema& schema, Json& value, const std::string& pointer, bool secret) {
    if (is_reference(value)) return;
    secret = secret || schema.secret;
    if (secret && is_handle(value)) return;
    if (schema.quantity) return check_quantity(schema, value, pointer, secret);
    if (!has_type(schema.type, value)) return wrong_type(schema, value, pointer, secret);
    if (schema.type == ValueType::integer && value.is_number_float())
      value = static_cast<int64_t>(value.get<double>());
    check_enumeration(schema, value, pointer, secret);
    if (value.is_string()) check_string(schema, value.get_ref<const std::string&>(), pointer, secret);
    if (value.is_number()) check_range(schema, value, pointer, secret);
    if (value.is_object() && schema.type == ValueType::object)
      complete_object(schema, value, pointer, secret);
    if (value.is_array() && schema.type == ValueType::array) complete_array(schema, value, pointer, secret);
  }

 private:
  void problem(const std::string& pointer, std::string summary, std::string detail = "") {
    problems_.push_back({pointer, false, std::move(summary), std::move(detail)});
  }

  void wrong_type(const Schema& schema, const Json& value, const std::string& pointer, bool secret) {
    std::string detail;
    // Not the value: 1.10 and 0644 have lost their spelling by now.
    if (schema.type == ValueType::string && (value.is_number() || value.is_boolean()))
      detail = "put it in quotes";
    if (value.is_string() && !secret)
      detail = without_quotes(schema.type, value.get_ref<const std::string&>());
    problem(pointer, std::string("expected ") + describe(schema.type) + ", got " + describe(value, secret),
            detail);
  }

  static std::string without_quotes(ValueType type, const std::string& text) {
    if (type == ValueType::boolean)
      for (const auto& [words, meaning] : {std::pair{" yes Yes YES on On ON y Y ", "true"},
                                           std::pair{" no No NO off Off OFF n N ", "false"}})
        if (std::string_view(words).find(" " + text + " ") != std::string_view::npos)
          return std::string("write ") + meaning;
    const Json bare = Json::parse(text, nullptr, false);
    const bool helps = !bare.is_discarded() && !bare.is_structured() && has_type(type, bare);
    return helps ? "write it without quotes: " + bare.dump() : "";
  }

  void check_quantity(const Schema& schema, const Json& value, const std::string& pointer, bool secret) {
    const Result<Quantity> quantity = Quantity::from_json(value);
    if (!quantity) {
      const std::string& message = quantity.error().message;
      const size_t semicolon = message.find("; ");
      if (semicolon == std::string::npos || secret)
        return problem(pointer, secret ? "expected a quantity such as 64Mi" : message);
      return problem(pointer, message.substr(0, semicolon), message.substr(semicolon + 2));
    }
    const auto bound = [](double number) { return *Quantity::from_json(Json(number)); };
    if (schema.minimum && *quantity < bound(*schema.minimum))
      out_of_range(pointer, "at least " + as_quantity(*schema.minimum), value, secret);
    if (schema.maximum && *quantity > bound(*schema.maximum))
      out_of_range(pointer, "at most " + as_quantity(*schema.maximum), value, secret);
  }

  void check_enumeration(const Schema& schema, const Json& value, const std::string& pointer, bool secret) {
    const std::vector<Json>& allowed = schema.enumeration;
    if (allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
    std::vector<std::string> names;
    for (const Json& one : allowed) names.push_back(text_of(one).empty() ? "\"\"" : text_of(one));
    const std::string nearest(value.is_string() && !secret ? nearest_name(text_of(value), names) : "");
    problem(pointer, "expected one of " + list(names) + ", got " + describe(value, secret),
            nearest.empty() ? "" : "did you mean " + in_quotes(nearest) + "?");
  }

  void check_string(const Schema& schema, const std::string& text, const std::string& pointer, bool secret) {
    if (schema.min_length && characters(text) < *schema.min_length)
      problem(pointer, *schema.min_length == 1 ? "expected a text that is not empty"
                                               : "expected at least " + std::to_string(*schema.min_length) +
                                                     " characters, got " + std::to_string(characters(text)));
    if (!schema.pattern) return;
    if (text.size() > kLongestMatched)
      problem(pointer, "expected at most " + std::to_string(kLongestMatched) + " bytes, got " +
                           std::to_string(text.size()));
    else if (!std::regex_search(text, *schema.pattern))
      problem(pointer,
              "expected a text of the form " + schema.pattern_text + ", got " + describe(text, secret));
  }

  void check_range(const Schema& schema, const Json& value, const std::string& pointer, bool secret) {
    const double number = value.get<double>();
    if (schema.minimum && number < *schema.minimum)
      out_of_range(pointer, "at least " + as_number(*schema.minimum), value, secret);
    if (schema.maximum && number > *schema.maximum)
      out_of_range(pointer, "at most " + as_number(*schema.maximum), value, secret);
  }

  void out_of_range(const std::string& pointer, const std::string& wanted, const Json& value, bool secret) {
    problem(pointer, "expected " + wanted + ", got " + (secret ? "another value" : text_of(value)));
  }

  // null means not set, as in Kubernetes, so it also makes room for the default.
  void drop_nulls_and_fill(const Schema& schema, Json& value, const std::string& pointer) {
    for (const auto& [name, property] : schema.properties) {
      const auto found = value.find(name);
      if (found != value.end() && found->is_null()) value.erase(found);
      if (!property.default_value || value.contains(name)) continue;
      value[name] = *property.default_value;
      if (defaulted_) defaulted_->push_back(pointer + "/" + escape_pointer_token(name));
    }
  }

  void check_members(const Schema& schema, const Json& value, const std::string& pointer) {
    for (const std::string& name : schema.required)
      if (!value.contains(name)) {
        const auto property = schema.properties.find(name);
        problem(pointer, "required field " + in_quotes(name) + " is missing",
                property == schema.properties.end() ? "" : property->second.description);
      }
    if (schema.exactly_one_of.empty()) return;
    std::vector<std::string> given;
    for (const std::string& name : schema.exactly_one_of)
      if (value.contains(name)) given.push_back(name);
    if (given.size() != 1)
      problem(pointer, "expected exactly one of " + list(schema.exactly_one_of) + ", got " +
                           (given.empty() ? "none" : list(given)));
  }

  void unknown_field(const Schema& schema, const std::string& name, const std::string& pointer) {
    std::vector<std::string> known;
    for (const auto& [property, unused] : schema.properties) known.push_back(property);
    const std::string_view nearest = nearest_name(name, known);
    std::string detail = nearest.empty() ? "" : "did you mean " + in_quotes(nearest) + "?\n";
    detail += known.empty() ? "no fields are known here" : "known fields: " + list(known);
    problems_.push_back({pointer, true, "unknown field " + in_quotes(name), std::move(detail)});
  }

  void complete_object(const Schema& schema, Json& value, const std::string& pointer, bool secret) {
    drop_nulls_and_fill(schema, value, pointer);
    check_members(schema, value, pointer);
    for (auto& [name, member] : value.items()) {
      const std::string place = pointer + "/" + escape_pointer_token(name);
      const auto property = schema.properties.find(name);
      if (property != schema.properties.end())
        complete(property->second, member, place, secret);
      else if (schema.additional)
        complete(*schema.additional, member, place, secret);
      else if (!schema.preserve_unknown)
        unknown_field(schema, name, place);
    }
  }

  void complete_array(const Schema& schema, Json& value, const std::string& pointer, bool secret) {
    check_size(schema, value, pointer);
    std::set<Json> seen;
    for (size_t i = 0; i < value.size(); ++i) {
      const std::string place = pointer + "/" + std::to_string(i);
      if (schema.items) complete(*schema.items, value[i], place, secret);
      if (schema.list_type == ListType::atomic || is_reference(value[i])) continue;
      const Json key = list_key(schema, value[i]);
      if (!seen.insert(key).second)
        problem(place, "expected each " +
                           (schema.list_type == ListType::set ? "value" : list(schema.list_map_keys)) +
                           " once, got " +
                           (secret ? "a value" : text_of(key.size() == 1 && key.is_array() ? key[0] : key)) +
                           " twice");
    }
  }

  void check_size(const Schema& schema, const Json& value, const std::string& pointer) {
    const auto wrong = [&](const char* relation, size_t bound) {
      problem(pointer, std::string("expected at ") + relation + " " + std::to_string(bound) +
                           (bound == 1 ? " item" : " items") + ", got " + std::to_string(value.size()));
    };
    if (schema.min_items && value.size() < *schema.min_items) wrong("least", *schema.min_items);
    if (schema.max_items && value.size() > *schema.max_items) wrong("most", *schema.max_items);
  }

  static Json list_key(const Schema& schema, const Json& item) {
    if (schema.list_type == ListType::set) return item;
    Json key = Json::array();
    for (const std::string& name : schema.list_map_keys)
      key.push_back(item.is_object() ? item.value(name, Json()) : item);
    return key;
  }

  std::vector<SchemaProblem>& problems_;
  std::vector<std::string>* const defaulted_;
};

}  // namespace

void complete_value(const Schema& schema, Json& value, std::vector<SchemaProblem>& problems,
                    std::vector<std::string>* defaulted) {
  Completer(problems, defaulted).complete(schema, value, "", false);
}

}  // namespace tenon
