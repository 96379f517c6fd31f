#include "framework/plan/diff.h"

#include <algorithm>
#include <map>
#include <set>

#include "framework/base/quantity.h"
#include "framework/model/pointer.h"
#include "framework/model/resource.h"
#include "framework/model/secrets.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

const Schema kAnything;

// The three sides of one value; null: it is not there.
struct Sides {
  const Json* desired = nullptr;
  const Json* applied = nullptr;
  const Json* actual = nullptr;
};

const Json* present(const Json* value) { return value && !value->is_null() ? value : nullptr; }

const Json* member(const Json* object, const std::string& key) {
  if (!object || !object->is_object()) return nullptr;
  const auto found = object->find(key);
  return found == object->end() ? nullptr : present(&*found);
}

Json value_or_null(const Json* value) { return value ? *value : Json(); }

const Schema& member_schema(const Schema& schema, const std::string& key) {
  const auto property = schema.properties.find(key);
  if (property != schema.properties.end()) return property->second;
  return schema.additional ? *schema.additional : kAnything;
}

bool has_reference(const Json& value) {
  if (is_reference(value)) return true;
  return value.is_structured() && std::any_of(value.begin(), value.end(), has_reference);
}

// An object whose members are compared one by one.
bool is_open(const Json* value) { return value->is_object() && !is_reference(*value) && !is_handle(*value); }

// Both sides are objects, or one is and the other is missing; an empty one against nothing is a value of its
// own.
bool by_members(const Sides& sides) {
  const Json* d = sides.desired;
  const Json* a = sides.applied;
  if (d && a) return is_open(d) && is_open(a);
  const Json* only = d ? d : a;
  return is_open(only) && !only->empty() && (!sides.actual || sides.actual->is_object());
}

bool by_keys(const Schema& schema, const Sides& sides) {
  if (schema.list_type != ListType::map || schema.list_map_keys.empty()) return false;
  const auto fits = [](const Json* value) { return !value || value->is_array(); };
  return fits(sides.desired) && fits(sides.applied) && fits(sides.actual);
}

std::string key_of(const Schema& list, const Json& element) {
  Json key = Json::array();
  for (const std::string& name : list.list_map_keys) key.push_back(value_or_null(member(&element, name)));
  return key.dump();
}

std::map<std::string, const Json*> elements_by_key(const Schema& list, const Json* array) {
  std::map<std::string, const Json*> elements;
  if (array)
    for (const Json& element : *array) elements.emplace(key_of(list, element), &element);
  return elements;
}

bool is_less(const Json& a, const Json& b) {
  const auto left = Quantity::from_json(a), right = Quantity::from_json(b);
  return left && right && *left < *right;
}

// Whether a value is a secret or has one inside.
bool has_secret(const Schema& schema, const Json* value) {
  if (!value) return false;
  if (schema.secret) return true;
  if (value->is_array() && schema.items)
    return std::any_of(value->begin(), value->end(),
                       [&schema](const Json& item) { return has_secret(*schema.items, &item); });
  if (value->is_object())
    for (const auto& item : value->items())
      if (has_secret(member_schema(schema, item.key()), &item.value())) return true;
  return false;
}

// What two values have in place of secrets, and where else they are the same.
struct Secrets {
  size_t count = 0;
  std::set<std::string> keys;  // of handles; "-": a value

  friend bool operator==(const Secrets&, const Secrets&) = default;
};

Json without_secrets(const Schema& schema, bool secret, const Json& value, Secrets& found) {
  const bool handle = is_handle(value);
  if (handle || ((secret || schema.secret) && !value.is_null())) {
    ++found.count;
    found.keys.insert(handle ? key_of_handle(value) : "-");
    return {};
  }
  Json rest = value;
  if (rest.is_object())
    for (auto& [name, member] : rest.items())
      member = without_secrets(member_schema(schema, name), false, member, found);
  if (rest.is_array())
    for (Json& item : rest)
      item = without_secrets(schema.items ? *schema.items : kAnything, false, item, found);
  return rest;
}

// unknown: only secrets can differ, and whether they do does not show.
enum class Likeness { same, different, unknown };

std::string shown(bool secret, const Json* value) {
  if (!value) return "nothing";
  if (secret) return "a secret";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

class Comparer {
 public:
  // Null applied: nothing is known; otherwise a missing applied value means that it was not set.
  Comparer(SpecDiff& diff, const Json& applied, const std::vector<std::string>& defaulted, bool actual_known,
           bool populated)
      : diff_(diff),
        applied_(applied),
        defaulted_(defaulted),
        applied_known_(!applied.is_null()),
        actual_known_(actual_known),
        populated_(populated) {}

  void compare(const Schema& schema, const std::string& pointer, const Sides& sides) {
    if (schema.computed || schema.is_volatile) return;
    if (!sides.desired && !sides.applied) return;
    const Inherited outer = inherited_;
    inherited_ = {std::max(outer.rule, rule_of(schema)), outer.secret || schema.secret};
    if (by_members(sides))
      compare_members(schema, pointer, sides);
    else if (by_keys(schema, sides))
      compare_elements(schema, pointer, sides);
    else
      compare_value(schema, pointer, sides);
    inherited_ = outer;
  }

  bool stops_only() const { return !diff_.fields.empty() && others_ == 0; }

 private:
  void compare_members(const Schema& schema, const std::string& pointer, const Sides& sides) {
    std::set<std::string> keys;
    for (const Json* side : {sides.desired, sides.applied})
      if (side)
        for (const auto& item : side->items()) keys.insert(item.key());
    for (const std::string& key : keys)
      compare(member_schema(schema, key), joined(pointer, key),
              {member(sides.desired, key), member(sides.applied, key), member(sides.actual, key)});
  }

  // Elements are named by where they stand in desired; those that only applied has, by where they stood
  // there.
  void compare_elements(const Schema& schema, const std::string& pointer, const Sides& sides) {
    const auto applied = elements_by_key(schema, sides.applied),
               actual = elements_by_key(schema, sides.actual);
    const auto desired = elements_by_key(schema, sides.desired);
    const auto find = [](const auto& elements, const std::string& key) {
      const auto found = elements.find(key);
      return found == elements.end() ? nullptr : found->second;
    };
    const Schema& element = schema.items ? *schema.items : kAnything;
    for (size_t i = 0; sides.desired && i < sides.desired->size(); ++i) {
      const std::string key = key_of(schema, (*sides.desired)[i]);
      compare_element(element, joined(pointer, std::to_string(i)),
                      {&(*sides.desired)[i], find(applied, key), find(actual, key)});
    }
    for (size_t i = 0; sides.applied && i < sides.applied->size(); ++i) {
      const std::string key = key_of(schema, (*sides.applied)[i]);
      if (!desired.count(key))
        compare_element(element, joined(pointer, std::to_string(i)),
                        {nullptr, &(*sides.applied)[i], find(actual, key)});
    }
    if (schema.ordered) compare_order(schema, pointer, sides);
  }

  // The order of those elements that both have.
  void compare_order(const Schema& schema, const std::string& pointer, const Sides& sides) {
    const auto& [desired, applied, actual] = sides;
    const auto moved = [&schema](const Json* a, const Json* b) {
      return a && b && common_keys(schema, *a, *b) != common_keys(schema, *b, *a);
    };
    if (moved(applied, actual) && moved(desired, actual))
      add(schema, {pointer, *actual, *applied, true, false}, sides);
    if (moved(desired, applied ? applied : actual))
      add(schema, {pointer, value_or_null(applied ? applied : actual), *desired, false, false}, sides);
  }

  static std::vector<std::string> common_keys(const Schema& schema, const Json& of, const Json& with) {
    const auto there = elements_by_key(schema, &with);
    std::vector<std::string> keys;
    for (const Json& element : of)
      if (const std::string key = key_of(schema, element); there.contains(key)) keys.push_back(key);
    return keys;
  }

  UpdateRule rule_of(const Schema& schema) const {
    if (schema.update != UpdateRule::refuse_once_populated) return schema.update;
    return populated_ ? UpdateRule::refuse : UpdateRule::replace;
  }

  // An element comes and goes as a whole.
  void compare_element(const Schema& schema, const std::string& pointer, const Sides& sides) {
    const bool everywhere =
        sides.desired && (sides.applied || !applied_known_) && (sides.actual || !actual_known_);
    if (everywhere) return compare(schema, pointer, sides);
    compare_value(schema, pointer, sides);
  }

  void compare_value(const Schema& schema, const std::string& pointer, const Sides& sides) {
    const auto& [desired, applied, actual] = sides;
    if (has_drifted(schema, sides))
      add(schema, {pointer, value_or_null(actual), *applied, true, false}, sides);
    const bool lacks = actual_known_ && !actual && !applied_known_;
    if (lacks && is_default(schema, desired) && inherited_.rule < UpdateRule::replace)
      diff_.lacking.push_back(pointer);
    const Likeness likeness = desired_likeness(schema, pointer, sides);
    if (likeness == Likeness::unknown && inherited_.rule >= UpdateRule::replace)
      diff_.untold.push_back(pointer);
    else if (likeness != Likeness::same)
      add(schema,
          {pointer, value_or_null(applied ? applied : actual), value_or_null(desired), false,
           desired && has_reference(*desired)},
          sides);
  }

  bool has_drifted(const Schema& schema, const Sides& sides) const {
    const auto [desired, applied, actual] = sides;
    if (!actual_known_ || !applied) return false;
    if (!actual) return !is_secret(*applied);
    if (desired && likeness(schema, *desired, *actual) == Likeness::same) return false;
    return likeness(schema, *applied, *actual) == Likeness::different;
  }

  // Of what is desired and what it was told last; where that says nothing, of what is desired and what is.
  Likeness desired_likeness(const Schema& schema, const std::string& pointer, const Sides& sides) const {
    const auto [desired, applied, actual] = sides;
    if (!desired || (applied && has_reference(*desired))) return Likeness::different;
    const Likeness told = applied ? likeness(schema, *desired, *applied) : Likeness::unknown;
    if (told != Likeness::unknown) return told;
    const Likeness seen = actual                           ? likeness(schema, *desired, *actual)
                          : applied || is_secret(*desired) ? Likeness::unknown
                                                           : Likeness::different;
    if (applied || !applied_known_ || seen == Likeness::same) return seen;
    // A default that the plugin has gained since does not touch what exists.
    return is_default(schema, desired) && !is_owed(pointer) ? Likeness::same : Likeness::different;
  }

  bool is_owed(const std::string& pointer) const {
    return std::count(defaulted_.begin(), defaulted_.end(), pointer) > 0 && !find_value(applied_, pointer);
  }

  static bool is_default(const Schema& schema, const Json* value) {
    return value && schema.default_value && equivalent(schema, *value, *schema.default_value);
  }

  bool is_secret(const Json& value) const { return inherited_.secret || is_handle(value); }

  // A value and a handle, or handles of different keys, say nothing about each other.
  Likeness likeness(const Schema& schema, const Json& a, const Json& b) const {
    if (equivalent(schema, a, b)) return Likeness::same;
    Secrets in_a, in_b;
    const Json rest_of_a = without_secrets(schema, inherited_.secret, a, in_a);
    const Json rest_of_b = without_secrets(schema, inherited_.secret, b, in_b);
    if (!equivalent(schema, rest_of_a, rest_of_b)) return Likeness::different;
    return in_a == in_b ? Likeness::different : Likeness::unknown;
  }

  void add(const Schema& schema, FieldChange field, const Sides& sides) {
    for (const Json* side : {sides.desired, sides.applied, sides.actual})
      field.secret |= inherited_.secret || has_secret(schema, side);
    if (!field.known_after_apply) {
      refuse(schema, field, sides);
      diff_.rule = std::max(diff_.rule, inherited_.rule);
    }
    const std::string operation = operation_of(schema, sides.desired);
    if (!operation.empty() && !std::count(diff_.operations.begin(), diff_.operations.end(), operation))
      diff_.operations.push_back(operation);
    if (operation != "stop") ++others_;
    diff_.fields.push_back(std::move(field));
  }

  static std::string operation_of(const Schema& schema, const Json* desired) {
    if (!desired) return "";
    const auto found = schema.operations.find(desired->dump());
    return found == schema.operations.end() ? "" : found->second;
  }

  void refuse(const Schema& schema, const FieldChange& field, const Sides& sides) {
    const Json* now = sides.actual ? sides.actual : sides.applied;
    const std::string change =
        field.pointer + " from " + shown(field.secret, now) + " to " + shown(field.secret, sides.desired);
    std::string refusal;
    if (inherited_.rule == UpdateRule::refuse)
      refusal = "changing " + change + " is not possible";
    else if (schema.refuse_decrease && now && sides.desired && is_less(*sides.desired, *now))
      refusal = "decreasing " + change + " is not possible";
    if (!refusal.empty() && !std::count(diff_.refusals.begin(), diff_.refusals.end(), refusal))
      diff_.refusals.push_back(refusal);
  }

  // What an object says holds for everything in it.
  struct Inherited {
    UpdateRule rule = UpdateRule::live;
    bool secret = false;
  };

  SpecDiff& diff_;
  const Json& applied_;
  const std::vector<std::string>& defaulted_;
  Inherited inherited_;
  const bool applied_known_;
  const bool actual_known_;
  const bool populated_;
  int others_ = 0;  // fields that do more than stop
};

void collect_starts(const Schema& schema, const Json& value, std::vector<std::string>& operations) {
  const auto found = schema.operations.find(schema.operations.empty() ? "" : value.dump());
  if (found != schema.operations.end() && found->second == "start" && operations.empty())
    operations.push_back("start");
  if (value.is_object())
    for (const auto& item : value.items())
      collect_starts(member_schema(schema, item.key()), item.value(), operations);
}

}  // namespace

SpecDiff diff_spec(const Schema& schema, const Json& desired, const Json& applied, const Json& actual,
                   bool populated, const std::vector<std::string>& defaulted) {
  SpecDiff diff;
  const bool same = desired == applied && (actual.is_null() || applied == actual);
  if (same && !has_reference(desired)) return diff;
  Comparer comparer(diff, applied, defaulted, !actual.is_null(), populated);
  comparer.compare(schema, "", {present(&desired), present(&applied), present(&actual)});
  diff.stops_only = comparer.stops_only();
  return diff;
}

Json as_found(Json desired, const SpecDiff& diff) {
  for (auto field = diff.fields.rbegin(); field != diff.fields.rend(); ++field) {
    const Json::json_pointer place(field->pointer);
    if (!field->before.is_null()) {
      desired[place] = field->before;
    } else if (Json& owner = desired[place.parent_pointer()]; owner.is_array()) {
      owner.erase(std::stoul(place.back()));
    } else {
      owner.erase(place.back());
    }
  }
  return desired;
}

std::vector<std::string> defaulted_as_found(std::vector<std::string> defaulted, const SpecDiff& diff) {
  std::erase_if(defaulted, [&](const std::string& pointer) {
    return std::any_of(diff.fields.begin(), diff.fields.end(), [&](const FieldChange& field) {
      return lies_in(pointer, field.pointer) || lies_in(field.pointer, pointer);
    });
  });
  return defaulted;
}

std::vector<std::string> operations_of_create(const Schema& schema, const Json& spec) {
  std::vector<std::string> operations;
  collect_starts(schema, spec, operations);
  return operations;
}

}  // namespace tenon
