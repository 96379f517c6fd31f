// Writing a backend in C++: derive from sdk::Backend, end the file with TENON_PLUGIN. Header-only; needs
// nlohmann/json and plugin_abi.h, nothing else of Tenon. docs/plugin-abi.md has the meaning of
// every field.
//
// A method reports failure by throwing Failure; any other exception is reported as internal (a bug in the
// plugin). Nothing is thrown across the C boundary. Methods are called from up to limits.parallel threads
// (manifest; default 1).
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin_abi.h"  // beside it here and where it is installed

namespace tenon::sdk {

using Json = nlohmann::json;

// One of the error codes of docs/plugin-abi.md, such as "invalid_argument"; the message is for people: what
// happened, to what, and what to do.
class Failure : public std::exception {
 public:
  Failure(std::string code, std::string message) : code_(std::move(code)), message_(std::move(message)) {}
  // What a system call was refused with, an errno: tried again, unless somebody has to mend it first.
  static Failure of_errno(int error, const std::string& what) {
    const bool lacks_right = error == EACCES || error == EPERM || error == EROFS;
    const bool lacks_place = error == ENOENT || error == ENOTDIR || error == EISDIR || error == ENAMETOOLONG;
    const char* code = lacks_right   ? "permission_denied"
                       : lacks_place ? "failed_precondition"
                                     : "unavailable";
    return {code, what + ": " + std::strerror(error)};
  }
  const std::string& code() const { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string code_;
  std::string message_;
};

// The resource that a call is about. Absent members are empty or null.
struct Resource {
  std::string address;  // group/Kind/namespace/name
  std::string group, kind, name_space, name;
  Json desired;  // the completed spec; null where only what exists matters (observe of an orphan, delete)
  Json labels, annotations;
  Json applied;            // the spec as last applied
  std::string generation;  // opaque: keep it in the mark, give it back in observe
  std::string identity;    // as last reported by this plugin
  std::string nonce;       // one per create intent: keep it in the mark, give it back in observe
  std::string inventory;   // UUID of the inventory that owns the resource: keep it in the mark, give it back
  Json private_state;      // as last returned by this plugin
  Json dependencies;       // address -> {identity, phase, outputs, nonce} of its declared requirements
  std::vector<std::string> operations;  // what a mutating call does besides: "start", "stop"
  std::string
      mark;  // of an update that changes the mark and nothing else: "set", "drop", "move"; capabilities
  std::string from;  // "move": the address in the mark until now
  Json record;       // keep it beside the mark where there is room, give it back in list

  static Resource from_json(Json item);
  // {inventory, address, nonce, generation, record}: one way to keep a mark, and what is kept beside it. Null
  // for an update that drops it.
  Json mark_json() const;
  // Throws a Failure with this code, naming the owner, unless the mark, as mark_json made it, is of this
  // resource's inventory and nonce. An update that sets the mark (null: there is none) gives it to nobody's.
  void expect_own(const Json& mark, const char* code) const;
};

// What exists now. Defaults describe an absent object.
struct Observation {
  std::string existence = "absent";                 // present | absent | unknown
  Json error;                                       // {code, message} when unknown
  std::string phase;                                // the kind's own word, "Running"
  std::string reason, message;                      // why it is in that phase: one CamelCase word; a sentence
  std::string identity;                             // the backend's own name for it
  std::string inventory, owner, nonce, generation;  // the mark; owner is the address in it; empty: no mark
  Json actual;  // shaped like the spec; what cannot be read back is echoed from applied
  Json outputs = Json::object();
  std::optional<double> progress;   // 0 to 1
  std::string contents;             // claims only: none | incomplete | populated
  bool busy = false;                // somebody works on it now: wait, do not touch
  bool resumable = false;           // unfinished, nobody works on it: create with the same nonce goes on
  std::vector<std::string> users;   // who uses it besides the dependants in the graph, for people
  Json conditions = Json::array();  // [{type, status, reason, message}]
  std::vector<std::string> notes;

  Json to_json() &&;
  void set_mark(const Json& mark);  // as mark_json made it; null: none
  // Of an object that is there.
  static Observation present(std::string identity, const Json& mark, Json actual);
  static Observation unknown(const std::string& code, const std::string& message);
};

// The result of create, update and delete. Return soon: the engine observes again until it sees the effect.
struct Outcome {
  bool in_progress = false;
  std::string identity;
  Json private_state;  // at most 4 KiB; null: keep what was there
  std::vector<std::string> notes;

  Json to_json() const;
};

// A child that a composite expands to. pointer: where in the parent's spec it comes from ("" is the parent
// itself).
struct Child {
  std::string api_version, kind, name;
  Json spec;
  std::string pointer;
  Json labels = Json::object(), annotations = Json::object();

  Json to_json() const;
};

// An object that carries a mark, for list.
struct Listed {
  std::string inventory, owner, nonce, generation;  // the mark; owner is the address in it
  std::string identity;
  Json applied;        // the spec as last applied; null: not kept
  Json record;         // as it was given; null: not kept
  Json private_state;  // null: none

  Json to_json() const;
  // mark: as mark_json made it.
  static Listed from_mark(const Json& mark, std::string identity, Json applied);
};

struct ListPage {
  std::vector<Listed> objects;
  std::string next;  // where the next page begins; "": this was the last
};

// Makes the page that list was asked for, where all objects are at hand in the order of their identities.
class Pager {
 public:
  // inventory, after: as list got them.
  Pager(std::string inventory, std::string after, size_t most = 1000)
      : inventory_(std::move(inventory)), after_(std::move(after)), most_(most) {}
  // mark: as mark_json made it; null: none, and not to be listed.
  void add(const std::string& identity, const Json& mark, const Json& applied);
  ListPage page() { return std::move(page_); }

 private:
  const std::string inventory_, after_;
  const size_t most_;
  ListPage page_;
};

// One planned change, for check. Absent members are empty or null.
struct Change {
  std::string address, action;  // create | update | replace | delete
  Json desired;                 // values that are not known yet are left out; null for delete
  Json applied, actual;
  std::vector<std::string> unknown;  // JSON pointers of those values

  bool is_unknown(const std::string& pointer) const {
    return std::find(unknown.begin(), unknown.end(), pointer) != unknown.end();
  }
  static Change from_json(const Json& item);
};

// What check says to one change.
struct Check {
  std::vector<std::pair<std::string, int64_t>> demands;  // pool and amount, besides what it has already
  std::string unchecked;                                 // why it cannot be said yet: a value is not known
  std::string refusal, remedy;                           // why it cannot be done, and what to do about it

  Json to_json() const;
};

// A composite, what it is made of and what depends on it, for status.
struct Family {
  Resource composite;         // address and desired
  Json observation;           // its own, as observe gave it
  Json children, dependants;  // address -> observation
};

// The result of act.
struct Acted {
  std::string message;         // what has been done, for people
  Json data = Json::object();  // for programs
};

// Says that something has happened to a resource. A copy may be kept and called from any thread, until the
// backend is destroyed.
class Notifier {
 public:
  explicit Notifier(const tenon_host* host) : host_(host) {}
  void operator()(const std::string& address) const {
    const std::string text = Json{{"address", address}}.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (host_->notify) host_->notify(host_->context, text.data(), text.size());
  }

 private:
  const tenon_host* host_;
};

// The call a method serves. Valid until the method returns.
class Call {
 public:
  Call(const tenon_host* host, uint64_t id) : host_(host), id_(id) {}
  bool cancelled() const { return host_->cancelled(host_->context, id_) != 0; }
  int64_t remaining_ms() const { return host_->remaining_ms(host_->context, id_); }
  // message: constant lower-case text; data: an object, never secrets.
  void log(tenon_log_level level, const std::string& message, Json data = Json::object()) const;
  // The value that stands where the spec has a handle, {"tenon.dev/secret": ...}. Use it and let it go: it
  // belongs in no answer, log, argument or environment.
  Json secret(const Json& handle) const;
  // The data of the Secret that a field of this resource names (x-ref: core/Secret).
  std::map<std::string, std::string> secret(const Resource& resource, const std::string& name) const;
  Notifier notifier() const { return Notifier(host_); }

 private:
  Json redeem(const Json& ask) const;

  const tenon_host* host_;
  uint64_t id_;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // Before any other method, once; the configuration has been validated against the manifest.
  virtual void open(const Json& /*configuration*/, const Call&) {}
  // Never changes anything. A Failure makes this resource's existence unknown, and only this one's.
  virtual Observation observe(const Resource& resource, const Call& call) = 0;
  // Idempotent: the same nonce and generation again succeeds and makes nothing twice. An object without our
  // mark, or with another's: already_exists, naming the owner.
  virtual Outcome create(const Resource& resource, const Call& call) = 0;
  virtual Outcome update(const Resource& resource, const Call& call) = 0;
  // Deleting the absent succeeds. An object of another owner: failed_precondition, naming the owner.
  virtual Outcome remove(const Resource& resource, const Call& call) = 0;
  // Pure: sees the completed spec only, does no I/O. Only with the capability "expand".
  virtual std::vector<Child> expand(const Resource& /*resource*/, const Call&) { return {}; }
  // Every object that carries a mark of this inventory ("": of any), from where the last page ended (after:
  // its next). All of them, or a Failure. Only with the capability "list".
  virtual ListPage list(const std::string& /*inventory*/, const std::string& /*after*/, const Call&) {
    return {};
  }
  // What the whole instance has room for, told with every observation:
  // {name: {"capacity", "free", "unit"}}. Null: it has no pools.
  virtual Json pools(const Call&) { return nullptr; }
  // Pure: looks at nothing but the change and the pools. All changes of a plan are added up by the engine.
  // Only with the capability "check".
  virtual Check check(const Change& /*change*/, const Json& /*pools*/) { return {}; }
  // Pure: the spec, written in version `from`, in version `to`. Only with the capability "convert".
  virtual Json convert(const std::string& /*address*/, const std::string& /*from*/, const std::string& /*to*/,
                       const Json& spec) {
    return spec;
  }
  // Pure: what to show of a composite that can be told only together: reason, message, progress, conditions
  // and notes of what it returns count. Only with the capability "status".
  virtual Observation status(const Family& /*family*/) { return {}; }
  // Carries out one of the kind's actions; its arguments have been validated against the manifest. Only with
  // the capability "act".
  virtual Acted act(const Resource& resource, const std::string& action, const Json& /*arguments*/,
                    const Call&) {
    throw Failure("unimplemented", resource.address + " has no action '" + action + "'");
  }
  // From here on, until it is called again, these addresses are waited for: call.notifier() when something
  // happens to one of them. Returns at once. Only with the capability "watch".
  virtual void watch(const std::vector<std::string>& /*addresses*/, const Call&) {}
};

// ---- implementation ----

namespace internal {

// group/Kind/namespace/name.
inline void split_address(Resource& resource) {
  std::string* parts[] = {&resource.group, &resource.kind, &resource.name_space, &resource.name};
  size_t begin = 0;
  for (std::string* part : parts) {
    const size_t end = part == parts[3] ? std::string::npos : resource.address.find('/', begin);
    *part = resource.address.substr(begin, end == std::string::npos ? end : end - begin);
    if (end == std::string::npos) break;
    begin = end + 1;
  }
}

constexpr std::pair<std::string_view, Json Resource::*> kResourceValues[] = {
    {"desired", &Resource::desired},
    {"labels", &Resource::labels},
    {"annotations", &Resource::annotations},
    {"applied", &Resource::applied},
    {"private", &Resource::private_state},
    {"dependencies", &Resource::dependencies},
    {"record", &Resource::record}};
constexpr std::pair<std::string_view, std::string Resource::*> kResourceTexts[] = {
    {"address", &Resource::address}, {"generation", &Resource::generation}, {"identity", &Resource::identity},
    {"nonce", &Resource::nonce},     {"inventory", &Resource::inventory},   {"mark", &Resource::mark},
    {"from", &Resource::from}};

// The value is taken.
inline void set_member(Resource& r, std::string_view key, Json& value) {
  for (const auto& [name, member] : kResourceValues)
    if (name == key) return static_cast<void>(r.*member = std::move(value));
  for (const auto& [name, member] : kResourceTexts)
    if (name == key) return static_cast<void>(value.get_to(r.*member));
  if (key == "operations") value.get_to(r.operations);
}

}  // namespace internal

inline Resource Resource::from_json(Json item) {
  Resource r;
  r.labels = r.annotations = r.dependencies = Json::object();
  for (auto& [key, value] : item.get_ref<Json::object_t&>()) internal::set_member(r, key, value);
  internal::split_address(r);
  return r;
}

inline Json Resource::mark_json() const {
  if (mark == "drop") return nullptr;
  return {{"inventory", inventory},
          {"address", address},
          {"nonce", nonce},
          {"generation", generation},
          {"record", record}};
}

inline void Resource::expect_own(const Json& kept, const char* code) const {
  if (kept.is_null() && mark == "set") return;
  const std::string owner = kept.is_null() ? "" : kept.value("inventory", "");
  if (!kept.is_null() && owner == inventory && kept.value("nonce", "") == nonce) return;
  throw Failure(code, address + " belongs to inventory " + (owner.empty() ? "(none)" : owner));
}

inline void Observation::set_mark(const Json& mark) {
  if (mark.is_null()) return;
  inventory = mark.value("inventory", "");
  owner = mark.value("address", "");
  nonce = mark.value("nonce", "");
  generation = mark.value("generation", "");
}

inline Observation Observation::present(std::string identity, const Json& mark, Json actual) {
  Observation observation;
  observation.existence = "present";
  observation.identity = std::move(identity);
  observation.set_mark(mark);
  observation.actual = std::move(actual);
  return observation;
}

inline Json Observation::to_json() && {
  Json json;
  json["existence"] = std::move(existence);
  const auto put = [&json](const char* key, const auto& value) {
    if (!value.empty()) json[key] = value;
  };
  if (!error.is_null()) json["error"] = error;
  put("phase", phase);
  put("reason", reason);
  put("message", message);
  put("identity", identity);
  if (!nonce.empty() || !owner.empty() || !inventory.empty())
    json["mark"] = {
        {"inventory", inventory}, {"address", owner}, {"nonce", nonce}, {"generation", generation}};
  if (!actual.is_null()) json["actual"] = std::move(actual);
  if (!outputs.empty()) json["outputs"] = std::move(outputs);
  if (progress) json["progress"] = *progress;
  put("contents", contents);
  if (busy) json["busy"] = true;
  if (resumable) json["resumable"] = true;
  put("users", users);
  put("conditions", conditions);
  put("notes", notes);
  return json;
}

inline Observation Observation::unknown(const std::string& code, const std::string& message) {
  Observation observation;
  observation.existence = "unknown";
  observation.error = {{"code", code}, {"message", message}};
  return observation;
}

inline Json Outcome::to_json() const {
  Json json = {{"state", in_progress ? "in_progress" : "done"}};
  if (!identity.empty()) json["identity"] = identity;
  if (!private_state.is_null()) json["private"] = private_state;
  if (!notes.empty()) json["notes"] = notes;
  return json;
}

inline Json Child::to_json() const {
  return {
      {"apiVersion", api_version},  {"kind", kind},      {"name", name}, {"spec", spec}, {"labels", labels},
      {"annotations", annotations}, {"pointer", pointer}};
}

inline Listed Listed::from_mark(const Json& mark, std::string identity, Json applied) {
  return {mark.value("inventory", ""),  mark.value("address", ""),
          mark.value("nonce", ""),      mark.value("generation", ""),
          std::move(identity),          std::move(applied),
          mark.value("record", Json()), Json()};
}

inline void Pager::add(const std::string& identity, const Json& mark, const Json& applied) {
  if (mark.is_null() || identity <= after_) return;
  if (!inventory_.empty() && mark.value("inventory", "") != inventory_) return;
  if (page_.objects.size() < most_)
    page_.objects.push_back(Listed::from_mark(mark, identity, applied));
  else
    page_.next = page_.objects.back().identity;
}

inline Json Listed::to_json() const {
  Json json = {
      {"identity", identity},
      {"mark", {{"inventory", inventory}, {"address", owner}, {"nonce", nonce}, {"generation", generation}}}};
  if (!applied.is_null()) json["applied"] = applied;
  if (!record.is_null()) json["record"] = record;
  if (!private_state.is_null()) json["private"] = private_state;
  return json;
}

inline Change Change::from_json(const Json& item) {
  return {item.value("address", ""),     item.value("action", ""),
          item.value("desired", Json()), item.value("applied", Json()),
          item.value("actual", Json()),  item.value("unknown", std::vector<std::string>())};
}

inline Json Check::to_json() const {
  Json json = {{"demands", Json::array()}};
  for (const auto& [pool, amount] : demands) json["demands"].push_back({{"pool", pool}, {"amount", amount}});
  if (!unchecked.empty()) json["unchecked"] = unchecked;
  if (!refusal.empty()) json["refusal"] = {{"reason", refusal}, {"remedy", remedy}};
  return json;
}

namespace internal {

// The SDK stands alone, so it has one of its own.
inline std::string from_base64(const std::string& text) {
  static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<uint32_t>(digits.find(c) & 63);
    if ((count += 6) < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
  }
  return bytes;
}

}  // namespace internal

inline Json Call::redeem(const Json& ask) const {
  if (!host_->secret) throw Failure("unimplemented", "this Tenon is too old to hand out secrets");
  const std::string text = ask.dump();
  Json answer;
  host_->secret(
      host_->context, id_, text.data(), text.size(),
      [](void* taker, const char* json, size_t length) {
        *static_cast<Json*>(taker) = Json::parse(json, json + length, nullptr, false);
      },
      &answer);
  if (answer.is_object() && answer.contains("result")) return std::move(answer["result"]);
  const Json error = answer.is_object() ? answer.value("error", Json::object()) : Json::object();
  throw Failure(error.value("code", "internal"), error.value("message", "no answer about a secret"));
}

inline Json Call::secret(const Json& handle) const {
  if (!handle.is_object() || !handle.contains("tenon.dev/secret"))
    throw Failure("internal", "asked for a secret with what is no handle");
  return redeem({{"handle", handle["tenon.dev/secret"]}}).at("value");
}

inline std::map<std::string, std::string> Call::secret(const Resource& resource,
                                                       const std::string& name) const {
  std::map<std::string, std::string> data;
  const Json answer = redeem({{"address", resource.address}, {"secretRef", name}});
  for (const auto& [key, value] : answer.at("data").items())
    data[key] = internal::from_base64(value.get<std::string>());
  return data;
}

inline void Call::log(tenon_log_level level, const std::string& message, Json data) const {
  data["message"] = message;
  const std::string text = data.dump(-1, ' ', false, Json::error_handler_t::replace);
  host_->log(host_->context, level, text.data(), text.size());
}

namespace internal {

inline Json observe_one(Backend& backend, Json item, const Call& call) {
  try {
    return backend.observe(Resource::from_json(std::move(item)), call).to_json();
  } catch (const Failure& failure) {
    return Observation::unknown(failure.code(), failure.what()).to_json();
  } catch (const std::exception& other) {
    return Observation::unknown("internal", other.what()).to_json();
  }
}

// What one gives for an item, or {"error": ...}.
template <typename One>
Json or_error(const One& one) {
  try {
    return one();
  } catch (const Failure& failure) {
    return {{"error", {{"code", failure.code()}, {"message", failure.what()}}}};
  } catch (const std::exception& other) {
    return {{"error", {{"code", "internal"}, {"message", other.what()}}}};
  }
}

inline Json expand_one(Backend& backend, Json item, const Call& call) {
  return or_error([&]() -> Json {
    Json children = Json::array();
    for (const Child& child : backend.expand(Resource::from_json(std::move(item)), call))
      children.push_back(child.to_json());
    return {{"children", children}};
  });
}

inline Json convert_one(Backend& backend, Json item, const Call&) {
  return or_error([&]() -> Json {
    return {{"spec", backend.convert(item.at("address"), item.at("from"), item.at("to"), item.at("spec"))}};
  });
}

inline Json status_one(Backend& backend, Json item, const Call&) {
  return or_error([&]() -> Json {
    const Json observation = item.value("observation", Json::object());
    const Json children = item.value("children", Json::object());
    const Json dependants = item.value("dependants", Json::object());
    return backend.status({Resource::from_json(std::move(item)), observation, children, dependants})
        .to_json();
  });
}

// {key: an answer for each item}. An initializer list would copy all of them.
inline Json each(Json& items, const char* key, Backend& backend, const Call& call,
                 Json (*one)(Backend&, Json, const Call&)) {
  Json results;
  Json& list = results[key] = Json::array();
  for (Json& item : items) list.push_back(one(backend, std::move(item), call));
  return results;
}

inline Json observe_all(Backend& backend, Json& request, const Call& call) {
  Json answer = each(request.at("resources"), "observations", backend, call, observe_one);
  try {
    if (Json pools = backend.pools(call); !pools.is_null()) answer["pools"] = std::move(pools);
  } catch (const std::exception& unknown) {
    call.log(TENON_LOG_WARNING, "pools cannot be told", {{"error", unknown.what()}});
  }
  return answer;
}

inline Json check_all(Backend& backend, const Json& request) {
  const Json pools = request.value("pools", Json::object());
  Json checks = Json::array();
  for (const Json& item : request.at("changes"))
    checks.push_back(or_error([&] { return backend.check(Change::from_json(item), pools).to_json(); }));
  return {{"checks", checks}};
}

inline Json list(Backend& backend, const Json& request, const Call& call) {
  const ListPage page = backend.list(request.value("inventory", ""), request.value("after", ""), call);
  Json answer = {{"objects", Json::array()}};
  for (const Listed& object : page.objects) answer["objects"].push_back(object.to_json());
  if (!page.next.empty()) answer["next"] = page.next;
  return answer;
}

inline Json act(Backend& backend, Json request, const Call& call) {
  const std::string action = request.at("action");
  const Json arguments = request.value("arguments", Json::object());
  const Acted acted = backend.act(Resource::from_json(std::move(request)), action, arguments, call);
  return {{"message", acted.message}, {"data", acted.data}};
}

inline Json watch(Backend& backend, const Json& request, const Call& call) {
  backend.watch(request.at("addresses").get<std::vector<std::string>>(), call);
  return Json::object();
}

inline Json dispatch(Backend& backend, const std::string& method, Json request, const Call& call) {
  if (method == "open") {
    backend.open(request.value("configuration", Json::object()), call);
    return Json::object();
  }
  if (method == "observe") return observe_all(backend, request, call);
  if (method == "expand") return each(request.at("resources"), "expansions", backend, call, expand_one);
  if (method == "check") return check_all(backend, request);
  if (method == "convert") return each(request.at("resources"), "specs", backend, call, convert_one);
  if (method == "create") return backend.create(Resource::from_json(std::move(request)), call).to_json();
  if (method == "update") return backend.update(Resource::from_json(std::move(request)), call).to_json();
  if (method == "delete") return backend.remove(Resource::from_json(std::move(request)), call).to_json();
  if (method == "list") return list(backend, request, call);
  if (method == "status") return each(request.at("resources"), "statuses", backend, call, status_one);
  if (method == "act") return act(backend, std::move(request), call);
  if (method == "watch") return watch(backend, request, call);
  throw Failure("unimplemented", "this plugin has no method '" + method + "'");
}

struct Plugin {
  tenon_host host;
  std::string manifest;
  std::unique_ptr<Backend> backend;
};

inline Json answer(Plugin& plugin, uint64_t call, const char* method, const char* json,
                   size_t length) noexcept {
  const auto failed = [](const char* code, const char* message) {
    return Json{{"error", {{"code", code}, {"message", message}}}};
  };
  try {
    Json result;
    result["result"] =
        dispatch(*plugin.backend, method, Json::parse(json, json + length), Call(&plugin.host, call));
    return result;
  } catch (const Failure& failure) {
    return failed(failure.code().c_str(), failure.what());
  } catch (const std::exception& other) {
    return failed("internal", other.what());
  } catch (...) {
    return failed("internal", "the plugin threw something that is no std::exception");
  }
}

inline void invoke(void* self, uint64_t call, const char* method, const char* json, size_t length) {
  auto& plugin = *static_cast<Plugin*>(self);
  const std::string text =
      answer(plugin, call, method, json, length).dump(-1, ' ', false, Json::error_handler_t::replace);
  plugin.host.reply(plugin.host.context, call, text.data(), text.size());
}

inline const char* manifest(void* self, size_t* length) {
  const auto& plugin = *static_cast<Plugin*>(self);
  *length = plugin.manifest.size();
  return plugin.manifest.data();
}

inline void destroy(void* self) { delete static_cast<Plugin*>(self); }

inline int start(const tenon_host* host, tenon_plugin* out, std::unique_ptr<Backend> backend,
                 std::string text) {
  // An older host ends before its newer members, and has none of them.
  if (host->size < offsetof(tenon_host, secret) || out->size < sizeof(tenon_plugin)) return 1;
  tenon_host known{};
  std::memcpy(&known, host, std::min<size_t>(host->size, sizeof known));
  *out = {sizeof(tenon_plugin), new Plugin{known, std::move(text), std::move(backend)}, manifest, invoke,
          destroy};
  return 0;
}

}  // namespace internal
}  // namespace tenon::sdk

// BackendClass: default-constructible; manifest_text: the manifest as JSON text.
#define TENON_PLUGIN(BackendClass, manifest_text)                                                     \
  extern "C" __attribute__((visibility("default"))) int tenon_plugin_v1(const tenon_host* host,       \
                                                                        tenon_plugin* out) {          \
    try {                                                                                             \
      return tenon::sdk::internal::start(host, out, std::make_unique<BackendClass>(), manifest_text); \
    } catch (...) {                                                                                   \
      return 1;                                                                                       \
    }                                                                                                 \
  }
