// v1 PersistentVolumeClaim on a plain directory: Bound at once, ready to be filled by an importer and used by
// a machine on the same host.
#include <algorithm>
#include <filesystem>
#include <optional>

#include "framework/base/quantity.h"
#include "framework/plugin/plugin_sdk.h"
#include "framework/plugin/sdk_result.h"
#include "plugins/local/claims.h"
#include "plugins/local/manifest.h"

namespace tenon::local {
namespace {

using sdk::value_or_throw;

// In the private state of a claim: of the directory that it was made in.
constexpr const char* kDirectoryId = "directoryId";

ClaimMark mark_of(const sdk::Resource& resource) {
  return {resource.inventory,  resource.address, resource.nonce,
          resource.generation, resource.desired, resource.record};
}

// A call waits for other processes, but answers before its deadline.
std::chrono::milliseconds patience(const sdk::Call& call) {
  return std::chrono::milliseconds(std::clamp<int64_t>(call.remaining_ms() - 500, 0, 10000));
}

// Who filled it is told, so that a plan sees whether an import would write over it.
Json contents_of(const Claim& claim) {
  Json contents = {{"directory", claim.directory}};
  if (claim.contents != "populated") return contents;
  contents["importer"] = claim.filled.importer;
  contents["generation"] = claim.filled.generation;
  contents["digest"] = claim.filled.digest;
  return contents;
}

Json outputs_of(const Claim& claim, int64_t size) {
  return {{"disk",
           {{"version", "tenon.dev/disk/v1"},
            {"type", "file"},
            {"path", claim.disk_path()},
            {"format", "raw"},
            {"size", size}}},
          {"contents", contents_of(claim)}};
}

sdk::Observation observation_of(const Claim& claim) {
  sdk::Observation observation;
  observation.existence = "present";
  observation.identity = claim.directory;
  if (!claim.can_be_claimed()) {
    observation.notes.push_back(claim.why_not_claimed());
    return observation;
  }
  observation.phase = "Bound";
  if (claim.marked) {
    observation.inventory = claim.mark.inventory;
    observation.owner = claim.mark.address;
    observation.nonce = claim.mark.nonce;
    observation.generation = claim.mark.generation;
  }
  observation.actual = claim.mark.spec;
  observation.contents = claim.contents;
  observation.outputs = outputs_of(claim, value_or_throw(requested_size(claim.mark.spec)));
  return observation;
}

class LocalBackend final : public sdk::Backend {
 public:
  void open(const Json& configuration, const sdk::Call&) override {
    const std::string directory = configuration.value("directory", "./.tenon/volumes");
    claims_.emplace(std::filesystem::absolute(directory).lexically_normal().string());
  }

  sdk::Observation observe(const sdk::Resource& resource, const sdk::Call&) override {
    const Claim claim = value_or_throw(claims_->find(name_of(resource)));
    if (claim.exists) return observation_of(claim);
    name_of(resource);  // its disk may have gone in between
    return {};
  }

  sdk::Outcome create(const sdk::Resource& resource, const sdk::Call& call) override {
    value_or_throw(claims_->create(name_of(resource), mark_of(resource), patience(call)));
    return outcome_of(resource);
  }

  sdk::Outcome update(const sdk::Resource& resource, const sdk::Call& call) override {
    value_or_throw(changed(resource, call));
    return outcome_of(resource);
  }

  sdk::Outcome remove(const sdk::Resource& resource, const sdk::Call& call) override {
    const ClaimName name = name_of(resource);
    value_or_throw(claims_->remove(name, mark_of(resource), patience(call)));
    // It may have been copied there, and is gone from there now.
    return {.private_state = private_state(name)};
  }

  sdk::Check check(const sdk::Change& change, const Json&) override {
    sdk::Check answer;
    if (change.desired.is_null()) return answer;
    if (!change.unknown.empty() && !change.desired.contains("/resources/requests/storage"_json_pointer))
      answer.unchecked = "its size is not known yet";
    else
      answer.refusal = why_too_large(change.desired);
    if (!answer.refusal.empty()) answer.remedy = "ask for less";
    return answer;
  }

  sdk::ListPage list(const std::string& inventory, const std::string&, const sdk::Call&) override {
    sdk::ListPage page;
    for (const Claim& claim : value_or_throw(claims_->marked())) {
      const ClaimMark& mark = claim.mark;
      if (!inventory.empty() && mark.inventory != inventory) continue;
      page.objects.push_back({mark.inventory, mark.address, mark.nonce, mark.generation, claim.directory,
                              mark.spec, mark.record, private_state(claim.name)});
    }
    return page;
  }

 private:
  // Where it is already, whatever its name is; otherwise after its name. Fails for what is in another
  // directory: nothing here is about that. Fails too where the directory is gone in which it was made.
  ClaimName name_of(const sdk::Resource& resource) const {
    const Json& kept = resource.private_state;
    const std::string directory_id = kept.is_object() ? kept.value(kDirectoryId, "") : "";
    if (const auto place = value_or_throw(claims_->place_of(resource.identity, directory_id))) return *place;
    const ClaimName name = value_or_throw(ClaimName::make(resource.name_space, resource.name));
    if (!resource.applied.is_null()) value_or_throw(claims_->look_at_root(name, directory_id));
    return name;
  }

  // "": it is not.
  std::string why_too_large(const Json& spec) const {
    const auto size = requested_size(spec);
    if (!size) return size.error().message;
    if (claims_->can_hold(*size)) return "";
    return "spec.resources.requests.storage: the file system of " + claims_->root() + " has no file of " +
           format_bytes(*size) + "B";
  }

  Status changed(const sdk::Resource& resource, const sdk::Call& call) {
    const ClaimName name = name_of(resource);
    const ClaimMark mark = mark_of(resource);
    if (resource.mark == "set") return claims_->adopt(name, mark, patience(call));
    if (resource.mark == "move") return claims_->move(name, mark, resource.from, patience(call));
    if (resource.mark == "drop") return claims_->forget(name, mark, patience(call));
    return claims_->update(name, mark, patience(call));
  }

  sdk::Outcome outcome_of(const sdk::Resource& resource) const {
    return {.identity = value_or_throw(claims_->find(name_of(resource))).directory,
            .private_state = private_state(name_of(resource))};
  }

  // Of what is there now.
  Json private_state(const ClaimName& name) const {
    const std::string directory_id = claims_->directory_id(name);
    return directory_id.empty() ? Json::object() : Json{{kDirectoryId, directory_id}};
  }

  std::optional<Claims> claims_;
};

}  // namespace
}  // namespace tenon::local

TENON_PLUGIN(tenon::local::LocalBackend, kManifest)
