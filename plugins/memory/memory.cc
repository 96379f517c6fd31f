// The reference plugin: Items, and Groups of them, that exist in memory or in a file and nowhere else.
#include <fstream>
#include <mutex>
#include <thread>

#include "framework/plugin/plugin_sdk.h"
#include "plugins/memory/manifest.h"

namespace tenon::memory {

using sdk::Json;

// address -> {spec, inventory, nonce, generation}, null when deleted: object and mark are born in one act.
class Memory final : public sdk::Backend {
 public:
  void open(const Json& configuration, const sdk::Call&) override {
    delay_ = configuration.value("delay", 0);
    file_ = configuration.value("file", "");
    std::ifstream in(file_);
    for (std::string line; std::getline(in, line);)  // one may be torn
      if (const Json changes = Json::parse(line, nullptr, false); changes.is_object()) world_.update(changes);
  }

  sdk::Observation observe(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    const Json item = world_.value(resource.address, Json());
    if (item.is_null()) return {};
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
    if (!is_ours(resource, "failed_precondition")) return {};
    world_[resource.address] = nullptr;
    return save({}, resource.address);
  }

  std::vector<sdk::Child> expand(const sdk::Resource& group, const sdk::Call&) override {
    std::vector<sdk::Child> children;
    Json spec = group.desired;
    spec.erase("items");
    for (const Json& name : group.desired.value("items", Json::array()))
      children.push_back({"memory.tenon.dev/v1", "Item", name, spec, Json::object(), Json::object(),
                          "/items/" + std::to_string(children.size())});
    return children;
  }

 private:
  sdk::Outcome put(const sdk::Resource& r) {
    world_[r.address] = {
        {"spec", r.desired}, {"inventory", r.inventory}, {"nonce", r.nonce}, {"generation", r.generation}};
    return save({.identity = r.address}, r.address);
  }

  // False: absent. Another's: a Failure.
  bool is_ours(const sdk::Resource& resource, const char* code) const {
    const Json item = world_.value(resource.address, Json());
    if (item.is_null()) return false;
    if (item.at("inventory") == resource.inventory && item.at("nonce") == resource.nonce) return true;
    throw sdk::Failure(code, resource.address + " belongs to inventory " + std::string(item.at("inventory")));
  }

  sdk::Outcome save(sdk::Outcome outcome, const std::string& address) const {
    if (!file_.empty()) std::ofstream(file_, std::ios::app) << '\n' << Json{{address, world_.at(address)}};
    return outcome;
  }

  std::mutex mutex_;
  Json world_ = Json::object();
  std::string file_;
  int delay_ = 0;  // milliseconds
};

}  // namespace tenon::memory

TENON_PLUGIN(tenon::memory::Memory, kManifest)
