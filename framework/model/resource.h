// Resource: one declared object, and where it was declared. Value types.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/diagnostics.h"
#include "framework/base/json.h"
#include "framework/base/shared_json.h"
#include "framework/model/address.h"

namespace tenon {

// Finds places in the text that a document came from. Looked up only when something must be said, so that
// loading keeps no table of places. Immutable; thread-safe.
class SourceMap {
 public:
  virtual ~SourceMap() = default;
  // The place of the value at the JSON pointer, or of its key; of the nearest ancestor that exists.
  virtual Position locate(std::string_view pointer, bool key) const = 0;
};

// Where a resource comes from: a document of the user, or a place in the spec of the composite that expanded
// to it.
struct Origin {
  std::shared_ptr<const SourceMap> source;  // null: not from a text (read from the inventory)
  std::string pointer;  // of the resource's spec in the document: "/spec", "/spec/a/0/spec"
  std::optional<Address> parent;

  // The place of a pointer into the resource's spec ("" is the spec itself).
  Position locate(std::string_view spec_pointer, bool key = false) const;
};

struct Resource {
  Address address;
  std::string version;   // as written, until it is completed: then the kind's hub version
  std::string instance;  // what it is routed to; known once completed
  SharedJson spec = SharedJson::object();
  std::vector<std::string> defaulted;  // pointers of what nobody wrote; known once completed
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  Origin origin;
};

// A child as a plugin's expand gives it, before it is validated. It lives in its parent's namespace.
struct ChildSpec {
  std::string api_version;
  std::string kind;
  std::string name;
  Json spec;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::string pointer;  // into the parent's spec
};

// Annotations that the engine itself reads.
inline constexpr std::string_view kBackendAnnotation = "tenon.dev/backend";
inline constexpr std::string_view kDependsOnAnnotation =
    "tenon.dev/depends-on";                                                  // addresses, comma-separated
inline constexpr std::string_view kApproveAnnotation = "tenon.dev/approve";  // plan/plan.h: approval_digest
inline constexpr std::string_view kProtectAnnotation = "tenon.dev/protect";  // "true"
inline constexpr std::string_view kMovedFromAnnotation = "tenon.dev/moved-from";  // the address it had

// A value that another resource's outputs supply: {"tenon.dev/ref": ADDRESS, "path": JSON pointer}. It may
// stand for any value in a spec, and is filled in just before the call.
struct ValueReference {
  std::string pointer;  // where in the spec it stands
  Address target;
  std::string path;  // into the target's outputs

  friend bool operator==(const ValueReference&, const ValueReference&) = default;
};

inline constexpr std::string_view kReferenceKey = "tenon.dev/ref";

bool is_reference(const Json& value);
// All of a spec, in the order of their pointers. A malformed one is invalid_argument naming its pointer.
Result<std::vector<ValueReference>> references_in(const Json& spec);

}  // namespace tenon
