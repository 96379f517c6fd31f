#include "framework/kube/validation_rules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

namespace tenon {
namespace {

constexpr std::string_view kNoChange = "changing it is not possible";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// A property's name as CEL spells it in Kubernetes.
std::string cel_name(const std::string& name) {
  constexpr std::array<std::string_view, 18> kReserved = {
      "true", "false",    "null", "in",     "as",  "break", "const",   "continue",  "else",
      "for",  "function", "if",   "import", "let", "loop",  "package", "namespace", "return"};
  if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) return "__" + name + "__";
  std::string text = replaced(name, "__", "__underscores__");
  text = replaced(text, ".", "__dot__");
  text = replaced(text, "-", "__dash__");
  return replaced(text, "/", "__slash__");
}

std::string field_path(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c); });
  return plain ? "." + name : "['" + name + "']";
}

Json rule_of(std::string rule, std::string_view message) {
  return {{"rule", std::move(rule)}, {"message", message}};
}

// CEL knows no field without a type.
bool is_visible(const Schema& schema) {
  if (schema.quantity) return true;
  if (schema.type == ValueType::array) return schema.items && is_visible(*schema.items);
  if (schema.type == ValueType::object && schema.additional && schema.properties.empty())
    return is_visible(*schema.additional);
  return schema.type != ValueType::any;
}

std::string as_quantity(const std::string& value) { return "quantity(string(" + value + "))"; }

bool may_be_missing(const Schema& object, const std::string& name) {
  const auto& required = object.required;
  return !object.properties.at(name).default_value &&
         std::find(required.begin(), required.end(), name) == required.end();
}

// Below an object with an old self: the fields that must neither come nor go. A rule of their own sees them
// only while they are there. The path as CEL, as a JSONPath, and the condition under which it is there.
struct Field {
  std::string cel;
  std::string path;
  std::vector<std::string> steps;  // of cel, those that may be missing
};

std::string is_there(const Field& field, const std::string& root) {
  std::string text;
  for (const std::string& step : field.steps)
    text += (text.empty() ? "has(" : " && has(") + root + step + ")";
  return field.steps.size() > 1 ? "(" + text + ")" : text;
}

void add_presence(const Schema& schema, const Field& field, Json& rules) {
  if (is_immutable(schema)) {
    if (field.steps.empty()) return;
    rules.push_back(rule_of(is_there(field, "self") + " == " + is_there(field, "oldSelf"), kNoChange));
    rules.back()["fieldPath"] = field.path;
    return;
  }
  for (const auto& [name, property] : schema.properties) {
    Field next = {field.cel + "." + cel_name(name), field.path + field_path(name), field.steps};
    if (may_be_missing(schema, name)) next.steps.push_back(next.cel);
    add_presence(property, next, rules);
  }
}

void add_same(const Schema& schema, Json& rules) {
  rules.push_back(
      rule_of(schema.quantity ? as_quantity("self") + " == " + as_quantity("oldSelf") : "self == oldSelf",
              kNoChange));
}

void add_bounds(const Schema& schema, Json& rules) {
  const auto add = [&](const std::optional<double>& bound, const char* relation, const char* words) {
    if (!bound) return;
    const std::string limit = bound_json(*bound).dump();
    rules.push_back(rule_of(as_quantity("self") + ".compareTo(quantity('" + limit + "')) " + relation + " 0",
                            "expected " + std::string(words) + " " + limit));
  };
  add(schema.minimum, ">=", "at least");
  add(schema.maximum, "<=", "at most");
}

void add_exactly_one_of(const Schema& schema, Json& rules) {
  const auto& names = schema.exactly_one_of;
  const auto visible = [&schema](const std::string& name) {
    const auto property = schema.properties.find(name);
    return property != schema.properties.end() && is_visible(property->second);
  };
  if (names.empty() || !std::all_of(names.begin(), names.end(), visible)) return;
  std::string list, words;
  for (const std::string& name : names) {
    list += (list.empty() ? "has(self." : ", has(self.") + cel_name(name) + ")";
    words += (words.empty() ? "" : ", ") + name;
  }
  rules.push_back(rule_of("[" + list + "].exists_one(given, given)", "expected exactly one of " + words));
}

}  // namespace

Json bound_json(double bound) {
  const bool whole = std::trunc(bound) == bound && std::abs(bound) < 9e15;
  return whole ? Json(static_cast<int64_t>(bound)) : Json(bound);
}

bool is_immutable(const Schema& schema) {
  // A member that must not change must not come or go either.
  if (schema.computed || schema.is_volatile || !is_visible(schema)) return false;
  return schema.update == UpdateRule::refuse ||
         (schema.additional && schema.additional->update == UpdateRule::refuse);
}

Json validation_rules(const Schema& schema, Change change, bool anchor) {
  Json rules = Json::array();
  if (schema.quantity) add_bounds(schema, rules);
  add_exactly_one_of(schema, rules);
  if (change != Change::free) return rules;
  if (is_immutable(schema))
    add_same(schema, rules);
  else if (anchor)
    add_presence(schema, {}, rules);
  if (schema.refuse_decrease && !is_immutable(schema))
    rules.push_back(rule_of(schema.quantity
                                ? as_quantity("self") + ".compareTo(" + as_quantity("oldSelf") + ") >= 0"
                                : "self >= oldSelf",
                            "decreasing it is not possible"));
  return rules;
}

}  // namespace tenon
