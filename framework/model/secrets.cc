#include "framework/model/secrets.h"

#include <algorithm>

#include "framework/base/base64.h"
#include "framework/base/secret.h"
#include "framework/model/resource.h"

namespace tenon {
namespace {

const std::string kHandleMember(kHandleKey);

bool has_handle(const Json& value, const std::string& handle) {
  if (is_handle(value)) return value.at(kHandleMember) == handle;
  return value.is_structured() && std::any_of(value.begin(), value.end(), [&handle](const Json& member) {
           return has_handle(member, handle);
         });
}

bool is_about(const Json& request, const std::string& address) {
  if (request.value("address", "") == address) return true;
  const auto resources = request.find("resources");
  return resources != request.end() &&
         std::any_of(resources->begin(), resources->end(),
                     [&address](const Json& resource) { return resource.value("address", "") == address; });
}

std::string text_of(const SecretDocument& secret) {
  Json data = Json::object();
  for (const auto& [key, value] : secret.data) data[key] = to_base64(value);
  return data.dump();
}

const Schema* member_schema(const Schema* schema, const std::string& name) {
  if (!schema) return nullptr;
  const auto property = schema->properties.find(name);
  return property != schema->properties.end() ? &property->second : schema->additional.get();
}

// schema: null where nothing is said about the value.
bool mask(const Schema* schema, Json& value, Mask what) {
  const bool handle = is_handle(value);
  const bool secret = schema && schema->secret && !value.is_null() && !is_reference(value);
  if (handle ? what == Mask::values_and_handles : secret) {
    value = kMasked;
    return true;
  }
  if (handle) return false;
  bool masked = false;
  if (value.is_object())
    for (auto& [name, member] : value.items()) masked |= mask(member_schema(schema, name), member, what);
  if (value.is_array())
    for (Json& item : value) masked |= mask(schema ? schema->items.get() : nullptr, item, what);
  return masked;
}

}  // namespace

bool is_handle(const Json& value) {
  if (!value.is_object() || value.size() != 1) return false;
  const auto handle = value.find(kHandleMember);
  return handle != value.end() && handle->is_string();
}

bool mask_secrets(const Schema& schema, Json& spec, Mask what) { return mask(&schema, spec, what); }

Vault::~Vault() {
  for (auto& [handle, text] : values_) wipe(text);
  for (auto& [address, secret] : secrets_)
    for (auto& [key, value] : secret.data) wipe(value);
}

Json Vault::seal(const Json& value, SecretSource source) {
  forbid_dumps();
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  source.handle = keyed_hash(key_, text);
  const std::lock_guard lock(mutex_);
  values_.try_emplace(source.handle, std::move(text));
  Json handle = {{kHandleMember, source.handle}};
  sources_.insert(std::move(source));
  return handle;
}

bool Vault::knows(const Json& handle) const {
  const std::lock_guard lock(mutex_);
  return values_.contains(handle.at(kHandleMember).get<std::string>());
}

std::string Vault::add(const SecretDocument& secret) {
  forbid_dumps();
  const std::lock_guard lock(mutex_);
  secrets_.insert_or_assign(secret.address, secret);
  return keyed_hash(key_, text_of(secret));
}

bool Vault::allow(const Address& resource, const Address& secret) {
  const std::lock_guard lock(mutex_);
  const auto found = secrets_.find(secret);
  if (found == secrets_.end()) return false;
  allowed_.emplace(resource, secret);
  sources_.insert(
      {.address = secret, .file = found->second.file, .handle = keyed_hash(key_, text_of(found->second))});
  return true;
}

Result<Json> Vault::redeem(const Json& request, const Json& ask) const {
  if (ask.contains("handle") && ask["handle"].is_string()) return redeem_handle(request, ask["handle"]);
  if (ask.contains("secretRef") && ask["secretRef"].is_string()) return redeem_secret(request, ask);
  return Error{Code::invalid_argument, "asked for neither a handle nor a secretRef"};
}

Result<Json> Vault::redeem_handle(const Json& request, const std::string& handle) const {
  if (!has_handle(request, handle))
    return Error{Code::permission_denied, "the handle is none of the resource that the call is about"};
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(handle);
  if (found != values_.end()) return Json{{"value", Json::parse(found->second)}};
  return Error{Code::not_found,
               "the value of this secret is in no manifest that was given; name its file with -f"};
}

Result<Json> Vault::redeem_secret(const Json& request, const Json& ask) const {
  const std::string who = ask.value("address", "");
  const std::string name = ask["secretRef"];
  const auto address = parse_address(who);
  if (!address || !is_about(request, who))
    return Error{Code::permission_denied, "the call is not about '" + who + "'"};
  const Address secret{"core", "Secret", address->name_space, name};
  const std::lock_guard lock(mutex_);
  const auto found = secrets_.find(secret);
  if (found == secrets_.end())
    return Error{Code::not_found, "no manifest that was given has " + to_string(secret)};
  if (!allowed_.contains({*address, secret}))
    return Error{Code::permission_denied, who + " does not refer to " + to_string(secret)};
  return Json{{"data", Json::parse(text_of(found->second))}};
}

std::vector<SecretSource> Vault::sources() const {
  const std::lock_guard lock(mutex_);
  return {sources_.begin(), sources_.end()};
}

}  // namespace tenon
