// A plugin for tests of secrets and of what else it may say besides answering: it redeems what it is given,
// keeps no value but its hash, and writes down every request that it gets.
//
// configuration.world: a directory. requests.jsonl has every request; NAME has what is known of one Safe.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <set>

#include "framework/plugin/plugin_sdk.h"

namespace {

using namespace tenon::sdk;

constexpr char kManifest[] = R"({
  "manifestVersion": 1, "name": "keeper", "version": "1", "limits": {"parallel": 2},
  "capabilities": ["expand", "list", "adopt", "status", "act", "watch", "a-capability-of-the-future"],
  "configuration": {"type": "object", "required": ["world"], "properties": {
    "world": {"type": "string"}, "password": {"type": "string", "x-secret": true}}},
  "kinds": [
    {"group": "test.tenon.dev", "kind": "Safe", "plural": "safes", "versions": ["v1"], "composite": false,
     "ready": {"phases": ["Locked"]},
     "actions": [
       {"name": "knock", "description": "tells whoever watches",
        "arguments": {"type": "object", "required": ["times"],
                      "properties": {"times": {"type": "integer", "minimum": 1}}}},
       {"name": "steal", "description": "tries to redeem what another Safe was given"},
       {"name": "crash", "description": "redeems its combination and crashes with it"}],
     "schema": {"type": "object", "properties": {
       "combination": {"type": "string", "x-secret": true, "minLength": 3},
       "papers": {"type": "object", "x-secret": true, "x-kubernetes-preserve-unknown-fields": true},
       "pin": {"type": "string", "x-secret": true, "x-update": "replace"},
       "lock": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
         "code": {"type": "string", "x-secret": true, "default": "0000"}}},
       "owner": {"type": "string", "x-ref": "core/Secret"}}}},
    {"group": "test.tenon.dev", "kind": "Vault", "plural": "vaults", "versions": ["v1"],
     "schema": {"type": "object", "properties": {
       "safes": {"type": "array", "items": {"type": "object", "x-template": "test.tenon.dev/Safe"}}}}}]
})";

class Keeper final : public Backend {
 public:
  // How it was opened is in opened.jsonl, with all that its process was started with.
  void open(const Json& configuration, const Call& call) override {
    world_ = configuration.at("world").get<std::string>();
    std::ofstream opened(world_ / "opened.jsonl");
    opened << configuration << "\n";
    if (configuration.contains("password"))
      opened << Json{{"password", hash(call.secret(configuration["password"]).dump())}} << "\n";
    for (const char* file : {"cmdline", "environ"})
      opened << std::ifstream(std::string("/proc/self/") + file).rdbuf();
  }

  std::vector<Child> expand(const Resource& vault, const Call& call) override {
    record("expand", vault, call);
    std::vector<Child> children;
    for (const Json& safe : vault.desired.value("safes", Json::array()))
      children.push_back({.api_version = "test.tenon.dev/v1",
                          .kind = "Safe",
                          .name = safe.at("metadata").at("name"),
                          .spec = safe.at("spec"),
                          .pointer = "/safes/" + std::to_string(children.size())});
    return children;
  }

  Observation observe(const Resource& safe, const Call& call) override {
    record("observe", safe, call);
    const Json known = read(safe.name);
    if (known.is_null()) return {};
    Observation seen = Observation::present(safe.name, known.at("mark"), known.at("spec"));
    seen.phase = "Locked";
    seen.outputs = known.value("outputs", Json::object());
    return seen;
  }

  Outcome create(const Resource& safe, const Call& call) override {
    record("create", safe, call);
    Json outputs = Json::object();
    if (safe.kind == "Safe") {
      for (const char* field : {"combination", "papers", "pin"})
        if (safe.desired.contains(field)) outputs[field] = hash(call.secret(safe.desired[field]).dump());
      if (safe.desired.contains("lock"))
        outputs["lock"] = hash(call.secret(safe.desired["lock"].at("code")).dump());
      if (const std::string owner = safe.desired.value("owner", ""); !owner.empty())
        for (const auto& [key, value] : call.secret(safe, owner)) outputs[key] = hash(value);
    }
    write(safe.name, {{"spec", safe.desired}, {"mark", safe.mark_json()}, {"outputs", outputs}});
    return {.identity = safe.name};
  }

  Outcome update(const Resource& safe, const Call& call) override {
    if (safe.mark.empty()) return create(safe, call);
    record("update", safe, call);
    Json known = read(safe.name);
    known["mark"] = safe.mark_json();
    write(safe.name, known);
    return {.identity = safe.name};
  }

  ListPage list(const std::string& inventory, const std::string& after, const Call&) override {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(world_))
      if (entry.path().extension() != ".jsonl") names.insert(entry.path().filename());
    Pager pager(inventory, after);
    for (const std::string& name : names)
      if (const Json known = read(name); !known["mark"].is_null())
        pager.add(name, known["mark"], known["spec"]);
    return pager.page();
  }

  Outcome remove(const Resource& safe, const Call& call) override {
    record("delete", safe, call);
    std::filesystem::remove(world_ / safe.name);
    return {};
  }

  Observation status(const Family& family) override {
    Observation shown;
    size_t locked = 0;
    for (const Json& child : family.children) locked += child.value("phase", "") == "Locked";
    shown.message = std::to_string(locked) + " of " + std::to_string(family.children.size()) + " are locked";
    shown.conditions = {{{"type", "AllLocked"},
                         {"status", locked == family.children.size() ? "True" : "False"},
                         {"reason", "Counted"},
                         {"message", shown.message}}};
    shown.existence = "absent";  // counts for nothing
    return shown;
  }

  Acted act(const Resource& safe, const std::string& action, const Json& arguments,
            const Call& call) override {
    if (action == "steal")
      return {"stole it", {{"loot", call.secret({{"tenon.dev/secret", arguments.at("which")}})}}};
    if (action == "crash") {
      const std::string value = call.secret(safe.desired.at("combination"));
      if (!value.empty()) std::abort();
    }
    for (int i = 0; i < arguments.at("times"); ++i) call.notifier()(safe.address);
    return {"knocked", {{"watched", watched_}}};
  }

  void watch(const std::vector<std::string>& addresses, const Call&) override { watched_ = addresses; }

 private:
  static std::string hash(const std::string& text) { return std::to_string(std::hash<std::string>{}(text)); }

  Json read(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    std::ifstream in(world_ / name);
    return in ? Json::parse(in) : Json();
  }

  void write(const std::string& name, const Json& known) {
    const std::lock_guard lock(mutex_);
    std::ofstream(world_ / name) << known;
  }

  void record(const char* method, const Resource& resource, const Call& call) {
    const Json line = {{"method", method},
                       {"address", resource.address},
                       {"desired", resource.desired},
                       {"applied", resource.applied},
                       {"dependencies", resource.dependencies}};
    const std::lock_guard lock(mutex_);
    std::ofstream(world_ / "requests.jsonl", std::ios::app) << line << "\n";
    call.log(TENON_LOG_INFO, "called", line);
  }

  std::filesystem::path world_;
  mutable std::mutex mutex_;
  std::vector<std::string> watched_;
};

}  // namespace

TENON_PLUGIN(Keeper, kManifest)
