#include "framework/plan/plan_testing.h"

#include <stdexcept>

#include "framework/base/durations.h"
#include "framework/base/files.h"
#include "framework/model/pointer.h"
#include "framework/plan/resolve.h"
#include "framework/plan/seal.h"

namespace tenon::testing {
namespace {

template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

ChildSpec child(const char* api_version, const char* kind, const std::string& name, const Json& spec,
                const std::string& pointer) {
  return {api_version, kind, name, spec, {}, {}, pointer};
}

Result<std::vector<ChildSpec>> expand_one(const Resource& resource) {
  std::vector<ChildSpec> children;
  const std::string& kind = resource.address.kind;
  if (kind == "DataVolume")
    children.push_back(
        child("v1", "PersistentVolumeClaim", resource.address.name, resource.spec.at("pvc"), "/pvc"));
  const Json templates = resource.spec.value("dataVolumeTemplates", Json::array());
  for (size_t i = 0; i < templates.size(); ++i) {
    children.push_back(child("cdi.kubevirt.io/v1alpha1", "DataVolume", templates[i]["metadata"]["name"],
                             templates[i]["spec"], "/dataVolumeTemplates/" + std::to_string(i)));
    children.back().annotations =
        templates[i]["metadata"].value("annotations", std::map<std::string, std::string>());
  }
  const Json branches = resource.spec.value("branches", Json::array());
  for (size_t i = 0; i < branches.size(); ++i) {
    if (branches[i].value("broken", false))
      return Error{Code::invalid_argument,
                   "spec/branches/" + std::to_string(i) + "/broken: a branch is broken"};
    children.push_back(child("test.dev/v1", "Tree", branches[i]["name"],
                             branches[i].value("spec", Json::object()), "/branches/" + std::to_string(i)));
  }
  return children;
}

Result<Json> convert_one(const Resource& resource) {
  Json spec = resource.spec;
  if (!spec.contains("gigabytes")) return Error{Code::invalid_argument, "it has no gigabytes"};
  if (spec["gigabytes"] == 13) return Error{Code::invalid_argument, "13 gigabytes cannot be had"};
  spec["size"] = std::to_string(spec["gigabytes"].get<int>()) + "Gi";
  spec.erase("gigabytes");
  return spec;
}

Quantity size_of(const Json& spec) {
  if (!spec.is_object() || !spec.contains("size")) return {};
  return must(Quantity::from_json(spec["size"]));
}

// What it grows by; what it gives back, if it goes.
Result<Check> check_one(const PlannedChange& change) {
  Check check;
  const Json& spec = change.desired.is_null() ? change.actual : change.desired;
  const std::string pool = spec.value("pool", "");
  if (pool == "broken") return Error{Code::internal, "it has crashed"};
  if (pool == "locked") check.refusal = Refusal{"pool locked takes nothing", "use another pool"};
  Quantity more = size_of(change.desired);
  more -= size_of(change.actual);
  if (!change.unknown.empty())
    check.unchecked = "its size is not known";
  else
    check.demands = {{pool, more}};
  return check;
}

class WorldReader {
 public:
  WorldReader(const std::vector<Resource>& desired, const Catalog& catalog, const Vault& vault)
      : catalog_(catalog), vault_(vault) {
    Diagnostics ignored;
    graph_ = resolve(desired, {}, catalog, ignored);
  }

  World run(const Json& json) {
    for (const Json& address : json.value("approve", Json::array()))
      world_.options.approved.insert(must(parse_address(address.get<std::string>())));
    world_.options.destroy = json.value("destroy", false);
    world_.options.prune = json.value("prune", false);
    world_.options.set = json.value("set", "");
    world_.options.partial = json.value("partial", false);
    world_.options.adopt = json.value("adopt", false);
    for (const Json& address : json.value("forget", Json::array()))
      world_.options.forget.insert(must(parse_address(address.get<std::string>())));
    const Json imports = json.value("import", Json::object()), moves = json.value("move", Json::object());
    for (const auto& item : imports.items())
      world_.options.import.emplace(must(parse_address(item.key())), item.value());
    for (const auto& item : moves.items())
      world_.options.move.emplace(must(parse_address(item.key())),
                                  must(parse_address(item.value().get<std::string>())));
    const Json pools = json.value("pools", Json::object());
    for (const auto& item : pools.items())
      world_.capacity.pools[item.key()] = must(pools_from_json(item.value()));
    world_.capacity.check = [](const std::string&, const std::vector<PlannedChange>& changes, const Pools&) {
      std::vector<Result<Check>> answers;
      for (const PlannedChange& change : changes) answers.push_back(check_one(change));
      return answers;
    };
    const Json resources = json.value("resources", Json::object());
    for (const auto& item : resources.items()) add(must(parse_address(item.key())), item.value());
    return std::move(world_);
  }

 private:
  void add(const Address& address, const Json& json) {
    const auto desired = graph_.desired.find(address);
    Json applied = desired == graph_.desired.end() ? Json::object() : *desired->second.spec;
    applied.merge_patch(json.value("applied", Json::object()));
    seal_known(catalog_, address, applied, vault_);
    if (json.value("lost_key", false)) lose_key(applied);
    Owned row = owned(address, json, applied);
    Observation& seen = world_.observations[address] = observation(row, json, applied);
    seal_known(catalog_, address, seen.actual, vault_);
    if (json.contains("filled_by"))
      world_.observations[address].outputs.edit()["contents"] =
          filled_by(json["filled_by"].get<std::string>());
    if (json.contains("intent")) row.generation = "", row.applied = Json();
    if (json.value("owned", true)) world_.owned.push_back(std::move(row));
  }

  Json filled_by(const std::string& importer) const {
    const Resource& resource = graph_.desired.at(must(parse_address(importer)));
    return {{"importer", importer}, {"generation", generation_of(resource.spec)}};
  }

  Owned owned(const Address& address, const Json& json, const Json& applied) const {
    Owned row;
    row.address = address;
    Resource routed;
    routed.address = address;
    row.instance = json.value("instance", catalog_.route(routed).value_or(""));
    row.identity = json.value("identity", "");
    row.nonce = "nonce-" + address.name;
    row.generation = generation_of(applied);
    row.applied = applied;
    row.protect = json.value("protect", false);
    row.set = json.value("set", world_.options.set);
    if (json.contains("intent"))
      row.intent =
          Intent{json["intent"], generation_of(applied), applied, before(json.value("before", "absent")), {}};
    if (const auto desired = graph_.desired.find(address); desired != graph_.desired.end()) {
      row.parent = desired->second.origin.parent;
      row.labels = desired->second.labels;
      row.defaulted = still_defaulted(desired->second, applied);
    }
    if (json.contains("defaulted")) row.defaulted = json["defaulted"];
    if (json.contains("labels")) row.labels = json["labels"];
    if (json.contains("parent")) row.parent = must(parse_address(json["parent"].get<std::string>()));
    row.dependencies = graph_.dependencies(address);
    if (json.contains("dependencies")) row.dependencies.clear();
    for (const Json& dependency : json.value("dependencies", Json::array()))
      row.dependencies.push_back(must(parse_address(dependency.get<std::string>())));
    return row;
  }

  static Existence before(const std::string& word) {
    for (const Existence existence : {Existence::present, Existence::absent, Existence::unknown})
      if (to_string(existence) == word) return existence;
    throw std::runtime_error("before: " + word);
  }

  // What is applied otherwise was written out.
  static std::vector<std::string> still_defaulted(const Resource& resource, const Json& applied) {
    std::vector<std::string> pointers = resource.defaulted;
    std::erase_if(pointers, [&](const std::string& pointer) {
      const Json::json_pointer place(pointer);
      return !applied.contains(place) || applied.at(place) != resource.spec.at(place);
    });
    return pointers;
  }

  static Observation observation(const Owned& row, const Json& json, const Json& applied) {
    Json seen = {{"existence", "present"}, {"actual", applied}};
    seen["mark"] = {{"inventory", kInventory},
                    {"address", to_string(row.address)},
                    {"nonce", row.intent ? row.intent->nonce : row.nonce},
                    {"generation", row.generation}};
    seen.merge_patch(json.value("observed", Json::object()));
    return must(observation_from_json(seen));
  }

  // All handles become those of another key.
  static void lose_key(Json& value) {
    if (is_handle(value))
      value = Vault("lost").handle_of(value);
    else if (value.is_structured())
      for (Json& member : value) lose_key(member);
  }

  const Catalog& catalog_;
  const Vault& vault_;
  Graph graph_;
  World world_;
};

char symbol(Action action) {
  switch (action) {
    case Action::create: return '+';
    case Action::update: return '~';
    case Action::replace: return '%';
    case Action::remove: return '-';
    case Action::blocked: return '!';
    case Action::adopt: return '&';
    case Action::forget: return 'x';
    case Action::move: return '>';
    default: return '=';
  }
}

std::string render(const FieldChange& field) {
  const auto shown = [&field](const Json& value) { return field.secret ? "(sensitive)" : value.dump(); };
  return field.pointer + ": " + shown(field.before) + " -> " +
         (field.known_after_apply ? "(known after apply)" : shown(field.after)) +
         (field.drift ? " (drift)" : "");
}

std::string render(const Change& change) {
  std::string text = std::string(1, symbol(change.action)) + " " + to_string(change.address);
  if (change.parent) text += " of " + to_string(*change.parent);
  text += " [" + change.instance + "]\n";
  for (const std::string& reason : change.reasons) text += "    because " + reason + "\n";
  for (const FieldChange& field : change.fields) text += "    " + render(field) + "\n";
  for (const std::string& operation : change.operations) text += "    operation " + operation + "\n";
  for (const std::string& note : change.notes) text += "    note: " + note + "\n";
  for (const Demand& demand : change.demands)
    if (demand.amount != Quantity())
      text += "    takes " + amount_text(demand.amount, "") + " of " + demand.pool + "\n";
  if (change.refusal)
    text += "    REFUSED: " + change.refusal->reason + "\n    remedy: " + change.refusal->remedy + "\n";
  if (change.refusal && !change.refusal->approval.empty())
    text += "    or tenon.dev/approve: " + change.refusal->approval + "\n";
  return text;
}

// What fails it and how long it may stand still, where that is not as the target's kind has it.
std::string render(const Await& await, const Catalog& catalog) {
  const KindManifest* kind = catalog.find(await.target);
  const ReadyRule own = kind ? kind->ready : ReadyRule();
  std::string text = to_string(await);
  if (await.failing != own.failing) text += ", failing " + Json(await.failing).dump();
  if (await.timeout != own.timeout) text += ", at most " + display_duration(await.timeout);
  return text;
}

std::string render(const Step& step, size_t number, const Catalog& catalog) {
  std::string text = std::to_string(number) + " " + std::string(to_string(step.kind)) + " ";
  text += step.await ? render(*step.await, catalog) : to_string(step.address);
  if (!step.after.empty()) text += " after";
  for (int earlier : step.after) text += " " + std::to_string(earlier);
  text += "\n    because " + step.reason + "\n";
  for (const Await& guard : step.guards)
    text += "    guard: " + render(guard, catalog) + (guard.generation.empty() ? "" : " as last sent") + "\n";
  for (const std::string& operation : step.operations) text += "    operation " + operation + "\n";
  if (!step.nonce.empty()) text += "    nonce " + step.nonce + "\n";
  if (step.guarded_delete) text += "    guarded\n";
  if (step.from) text += "    from " + to_string(*step.from) + "\n";
  if (!step.identity.empty()) text += "    identity " + step.identity + "\n";
  if (step.kind == StepKind::adopt) {
    text += "    as found: " + step.found.dump() + "\n";
    for (const std::string& pointer : step.defaulted)
      if (!find_value(step.found, pointer)) text += "    and owed: " + pointer + "\n";
  }
  if (step.unchecked) text += "    asks for room before its call\n";
  return text;
}

}  // namespace

Catalog catalog_from(const std::string& path) {
  std::vector<Instance> instances;
  for (const Json& json : Json::parse(must(read_file(path)))) {
    auto manifest = std::make_shared<Manifest>(must(parse_manifest(json.dump())));
    manifest->digest = "digest-" + manifest->name;
    instances.push_back({manifest->name, manifest});
  }
  return Catalog(std::move(instances), {});
}

Plugins plugins() {
  return {
      .expand =
          [](const std::string&, const std::vector<Resource>& resources) {
            std::vector<Result<std::vector<ChildSpec>>> answers;
            for (const Resource& resource : resources) answers.push_back(expand_one(resource));
            return answers;
          },
      .convert =
          [](const std::string&, const std::vector<Resource>& resources, const std::vector<std::string>&) {
            std::vector<Result<Json>> answers;
            for (const Resource& resource : resources) answers.push_back(convert_one(resource));
            return answers;
          }};
}

World world_from(const Json& json, const std::vector<Resource>& desired, const Catalog& catalog,
                 const Vault& vault) {
  return WorldReader(desired, catalog, vault).run(json);
}

void fill_absent(World& world, const Graph& graph) {
  for (const Address& address : graph.order) world.observations.try_emplace(address);
}

std::string render(const Plan& plan, const Catalog& catalog) {
  std::string text = "changes\n";
  for (const Change& change : plan.changes) text += "  " + render(change);
  text += "steps\n";
  for (size_t i = 0; i < plan.steps.size(); ++i) text += "  " + render(plan.steps[i], i, catalog);
  if (!plan.set.empty()) text += "set " + plan.set + "\n";
  for (const Address& external : plan.externals) text += "external " + to_string(external) + "\n";
  for (const std::string& note : plan.notes) text += "note: " + note + "\n";
  if (plan.refused()) text += "refused\n";
  if (plan.blocked()) text += "blocked\n";
  return text;
}

}  // namespace tenon::testing
