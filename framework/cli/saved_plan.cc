#include "framework/cli/saved_plan.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "framework/base/files.h"
#include "framework/base/secret.h"
#include "framework/cli/plan_output.h"
#include "framework/engine/observe.h"
#include "framework/load/load.h"
#include "framework/model/pointer.h"
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
  if (json.is_discarded() && text->starts_with("{"))
    return Error{Code::invalid_argument, file + " is damaged or not all of a saved plan; plan again"};
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
  for (const Step& step : plan.steps)
    if (!world.catalog.find_instance(step.instance))
      return stale("there is no instance '" + step.instance + "' any more");
  return {};
}

// Secrets are read again from where they were: wherever apply runs.
Result<Plan> with_lasting_sources(Plan plan) {
  for (SecretSource& source : plan.secrets) {
    if (source.file.empty()) continue;
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
  return to_string(source.address) + (source.file.empty() ? "" : " in " + source.file) +
         (source.pointer.empty() ? "" : ", at " + source.pointer);
}

// A file's resources and Secrets, by address.
struct Input {
  Input(const std::string& file, const std::string& name_space, const Catalog& catalog) {
    Diagnostics ignored;
    std::vector<SecretDocument> documents;
    for (Resource& resource : to_resources(load_paths({file}, ignored), name_space, ignored, &documents)) {
      const KindManifest* kind = catalog.find(resource.address);
      if (kind && kind->cluster_scoped) resource.address.name_space = "-";
      const Address address = resource.address;
      resources.emplace(address, std::move(resource));
    }
    for (SecretDocument& document : documents) {
      const Address address = document.address;
      secrets.emplace(address, std::move(document));
    }
  }

  std::map<Address, Resource> resources;
  std::map<Address, SecretDocument> secrets;
};

// As it is written there.
const Json* find_written(const Input& input, const SecretSource& source) {
  const auto resource = input.resources.find(source.address);
  if (resource == input.resources.end()) return nullptr;
  const std::string& spec = resource->second.origin.pointer;
  if (!source.pointer.starts_with(spec + "/")) return nullptr;
  return find_value(resource->second.spec, source.pointer.substr(spec.size()));
}

// What the schema has for it, itself or as a part of a larger default.
std::optional<Json> find_default(const Schema& schema, const std::string& pointer) {
  for (size_t end = pointer.size(); end != std::string::npos && end > 0; end = pointer.rfind('/', end - 1)) {
    const Schema* outer = find_schema(schema, pointer.substr(0, end));
    if (!outer || !outer->default_value) continue;
    if (const Json* value = find_value(*outer->default_value, pointer.substr(end))) return *value;
  }
  return {};
}

// Reads secrets again into the vault, each file once. False: it is another one now.
class SecretReader {
 public:
  explicit SecretReader(const World& world) : world_(world) {}

  bool read(const SecretSource& source) {
    if (source.file.empty()) return read_default(source);
    const auto [known, fresh] = inputs_.try_emplace({source.file, source.address.name_space}, source.file,
                                                    source.address.name_space, world_.catalog);
    const Input& input = known->second;
    if (!source.pointer.empty()) {
      const Json* value = find_written(input, source);
      return value && keep(*value, source);
    }
    const auto secret = input.secrets.find(source.address);
    return secret != input.secrets.end() && world_.vault->add(secret->second) == source.handle;
  }

 private:
  bool keep(const Json& value, const SecretSource& source) {
    return world_.vault->seal(value, source) == Json{{kHandleKey, source.handle}};
  }

  // Of whatever version it was written in.
  bool read_default(const SecretSource& source) {
    const KindManifest* kind = world_.catalog.find(source.address);
    if (!kind) return false;
    std::vector<const Schema*> schemas = {&kind->schema};
    for (const auto& [version, schema] : kind->schemas) schemas.push_back(&schema);
    return std::any_of(schemas.begin(), schemas.end(), [&](const Schema* schema) {
      const auto value = find_default(*schema, source.pointer);
      return value && keep(*value, source);
    });
  }

  const World& world_;
  std::map<std::pair<std::string, std::string>, Input> inputs_;
};

Status read_secrets(const std::vector<SecretSource>& sources, const World& world) {
  if (sources.empty()) return {};
  if (!world.vault) return Error{Code::internal, "there is nowhere to keep the plan's secrets"};
  forbid_dumps();
  SecretReader reader(world);
  for (const SecretSource& source : sources)
    if (!reader.read(source)) return stale("the secret of " + place_of(source) + " has changed or is gone");
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
  return write_plan_output(file, json.dump(2) + "\n");
}

Result<Planned> read_saved_plan(const std::string& file, const World& world) {
  Result<Plan> plan = parse(file);
  if (!plan) return plan.error();
  if (const Status maker = check_maker(*plan, world); !maker) return maker.error();
  Planned planned;
  Result<std::vector<Owned>> owned = owned_rows(world, planned.sealed);
  if (!owned) return owned.error();
  planned.owned = std::move(*owned);
  planned.plan = std::move(*plan);
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
