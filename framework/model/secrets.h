// Handles: what stands for a secret value in specs, plans, calls and the inventory. The value itself is in a
// Vault and nowhere else, until the plugin redeems the handle.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/base/json.h"
#include "framework/base/result.h"
#include "framework/model/address.h"
#include "framework/model/change.h"
#include "framework/model/schema.h"

namespace tenon {

// {"tenon.dev/secret": "hmac-sha256:KEY:HASH"}, a keyed hash of the value: equal as long as the value is, so
// that a rotation shows. KEY tells keys apart: handles of different ones say nothing about each other.
inline constexpr std::string_view kHandleKey = "tenon.dev/secret";

bool is_handle(const Json& value);
// Which key it was made with; "" before keys were told apart.
std::string key_of_handle(const Json& handle);
// A handle anywhere in the value: its pointer; nothing: there is none.
std::optional<std::string> find_handle(const Json& value);

// What people see instead of a secret value or its handle.
inline constexpr std::string_view kMasked = "(sensitive)";

enum class Mask { values, values_and_handles };
// Masks every secret in a spec; true if there was one.
bool mask_secrets(const Schema& schema, Json& spec, Mask what);

// The schema of what an x-template ("group/Kind") makes; null: not known.
using TemplateSchemas = std::function<const Schema*(const std::string& kind)>;
// Puts something else in the place of every secret value that is no handle; true if there was one.
bool replace_secrets(const Schema& schema, Json& spec, const TemplateSchemas& templates,
                     const std::function<Json(const Json&)>& by);

// A v1 Secret among the manifests: an input of other resources, never made as an object.
struct SecretDocument {
  Address address;
  std::map<std::string, std::string> data;  // decoded
  std::string file;
};

// The secret values of one command, and who may have them. Thread-safe.
class Vault {
 public:
  // key: of the inventory, so that handles mean something only there.
  explicit Vault(std::string key);
  ~Vault();
  Vault(const Vault&) = delete;
  Vault& operator=(const Vault&) = delete;

  // Keeps the value; its handle.
  Json seal(const Json& value, SecretSource source);
  // The same for what no plan names the source of: a configuration.
  Json keep(const Json& value);
  // What its handle would be; nothing is kept.
  Json handle_of(const Json& value) const;

  // A keyed hash of all that is in it.
  std::string add(const SecretDocument& secret);
  // Allows the resource, whose spec names it, to redeem a v1 Secret. False: no such document was added.
  bool allow(const Address& resource, const Address& secret);

  // What a plugin asks for while it carries out this request: {"handle": TEXT}, which must stand in what the
  // request says of its resources themselves (or in the configuration), or {"address", "secretRef": NAME},
  // which that resource of the request must be allowed. {"value"} or {"data": {key: base64}}.
  // permission_denied: not a secret of what the call is about; not_found: no manifest that was given has the
  // value; invalid_argument: asked for neither.
  Result<Json> redeem(const Json& request, const Json& ask) const;

  // Where all that resources use was read, by address and pointer.
  std::vector<SecretSource> sources() const;

 private:
  std::string hash(std::string_view text) const;
  Result<Json> redeem_handle(const Json& request, const std::string& handle) const;
  Result<Json> redeem_secret(const Json& request, const Json& ask) const;

  const std::string key_, key_id_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> values_;  // by handle, as JSON text
  std::map<Address, SecretDocument> secrets_;
  std::set<SecretSource> sources_;
  std::set<std::pair<Address, Address>> allowed_;  // resource, Secret
};

}  // namespace tenon
