#include "framework/model/secrets.h"

#include <algorithm>

#include "framework/base/base64.h"
#include "framework/base/secret.h"
#include "framework/model/json_reader.h"
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

// What a request says of a resource that belongs to it: not what others have, nor what was found.
bool says_handle(const Json& resource, const std::string& handle) {
  constexpr const char* kItsOwn[] = {"desired", "applied", "private", "dependencies"};
  return std::any_of(std::begin(kItsOwn), std::end(kItsOwn), [&](const char* member) {
    return resource.contains(member) && has_handle(resource[member], handle);
  });
}

bool may_redeem(const Json& request, const std::string& handle) {
  if (says_handle(request, handle)) return true;
  if (request.contains("configuration") && has_handle(request["configuration"], handle)) return true;
  for (const char* list : {"resources", "changes"})
    if (const auto all = request.find(list); all != request.end())
      for (const Json& resource : *all)
        if (says_handle(resource, handle)) return true;
  return false;
}

bool is_about(const Json& request, const std::string& address) {
  if (request.value("address", "") == address) return true;
  const auto resources = request.find("resources");
  return resources != request.end() &&
         std::any_of(resources->begin(), resources->end(),
                     [&address](const Json& resource) { return resource.value("address", "") == address; });
}

std::string text_of(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string text_of(const SecretDocument& secret) {
  Json data = Json::object();
  for (const auto& [key, value] : secret.data) data[key] = to_base64(value);
  return data.dump();
}

const Schema* no_template(const std::string&) { return nullptr; }

const Schema* member_schema(const Schema* schema, const std::string& name, const TemplateSchemas& templates) {
  if (!schema) return nullptr;
  if (name == "spec" && !schema->template_of.empty())
    if (const Schema* of = templates(schema->template_of)) return of;
  const auto property = schema->properties.find(name);
  return property != schema->properties.end() ? &property->second : schema->additional.get();
}

struct Replacement {
  Mask what;
  const TemplateSchemas& templates;
  const std::function<Json(const Json&)>& by;

  // schema: null where nothing is said about the value.
  bool operator()(const Schema* schema, Json& value) const {
    const bool handle = is_handle(value);
    const bool secret = schema && schema->secret && !value.is_null() && !is_reference(value);
    if (handle ? what == Mask::values_and_handles : secret) {
      value = by(value);
      return true;
    }
    if (handle) return false;
    bool replaced = false;
    if (value.is_object())
      for (auto& [name, member] : value.items())
        replaced |= (*this)(member_schema(schema, name, templates), member);
    if (value.is_array())
      for (Json& item : value) replaced |= (*this)(schema ? schema->items.get() : nullptr, item);
    return replaced;
  }
};

}  // namespace

bool is_handle(const Json& value) {
  if (!value.is_object() || value.size() != 1) return false;
  const auto handle = value.find(kHandleMember);
  return handle != value.end() && handle->is_string();
}

std::string key_of_handle(const Json& handle) {
  const std::string& text = handle.at(kHandleMember).get_ref<const std::string&>();
  const size_t first = text.find(':'), last = text.rfind(':');
  return first == last ? "" : text.substr(first + 1, last - first - 1);
}

std::optional<std::string> find_handle(const Json& value) {
  if (is_handle(value)) return "";
  if (value.is_object())
    for (const auto& [name, member] : value.items())
      if (const auto inside = find_handle(member)) return "/" + escape_pointer_token(name) + *inside;
  if (value.is_array())
    for (size_t i = 0; i < value.size(); ++i)
      if (const auto inside = find_handle(value[i])) return "/" + std::to_string(i) + *inside;
  return {};
}

bool mask_secrets(const Schema& schema, Json& spec, Mask what) {
  return Replacement{what, no_template, [](const Json&) { return Json(kMasked); }}(&schema, spec);
}

bool replace_secrets(const Schema& schema, Json& spec, const TemplateSchemas& templates,
                     const std::function<Json(const Json&)>& by) {
  return Replacement{Mask::values, templates, by}(&schema, spec);
}

Vault::Vault(std::string key) : key_(std::move(key)), key_id_(keyed_hash(key_, "id").substr(12, 8)) {}

Vault::~Vault() {
  for (auto& [handle, text] : values_) wipe(text);
  for (auto& [address, secret] : secrets_)
    for (auto& [key, value] : secret.data) wipe(value);
}

// "hmac-sha256:KEY:HASH"
std::string Vault::hash(std::string_view text) const {
  return keyed_hash(key_, text).insert(12, key_id_ + ":");
}

Json Vault::keep(const Json& value) {
  forbid_dumps();
  std::string text = text_of(value);
  std::string handle = hash(text);
  const std::lock_guard lock(mutex_);
  if (!values_.try_emplace(handle, std::move(text)).second) wipe(text);
  return {{kHandleMember, std::move(handle)}};
}

Json Vault::seal(const Json& value, SecretSource source) {
  Json handle = keep(value);
  source.handle = handle[kHandleMember];
  const std::lock_guard lock(mutex_);
  sources_.insert(std::move(source));
  return handle;
}

Json Vault::handle_of(const Json& value) const {
  std::string text = text_of(value);
  std::string handle = hash(text);
  wipe(text);
  return {{kHandleMember, std::move(handle)}};
}

std::string Vault::add(const SecretDocument& secret) {
  forbid_dumps();
  const std::lock_guard lock(mutex_);
  secrets_.insert_or_assign(secret.address, secret);
  return hash(text_of(secret));
}

bool Vault::allow(const Address& resource, const Address& secret) {
  const std::lock_guard lock(mutex_);
  const auto found = secrets_.find(secret);
  if (found == secrets_.end()) return false;
  allowed_.emplace(resource, secret);
  sources_.insert({.address = secret, .file = found->second.file, .handle = hash(text_of(found->second))});
  return true;
}

Result<Json> Vault::redeem(const Json& request, const Json& ask) const {
  if (ask.contains("handle") && ask["handle"].is_string()) return redeem_handle(request, ask["handle"]);
  if (ask.contains("secretRef") && ask["secretRef"].is_string()) return redeem_secret(request, ask);
  return Error{Code::invalid_argument, "asked for neither a handle nor a secretRef"};
}

Result<Json> Vault::redeem_handle(const Json& request, const std::string& handle) const {
  if (!may_redeem(request, handle))
    return Error{Code::permission_denied, "the handle is none of the resource that the call is about"};
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(handle);
  if (found != values_.end()) return Json{{"value", Json::parse(found->second)}};
  return Error{Code::not_found,
               "the value of this secret is in no manifest that was given; name its file with -f"};
}

Result<Json> Vault::redeem_secret(const Json& request, const Json& ask) const {
  if (!ask.contains("address") || !ask["address"].is_string())
    return Error{Code::invalid_argument, "a secretRef is asked for without the address of its resource"};
  const std::string who = ask["address"];
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
