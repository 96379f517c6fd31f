// DataVolume: a claim of the same name, filled from an image by a worker outside the plugin's host.
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>

#include "framework/plugin/plugin_sdk.h"
#include "framework/plugin/sdk_result.h"
#include "plugins/cdi-import/imports.h"
#include "plugins/cdi-import/manifest.h"
#include "plugins/cdi-import/source.h"
#include "plugins/cdi-import/summary.h"
#include "plugins/cdi-import/watcher.h"

namespace tenon::cdi {
namespace {

using sdk::value_or_throw;
namespace fs = std::filesystem;

std::string absolute(const std::string& path) { return fs::absolute(path).lexically_normal().string(); }

// <prefix>/libexec/tenon for a plugin in <prefix>/lib/tenon/plugins, or beside the plugin, as a build leaves
// them.
std::string installed_worker() {
  Dl_info self{};
  if (dladdr(reinterpret_cast<const void*>(&installed_worker), &self) == 0 || self.dli_fname == nullptr)
    return "";
  const fs::path here = fs::path(absolute(self.dli_fname)).parent_path();
  const fs::path installed = (here / "../../../libexec/tenon/cdi-import-worker").lexically_normal();
  return access(installed.c_str(), X_OK) == 0 ? installed : here / "cdi-import-worker";
}

// As a shell finds it; absolute in any case.
std::string find_program(const std::string& program) {
  if (program.find('/') != std::string::npos) return absolute(program);
  const char* path = std::getenv("PATH");
  std::istringstream directories(path ? path : "");
  for (std::string directory; std::getline(directories, directory, ':');)
    if (const std::string candidate = absolute(directory + "/" + program);
        access(candidate.c_str(), X_OK) == 0)
      return candidate;
  return "/usr/bin/" + program;
}

// The worker's part of the configuration.
Json worker_settings(const Json& configuration) {
  Json settings = configuration;
  settings.erase("directory");
  settings.erase("worker");
  settings["qemuImg"] = find_program(settings.value("qemuImg", "qemu-img"));
  return settings;
}

// A call waits for the worker's end, but answers before its deadline.
std::chrono::milliseconds patience(const sdk::Call& call) {
  return std::chrono::milliseconds(std::clamp<int64_t>(call.remaining_ms() - 500, 0, 5000));
}

Json outputs_of(const sdk::Resource& resource, const Ledger& ledger) {
  if (const auto claim = seen_claim(resource); claim && claim->outputs.contains("disk"))
    return {{"disk", claim->outputs["disk"]}};
  return {{"disk",
           {{"version", "tenon.dev/disk/v1"},
            {"type", "file"},
            {"path", ledger.claim.disk_path},
            {"format", "raw"},
            {"size", ledger.claim.size}}}};
}

// As the importer of KubeVirt names them.
Credentials credentials_of(const sdk::Resource& resource, const sdk::Call& call) {
  const Source source = value_or_throw(parse_source(resource.desired));
  if (source.secret.empty()) return {};
  auto data = call.secret(resource, source.secret);
  if (data["accessKeyId"].empty())
    throw sdk::Failure("invalid_argument", "Secret " + source.secret +
                                               " has no accessKeyId, the user; secretKey is the password");
  return {data["accessKeyId"], data["secretKey"]};
}

class CdiImportBackend final : public sdk::Backend {
 public:
  void open(const Json& configuration, const sdk::Call&) override {
    const std::string worker = configuration.value("worker", "");
    imports_.emplace(absolute(configuration.value("directory", "./.tenon/imports")),
                     worker.empty() ? installed_worker() : absolute(worker), worker_settings(configuration));
  }

  std::vector<sdk::Child> expand(const sdk::Resource& resource, const sdk::Call&) override {
    value_or_throw(parse_source(resource.desired));
    return {{.api_version = "v1",
             .kind = "PersistentVolumeClaim",
             .name = resource.name,
             .spec = resource.desired.at("pvc"),
             .pointer = "/pvc"}};
  }

  sdk::Observation observe(const sdk::Resource& resource, const sdk::Call&) override {
    const auto view = value_or_throw(imports_->find(resource));
    sdk::Observation observation;
    if (!view) return observation;
    const auto& [ledger, state] = *view;
    observation.existence = "present";
    observation.identity = value_or_throw(imports_->identity_of(resource));
    if (!ledger.inventory.empty()) {
      observation.inventory = ledger.inventory;
      observation.owner = ledger.address;
      observation.nonce = ledger.nonce;
      observation.generation = ledger.generation;
    }
    observation.actual = ledger.spec;
    observation.phase = state.phase;
    observation.reason = state.reason;
    observation.message = state.message;
    observation.progress = state.progress;
    observation.busy = state.busy;
    observation.resumable = state.resumable;
    if (state.phase == "Succeeded") observation.outputs = outputs_of(resource, ledger);
    return observation;
  }

  sdk::Observation status(const sdk::Family& family) override { return summarize(family); }

  sdk::Outcome create(const sdk::Resource& resource, const sdk::Call& call) override {
    const bool works = value_or_throw(imports_->start(resource, credentials_of(resource, call)));
    if (Watcher* watcher = watching(); watcher && watcher->watches(resource.address))
      watcher->follow(resource.address, imports_->places(resource));
    return {.in_progress = works, .identity = value_or_throw(imports_->identity_of(resource))};
  }

  // Of those that do not exist yet it is told from their create on.
  void watch(const std::vector<std::string>& addresses, const sdk::Call& call) override {
    {
      const std::lock_guard lock(mutex_);
      if (!watcher_) watcher_ = value_or_throw(Watcher::make(call.notifier()));
      watcher_->watch({addresses.begin(), addresses.end()});
    }
    for (const std::string& address : addresses)
      watching()->follow(address, imports_->places(sdk::Resource::from_json({{"address", address}})));
  }

  sdk::Outcome update(const sdk::Resource& resource, const sdk::Call&) override {
    if (resource.mark == "move")
      throw sdk::Failure("unimplemented", "an import keeps its address: what it filled names it");
    value_or_throw(resource.mark == "set"    ? imports_->adopt(resource)
                   : resource.mark == "drop" ? imports_->forget(resource)
                                             : imports_->update(resource));
    return {.identity = value_or_throw(imports_->identity_of(resource))};
  }

  sdk::ListPage list(const std::string& inventory, const std::string&, const sdk::Call&) override {
    sdk::ListPage page;
    for (const auto& [identity, ledger] : value_or_throw(imports_->list()))
      if (inventory.empty() || ledger.inventory == inventory)
        page.objects.push_back({ledger.inventory, ledger.address, ledger.nonce, ledger.generation, identity,
                                ledger.spec, ledger.record, Json()});
    return page;
  }

  sdk::Outcome remove(const sdk::Resource& resource, const sdk::Call& call) override {
    return {.in_progress = !value_or_throw(imports_->remove(resource, patience(call)))};
  }

 private:
  // Null: nobody ever watched.
  Watcher* watching() {
    const std::lock_guard lock(mutex_);
    return watcher_.get();
  }

  std::optional<Imports> imports_;
  std::mutex mutex_;
  std::unique_ptr<Watcher> watcher_;  // once made it stays
};

}  // namespace
}  // namespace tenon::cdi

TENON_PLUGIN(tenon::cdi::CdiImportBackend, kManifest)
