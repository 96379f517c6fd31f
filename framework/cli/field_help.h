// What a schema says about a field, as data: what `explain` prints and completion offers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/base/json.h"
#include "framework/base/yaml_text.h"
#include "framework/model/catalog.h"

namespace tenon {

// not_found, naming the nearest kind or all that are served.
Error unknown_kind(const Catalog& catalog, const std::string& text);

// "virtualmachine.kubevirt.io.spec.running" taken apart.
struct FieldPath {
  const KindManifest* kind = nullptr;
  std::string kind_text;            // as it was written
  std::vector<std::string> fields;  // "spec", "running"
};

// not_found: nobody serves such a kind, and the nearest is named; failed_precondition: several do.
Result<FieldPath> parse_field_path(const Catalog& catalog, std::string_view text);

// The schema of a whole object of the kind, in one of its versions ("": the hub): apiVersion, kind, metadata,
// spec, and what others may read as outputs.
Schema object_schema(const KindManifest& kind, const std::string& version = "");

// A field with what it inherits from those around it.
struct Field {
  Schema schema;
  bool required = false;
  bool in_spec = false;                  // only there a change means something to the backend
  UpdateRule update = UpdateRule::live;  // the strictest on the way
  bool secret = false;
};

// Follows a path through lists, maps and templates. not_found names the nearest field.
Result<Field> find_field(const Catalog& catalog, const KindManifest& kind, const Schema& object,
                         const std::vector<std::string>& fields);

// The fields below one, by name; of a list or map those of its elements. Empty: it has none.
std::vector<std::pair<std::string, Field>> fields_of(const Catalog& catalog, const Field& field);

// "string", "[]Object", "map[string]string" and so on.
std::string type_name(const Schema& schema);

// {"type", "required", "description", "default", "enum", ..., "update", ...}, what does not apply left out.
OrderedJson to_json(const Field& field);

}  // namespace tenon
