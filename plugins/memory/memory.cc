// The reference plugin: Items, and Groups of them, that exist in memory or in a file and nowhere else.
#include <tenon/plugin_sdk.h>

#include <fstream>
#include <mutex>
#include <thread>

#include "manifest.h"

namespace tenon::memory {

using sdk::Json;

// identity -> {spec, mark: {inventory, address, nonce, generation}, record}, null when deleted: object and
// mark are born in one act. The identity is the address at birth, and stays when the object is given another.
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
    const Json item = find(resource);
    if (item.is_null()) return {};
    sdk::Observation seen;
    seen.existence = "present";
    seen.actual = item.at("spec");
    seen.phase = seen.actual.value("running", true) ? "Ready" : "Stopped";
    seen.identity = identity_of(resource);
    if (item.contains("mark")) seen.set_mark(item.at("mark"));
    if (seen.actual.contains("value")) seen.outputs["value"] = seen.actual["value"];
    return seen;
  }

  sdk::Outcome create(const sdk::Resource& resource, const sdk::Call&) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_));
    const std::lock_guard lock(mutex_);
    is_ours(resource, "already_exists");
    return put(resource,
               {{"spec", resource.desired}, {"mark", resource.mark_json()}, {"record", resource.record}});
  }

  sdk::Outcome update(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    if (!is_ours(resource, "failed_precondition"))
      throw sdk::Failure("not_found", resource.address + " is gone");
    const Json spec = resource.mark.empty() ? resource.desired : find(resource).at("spec");
    if (resource.mark == "drop") return put(resource, {{"spec", spec}});
    return put(resource, {{"spec", spec}, {"mark", resource.mark_json()}, {"record", resource.record}});
  }

  sdk::Outcome remove(const sdk::Resource& resource, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    return is_ours(resource, "failed_precondition") ? put(resource, nullptr) : sdk::Outcome();
  }

  sdk::ListPage list(const std::string& inventory, const std::string& after, const sdk::Call&) override {
    const std::lock_guard lock(mutex_);
    sdk::ListPage page;
    for (const auto& [identity, item] : world_.items()) {
      if (identity <= after || !item.contains("mark")) continue;
      if (!inventory.empty() && item["mark"]["inventory"] != inventory) continue;
      if (page.objects.size() == 1000) return page;
      page.objects.push_back(sdk::Listed::from_mark(item["mark"], identity, item["spec"], item["record"]));
      page.next = page.objects.size() == 1000 ? identity : "";
    }
    return page;
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
  std::string identity_of(const sdk::Resource& resource) const {
    return world_.value(resource.identity, Json()).is_null() ? resource.address : resource.identity;
  }

  Json find(const sdk::Resource& resource) const { return world_.value(identity_of(resource), Json()); }

  // False: absent. Another's: a Failure. Without a mark it is nobody's, and may be given one.
  bool is_ours(const sdk::Resource& resource, const char* code) const {
    const Json item = find(resource);
    if (item.is_null() || (resource.mark == "set" && !item.contains("mark"))) return !item.is_null();
    const Json mark = item.value("mark", Json::object());
    if (mark.value("inventory", "") == resource.inventory && mark.value("nonce", "") == resource.nonce)
      return true;
    throw sdk::Failure(code, resource.address + " belongs to inventory " + mark.value("inventory", "(none)"));
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

}  // namespace tenon::memory

TENON_PLUGIN(tenon::memory::Memory, kManifest)
