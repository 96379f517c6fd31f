// Schema: validation, defaults and diff rules of a kind's spec, from the JSON Schema subset of
// docs/plugin-abi.md. Immutable after parse; thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon {

enum class ValueType { any, object, array, string, integer, number, boolean };

// What a changed field means for the resource; the strictest changed field decides. refuse_once_populated:
// refused while the resource holds a user's data, before that a replace.
enum class UpdateRule { live, restart, replace, refuse_once_populated, refuse };

enum class ListType { atomic, set, map };

struct Schema {
  ValueType type = ValueType::any;
  std::string description;

  std::map<std::string, Schema> properties;
  std::vector<std::string> required;
  std::vector<std::string> exactly_one_of;
  std::shared_ptr<const Schema> additional;  // of the values of a map; null: unknown fields are refused
  bool preserve_unknown = false;

  std::shared_ptr<const Schema> items;
  ListType list_type = ListType::atomic;
  std::vector<std::string> list_map_keys;
  bool ordered = false;  // of a set or map: the order of its elements means something
  std::optional<size_t> min_items, max_items;

  std::vector<Json> enumeration;
  std::string pattern_text;  // anchored by its author, as in JSON Schema
  std::shared_ptr<const std::regex> pattern;
  std::optional<size_t> min_length;
  std::optional<double> minimum, maximum;
  bool quantity = false;
  bool path = false, program = false;  // of a setting: a file; what is run. Relative ones are made absolute

  std::optional<Json> default_value;
  UpdateRule update = UpdateRule::live;
  std::map<std::string, std::string> operations;  // new value as JSON text -> "start" or "stop"
  bool refuse_decrease = false;
  bool computed = false;
  bool computed_by_update = false;  // of an output: an update may change it, so it is not known through one
  bool is_volatile = false;
  bool secret = false;
  bool place = false;       // of a setting: where the instance looks, so that what is owned is there
  std::string template_of;  // "group/Kind": the object is {metadata, spec} of that kind
  std::string refers_to;    // "group/Kind": the text is the name of such an object in the same namespace
};

// invalid_argument names the JSON pointer within the schema.
Result<Schema> parse_schema(const Json& json);

// Something wrong with a value, at a JSON pointer into it. at_key: the key is meant, not its value.
struct SchemaProblem {
  std::string pointer;
  bool at_key = false;
  std::string summary;  // "unknown field 'siez'"
  std::string detail;   // "did you mean 'size'?"
};

// Fills in defaults in place and appends every problem found, in the order of the pointers. A value reference
// is accepted wherever a value may stand, a handle (secrets.h) wherever a secret may. defaulted: the pointers
// of what was filled in are appended there.
void complete_value(const Schema& schema, Json& value, std::vector<SchemaProblem>& problems,
                    std::vector<std::string>* defaulted = nullptr);

// The schema of the value at a pointer, or null where the schema says nothing about it.
const Schema* find_schema(const Schema& schema, std::string_view pointer);

// Whether two values mean the same: quantities by amount, sets without order, the rest exactly.
bool equivalent(const Schema& schema, const Json& a, const Json& b);

}  // namespace tenon
