// The reference plugin: Items, and Groups of them, that exist in memory or in a file and nowhere else.
#include <tenon/plugin_sdk.h>

#include <filesystem>
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
    std::ifstream in(file_ = configuration.value("file", ""));
    std::string line;
    while (std::getline(in, line) && line.find_first_not_of('{') != 0)  // one may be torn
      if (const Json changes = Json::parse(line, nullptr, false); changes.is_object()) world_.update(changes);
    if (line.find_first_not_of('{') == 0 || (!in.eof() && std::filesystem::exists(file_)))
      throw sdk::Failure("failed_precondition", "cannot read " + file_ + ": mend it, or move it away");
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
    ours_or_null(resource, "already_exists");
    return put(resource, {{"spec", resource.desired}, {"mark", resource.mark_json()}});
  }

  sdk::Outcome update(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    const Json item = ours_or_null(resource);
    if (item.is_null()) throw sdk::Failure("not_found", resource.address + " is gone");
    const Json spec = resource.mark.empty() ? resource.desired : item.at("spec");
    return put(resource, {{"spec", spec}, {"mark", resource.mark_json()}});
  }

  sdk::Outcome remove(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    return ours_or_null(resource).is_null() ? sdk::Outcome() : put(resource, nullptr);
  }

  sdk::ListPage list(const std::string& inventory, const std::string& after, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    sdk::Pager pager(inventory, after);
    for (const auto& [identity, item] : world_.items())
      if (!item.is_null()) pager.add(identity, item["mark"], item["spec"]);
    return pager.page();
  }

  std::vector<sdk::Child> expand(const sdk::Resource& group, const sdk::Call&) override {
    std::vector<sdk::Child> items;
    Json spec = group.desired;
    spec.erase("items");
    for (const Json& name : group.desired.value("items", Json::array()))
      items.push_back({"memory.tenon.dev/v1", "Item", name, spec, "/items/" + std::to_string(items.size())});
    return items;
  }

 private:
  std::string identity_of(const sdk::Resource& resource) const {
    return world_.value(resource.identity, Json()).is_null() ? resource.address : resource.identity;
  }

  Json ours_or_null(const sdk::Resource& resource, const char* code = "failed_precondition") const {
    const Json item = world_.value(identity_of(resource), Json());
    if (!item.is_null()) resource.expect_own(item.value("mark", Json()), code);
    return item;
  }

  sdk::Outcome put(const sdk::Resource& resource, const Json& item) {
    const Json change = {{identity_of(resource), item}};
    if (!file_.empty() && !(std::ofstream(file_, std::ios::app) << '\n' << change << std::endl))
      throw sdk::Failure::of_errno(errno, "cannot write " + file_);
    world_.update(change);
    return {.identity = item.is_null() ? "" : change.begin().key()};
  }

  std::mutex mutex_;
  Json world_ = Json::object();
  std::string file_;
  int delay_ = 0;  // milliseconds
};

TENON_PLUGIN(Memory, kManifest)
