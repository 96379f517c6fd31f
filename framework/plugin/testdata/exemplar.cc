// A plugin for tests that can do everything that a plugin can, and does it right: what the conformance kit is
// run on in all its parts.
//
// configuration.world: a directory with a file for each Parcel, so that they outlive the process.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "framework/plugin/plugin_sdk.h"

namespace {

using namespace tenon::sdk;
namespace fs = std::filesystem;

constexpr char kManifest[] = R"({
  "manifestVersion": 1, "name": "exemplar", "version": "1.0.0", "limits": {"parallel": 4, "batch": 3},
  "capabilities": ["expand", "status", "check", "list", "watch", "act", "convert", "adopt", "move"],
  "configuration": {"type": "object", "properties": {
    "world": {"type": "string", "description": "a directory for its objects"}}},
  "kinds": [
    {"group": "test.tenon.dev", "kind": "Parcel", "plural": "parcels", "versions": ["v2", "v1"],
     "ready": {"phases": ["Packed"]},
     "actions": [{"name": "shake", "description": "tells what is inside",
                  "arguments": {"type": "object", "required": ["times"],
                                "properties": {"times": {"type": "integer", "minimum": 1}}}}],
     "schema": {"type": "object", "properties": {
       "weight": {"type": "integer"}, "code": {"type": "string", "x-secret": true}}},
     "schemas": {"v1": {"type": "object", "properties": {
       "grams": {"type": "integer"}, "code": {"type": "string", "x-secret": true}}}}},
    {"group": "test.tenon.dev", "kind": "Label", "plural": "labels", "versions": ["v2"],
     "schema": {"type": "object", "properties": {"text": {"type": "string"}}}}]
})";

class Exemplar final : public Backend {
 public:
  void open(const Json& configuration, const Call&) override {
    world_ = configuration.at("world").get<std::string>();
  }

  Observation observe(const Resource& parcel, const Call&) override {
    const std::lock_guard lock(mutex_);
    const auto [identity, item] = find(parcel);
    if (item.is_null()) return {};
    Observation seen = Observation::present(identity, item.value("mark", Json()), item.at("spec"));
    seen.phase = "Packed";
    return seen;
  }

  Outcome create(const Resource& parcel, const Call& call) override {
    const std::lock_guard lock(mutex_);
    const auto [identity, item] = find(parcel);
    if (!item.is_null()) parcel.expect_own(item.value("mark", Json()), "already_exists");
    if (const auto code = parcel.desired.find("code"); code != parcel.desired.end())
      if (call.secret(*code).get<std::string>().empty())
        throw Failure("invalid_argument", "the code is empty");
    return put(identity, {{"spec", parcel.desired}, {"mark", parcel.mark_json()}}, parcel, call);
  }

  Outcome update(const Resource& parcel, const Call& call) override {
    const std::lock_guard lock(mutex_);
    const auto [identity, item] = find(parcel);
    if (item.is_null()) throw Failure("not_found", parcel.address + " is gone");
    parcel.expect_own(item.value("mark", Json()), "failed_precondition");
    const Json spec = parcel.mark.empty() ? parcel.desired : item.at("spec");
    return put(identity, {{"spec", spec}, {"mark", parcel.mark_json()}}, parcel, call);
  }

  Outcome remove(const Resource& parcel, const Call& call) override {
    const std::lock_guard lock(mutex_);
    const auto [identity, item] = find(parcel);
    if (item.is_null()) return {};
    parcel.expect_own(item.value("mark", Json()), "failed_precondition");
    fs::remove(file_of(identity));
    tell(parcel.address, call);
    return {};
  }

  ListPage list(const std::string& inventory, const std::string& after, const Call&) override {
    const std::lock_guard lock(mutex_);
    std::set<std::string> identities;
    for (const auto& entry : fs::directory_iterator(world_))
      if (entry.path().extension() == ".parcel") identities.insert(entry.path().stem());
    Pager pager(inventory, after, 1);
    for (const std::string& identity : identities)
      if (const Json item = read(identity); !item.is_null())
        pager.add(identity, item.value("mark", Json()), item.at("spec"));
    return pager.page();
  }

  std::vector<Child> expand(const Resource& parcel, const Call&) override {
    if (parcel.kind != "Parcel") return {};
    return {{"test.tenon.dev/v2", "Label", parcel.name + "-label", {{"text", "fragile"}}, ""}};
  }

  Observation status(const Family& family) override {
    Observation shown;
    shown.message = std::to_string(family.children.size()) + " labels";
    shown.conditions = {{{"type", "Labelled"},
                         {"status", family.children.empty() ? "Unknown" : "True"},
                         {"reason", "Counted"},
                         {"message", shown.message}}};
    return shown;
  }

  Json pools(const Call&) override {
    return {{"van", {{"capacity", 1000}, {"free", 1000}, {"unit", "kilograms"}}}};
  }

  Check check(const Change& change, const Json& pools) override {
    const int64_t before = change.actual.is_object() ? change.actual.value("weight", 0) : 0;
    if (change.action == "delete") return {.demands = {{"van", -before}}};
    if (change.is_unknown("/weight")) return {.unchecked = "how heavy it is"};
    const int64_t weight = change.desired.value("weight", 0);
    if (weight > pools.at("van").at("capacity"))
      return {.refusal = "too heavy for the van", .remedy = "halve it"};
    return {.demands = {{"van", weight - before}}};
  }

  Json convert(const std::string&, const std::string&, const std::string&, const Json& spec) override {
    Json converted = {{"weight", spec.value("grams", 0) / 1000}};
    if (spec.contains("code")) converted["code"] = spec["code"];
    return converted;
  }

  Acted act(const Resource& parcel, const std::string& action, const Json& arguments, const Call&) override {
    const std::lock_guard lock(mutex_);
    const auto [identity, item] = find(parcel);
    if (item.is_null()) throw Failure("not_found", parcel.address + " is gone");
    if (action != "shake") throw Failure("unimplemented", "a Parcel has no action '" + action + "'");
    return {"it rattles", {{"times", arguments.value("times", 1)}}};
  }

  void watch(const std::vector<std::string>& addresses, const Call&) override {
    const std::lock_guard lock(mutex_);
    watched_ = {addresses.begin(), addresses.end()};
  }

 private:
  // The identity is the first address, with dots for slashes.
  static std::string identity_of(std::string address) {
    std::replace(address.begin(), address.end(), '/', '.');
    return address;
  }
  fs::path file_of(const std::string& identity) const { return world_ / (identity + ".parcel"); }

  Json read(const std::string& identity) const {
    std::ifstream in(file_of(identity));
    return in ? Json::parse(in) : Json();
  }

  std::pair<std::string, Json> find(const Resource& parcel) const {
    if (!parcel.identity.empty())
      if (const Json item = read(parcel.identity); !item.is_null()) return {parcel.identity, item};
    const std::string identity = identity_of(parcel.address);
    return {identity, read(identity)};
  }

  // By a rename: object and mark are there together or not at all.
  Outcome put(const std::string& identity, const Json& item, const Resource& parcel, const Call& call) {
    const fs::path temporary = file_of(identity).string() + ".new";
    std::ofstream(temporary) << item;
    fs::rename(temporary, file_of(identity));
    tell(parcel.address, call);
    return {.identity = identity};
  }

  void tell(const std::string& address, const Call& call) const {
    if (watched_.contains(address)) call.notifier()(address);
  }

  fs::path world_;
  std::mutex mutex_;
  std::set<std::string> watched_;
};

}  // namespace

TENON_PLUGIN(Exemplar, kManifest)
