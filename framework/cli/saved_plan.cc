#include "framework/cli/saved_plan.h"

#include <filesystem>
#include <map>
#include <set>

#include "framework/base/files.h"
#include "framework/engine/observe.h"
#include "framework/load/load.h"
#include "framework/plan/plan_file.h"
#include "framework/plan/seal.h"

namespace tenon {
namespace {

Error stale(const std::string& why) {
  return {Code::failed_precondition, "the plan is stale: " + why + "; plan again"};
}

Result<Plan> parse(const std::string& file) {
  const Result<std::string> text = read_file(file);
  if (!text) return text.error();
  const Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded())
    return Error{Code::invalid_argument, file + " is no saved plan; manifests are given with -f"};
  Result<Plan> plan = plan_from_json(json);
  return plan ? std::move(plan) : with_context(file, plan.error());
}

// Whether it says what the manifest says beside the spec.
bool describes(const Step& step) { return step.kind != StepKind::remove && step.kind != StepKind::await; }

// As far as observing needs them.
std::vector<Resource> resources_of(const Plan& plan) {
  std::map<Address, const Step*> steps;
  for (const Step& step : plan.steps)
    if (describes(step)) steps.emplace(step.address, &step);
  std::vector<Resource> resources;
  for (const Change& change : plan.changes) {
    if (change.desired.is_null()) continue;
    Resource resource{.address = change.address, .instance = change.instance, .spec = change.desired};
    resource.origin.parent = change.parent;
    if (const auto step = steps.find(change.address); step != steps.end()) {
      resource.labels = step->second->labels.get<std::map<std::string, std::string>>();
      resource.annotations = step->second->annotations.get<std::map<std::string, std::string>>();
    }
    resources.push_back(std::move(resource));
  }
  return resources;
}

// Annotations of what has no step are not in the plan; what they alone name was looked at all the same.
void look_at_externals(const Plan& plan, Graph& graph) {
  const std::set<Address> known(graph.order.begin(), graph.order.end());
  for (const Address& address : plan.externals)
    if (!known.contains(address)) graph.order.push_back(address);
}

Status check_maker(const Plan& plan, const World& world) {
  if (plan.inventory != world.inventory.uuid()) return stale("it was made for another inventory");
  for (const auto& [instance, digest] : plan.plugins) {
    const Instance* known = world.catalog.find_instance(instance);
    if (!known) return stale("there is no instance '" + instance + "' any more");
    if (known->manifest->digest != digest)
      return stale("the plugin of instance '" + instance + "' is another one now");
  }
  return {};
}

// Secrets are read again from where they were: wherever apply runs.
Result<Plan> with_lasting_sources(Plan plan) {
  for (SecretSource& source : plan.secrets) {
    if (source.file == "-")
      return Error{Code::failed_precondition,
                   "the plan cannot be saved: a secret of " + to_string(source.address) +
                       " came from standard input, where apply cannot read it again; put it into a file"};
    std::error_code error;
    source.file = std::filesystem::absolute(source.file, error);
  }
  return plan;
}

std::string place_of(const SecretSource& source) {
  const std::string pointer = source.pointer.empty() ? "" : ", at " + source.pointer;
  return to_string(source.address) + " in " + source.file + pointer;
}

// A value as it is written, or as it is by default.
const Json* find_secret(const SecretSource& source, const Catalog& catalog,
                        std::vector<Resource>& resources) {
  constexpr std::string_view kSpec = "/spec";
  if (!source.pointer.starts_with(kSpec)) return nullptr;
  const Json::json_pointer place(source.pointer.substr(kSpec.size()));
  for (Resource& resource : resources) {
    const KindManifest* kind = catalog.find(resource.address);
    if (kind && kind->cluster_scoped) resource.address.name_space = "-";
    if (resource.address != source.address) continue;
    std::vector<SchemaProblem> ignored;
    if (kind && !resource.spec.contains(place)) complete_value(kind->schema, resource.spec.edit(), ignored);
    return resource.spec.contains(place) ? &resource.spec.at(place) : nullptr;
  }
  return nullptr;
}

// Into the vault, as it was before; false: it is another one now.
bool read_secret(const SecretSource& source, const World& world) {
  Diagnostics ignored;
  std::vector<SecretDocument> secrets;
  std::vector<Resource> resources =
      to_resources(load_paths({source.file}, ignored), source.address.name_space, ignored, &secrets);
  if (!source.pointer.empty()) {
    const Json* value = find_secret(source, world.catalog, resources);
    return value && world.vault->seal(*value, source) == Json{{kHandleKey, source.handle}};
  }
  for (const SecretDocument& secret : secrets)
    if (secret.address == source.address) return world.vault->add(secret) == source.handle;
  return false;
}

Status read_secrets(const std::vector<SecretSource>& sources, const World& world) {
  if (sources.empty()) return {};
  if (!world.vault) return Error{Code::internal, "there is nowhere to keep the plan's secrets"};
  for (const SecretSource& source : sources)
    if (!read_secret(source, world))
      return stale("the secret of " + place_of(source) + " has changed or is gone");
  return {};
}

// So that each resource may redeem what is its own.
void seal_again(std::vector<Resource>& resources, const World& world, Diagnostics& diagnostics) {
  for (Resource& resource : resources)
    if (const KindManifest* kind = world.catalog.find(resource.address); kind && world.vault)
      seal(world.catalog, kind->schema, resource.address, resource, *world.vault, diagnostics);
}

Status check_fingerprints(const Planned& planned, const Catalog& catalog) {
  for (const auto& [address, before] : planned.plan.fingerprints) {
    const auto seen = planned.observations.find(address);
    const Observation now = seen == planned.observations.end() ? Observation() : seen->second;
    if (fingerprint(now, catalog.find(address)) != before)
      return stale(to_string(address) + " has changed since it was made");
  }
  return {};
}

}  // namespace

Status save_plan(const Plan& plan, const Catalog& catalog, const std::string& file) {
  const Result<Plan> lasting = with_lasting_sources(plan);
  if (!lasting) return lasting.error();
  const Json json = to_json(*lasting, catalog);
  if (json.value("masked", false))
    return Error{Code::internal, "the plan holds a secret that was not taken out, so it is not saved"};
  return write_file_atomically(file, json.dump(2) + "\n");
}

Result<Planned> read_saved_plan(const std::string& file, const World& world) {
  Result<Plan> plan = parse(file);
  if (!plan) return plan.error();
  if (const Status maker = check_maker(*plan, world); !maker) return maker.error();
  Result<std::vector<Owned>> owned = world.inventory.owned();
  if (!owned) return owned.error();
  Planned planned{.owned = std::move(*owned), .plan = std::move(*plan)};
  if (const Status read = read_secrets(planned.plan.secrets, world); !read) return read.error();
  Diagnostics diagnostics;
  std::vector<Resource> resources = resources_of(planned.plan);
  seal_again(resources, world, diagnostics);
  planned.graph = resolve(std::move(resources), planned.owned, world.catalog, diagnostics);
  if (has_errors(diagnostics)) return stale(diagnostics.front().summary);
  look_at_externals(planned.plan, planned.graph);
  planned.observations =
      observe(planned.graph, planned.owned, world.inventory.uuid(), world.catalog, world.backends);
  if (const Status same = check_fingerprints(planned, world.catalog); !same) return same.error();
  return planned;
}

}  // namespace tenon
