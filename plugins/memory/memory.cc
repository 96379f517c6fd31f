// The reference plugin: Items, and Groups of them, that exist in memory or in a file and nowhere else.
#include <cstdio>
#include <fstream>
#include <mutex>
#include <thread>

#include "framework/plugin/plugin_sdk.h"
#include "plugins/memory/manifest.h"

namespace tenon::memory {

using sdk::Json;

// The world is address -> {spec, inventory, nonce, generation}: object and mark are born in one act.
class Memory final : public sdk::Backend {
 public:
  void open(const Json& configuration, const sdk::Call&) override {
    delay_ = configuration.value("delay", 0);
    file_ = configuration.value("file", "");
    if (std::ifstream in(file_); in) world_ = Json::parse(in);
  }

  sdk::Observation observe(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    if (!world_.contains(resource.address)) return {};
    const Json& item = world_[resource.address];
    sdk::Observation seen;
    seen.existence = "present";
    seen.actual = item.at("spec");
    seen.phase = seen.actual.value("running", true) ? "Ready" : "Stopped";
    seen.identity = seen.owner = resource.address;
    seen.inventory = item.at("inventory");
    seen.nonce = item.at("nonce");
    seen.generation = item.at("generation");
    if (seen.actual.contains("value")) seen.outputs["value"] = seen.actual["value"];
    return seen;
  }

  sdk::Outcome create(const sdk::Resource& resource, const sdk::Call&) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_));
    const std::lock_guard lock(mutex_);
    is_ours(resource, "already_exists");
    return put(resource);
  }

  sdk::Outcome update(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    if (!is_ours(resource, "failed_precondition"))
      throw sdk::Failure("not_found", resource.address + " is gone");
    return put(resource);
  }

  sdk::Outcome remove(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    if (is_ours(resource, "failed_precondition")) world_.erase(resource.address);
    return save({});
  }

  std::vector<sdk::Child> expand(const sdk::Resource& group, const sdk::Call&) override {
    std::vector<sdk::Child> children;
    Json spec = group.desired;
    spec.erase("items");
    for (const Json& name : group.desired.value("items", Json::array()))  // an Item has none
      children.push_back({"memory.tenon.dev/v1", "Item", name, spec, Json::object(), Json::object(),
                          "/items/" + std::to_string(children.size())});
    return children;
  }

 private:
  sdk::Outcome put(const sdk::Resource& r) {
    world_[r.address] = {
        {"spec", r.desired}, {"inventory", r.inventory}, {"nonce", r.nonce}, {"generation", r.generation}};
    return save({.identity = r.address});
  }

  // False: absent. Another's: a Failure.
  bool is_ours(const sdk::Resource& resource, const char* code) const {
    if (!world_.contains(resource.address)) return false;
    const Json& item = world_[resource.address];
    if (item.at("inventory") == resource.inventory && item.at("nonce") == resource.nonce) return true;
    throw sdk::Failure(code, resource.address + " belongs to inventory " + std::string(item["inventory"]));
  }

  sdk::Outcome save(sdk::Outcome outcome) const {
    if (file_.empty()) return outcome;
    std::ofstream(file_ + ".new") << world_;
    std::rename((file_ + ".new").c_str(), file_.c_str());
    return outcome;
  }

  std::mutex mutex_;
  Json world_ = Json::object();
  std::string file_;
  int delay_ = 0;  // milliseconds
};

}  // namespace tenon::memory

TENON_PLUGIN(tenon::memory::Memory, kManifest)
