// The reference plugin: Items, and Groups of them, that exist in memory or in a file and nowhere else.
#include <tenon/plugin_sdk.h>

#include <fstream>
#include <mutex>
#include <thread>

#include "manifest.h"

namespace sdk = tenon::sdk;
using sdk::Json;

// identity (the address at birth) -> {spec, mark}, null when deleted: object and mark are born in one act.
class Memory final : public sdk::Backend {
 public:
  void open(const Json& configuration, const sdk::Call&) override {
    delay_ = configuration.value("delay", 0);
    file_ = configuration.value("file", "");
    std::ifstream in(file_);
    for (std::string line; std::getline(in, line);)  // one may be torn
      if (Json changes = Json::parse(line, nullptr, false); changes.is_object())
        for (auto& [identity, item] : changes.items()) world_[identity] = std::move(item);
  }

  sdk::Observation observe(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    const auto item = world_.find(identity_of(resource));
    if (item == world_.end() || item->is_null()) return {};
    auto seen = sdk::Observation::present(item.key(), item->value("mark", Json()), item->at("spec"));
    seen.phase = seen.actual.value("running", true) ? "Ready" : "Stopped";
    if (seen.actual.contains("value")) seen.outputs["value"] = seen.actual["value"];
    return seen;
  }

  sdk::Outcome create(const sdk::Resource& resource, const sdk::Call&) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_));
    const std::lock_guard lock(mutex_);
    ours(resource, "already_exists");
    return put(resource, {{"spec", resource.desired}, {"mark", resource.mark_json()}});
  }

  sdk::Outcome update(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    const Json item = ours(resource);
    if (item.is_null()) throw sdk::Failure("not_found", resource.address + " is gone");
    const Json spec = resource.mark.empty() ? resource.desired : item.at("spec");
    return put(resource, {{"spec", spec}, {"mark", resource.mark_json()}});
  }

  sdk::Outcome remove(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    return ours(resource).is_null() ? sdk::Outcome() : put(resource, nullptr);
  }

  sdk::ListPage list(const std::string& inventory, const std::string& after, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    sdk::Pager pager(inventory, after);
    for (const auto& [identity, item] : world_.items())
      if (!item.is_null()) pager.add(identity, item["mark"], item["spec"]);
    return pager.page();
  }

  std::vector<sdk::Child> expand(const sdk::Resource& group, const sdk::Call&) override {
    std::vector<sdk::Child> children;
    Json spec = group.desired;
    spec.erase("items");
    for (const Json& name : group.desired.value("items", Json::array()))
      children.push_back(
          {"memory.tenon.dev/v1", "Item", name, spec, "/items/" + std::to_string(children.size())});
    return children;
  }

 private:
  std::string identity_of(const sdk::Resource& resource) const {
    const auto item = world_.find(resource.identity);
    return item == world_.end() || item->is_null() ? resource.address : resource.identity;
  }

  // What is there, null if nothing is; a Failure if it is another's.
  Json ours(const sdk::Resource& resource, const char* code = "failed_precondition") const {
    const Json item = world_.value(identity_of(resource), Json());
    if (!item.is_null()) resource.expect_own(item.value("mark", Json()), code);
    return item;
  }

  sdk::Outcome put(const sdk::Resource& resource, const Json& item) {
    const std::string identity = identity_of(resource);
    world_[identity] = item;
    if (!file_.empty()) std::ofstream(file_, std::ios::app) << '\n' << Json{{identity, item}};
    return {.identity = item.is_null() ? "" : identity};
  }

  std::mutex mutex_;
  Json world_ = Json::object();
  std::string file_;
  int delay_ = 0;  // milliseconds
};

TENON_PLUGIN(Memory, kManifest)
