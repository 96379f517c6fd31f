#include "framework/run/properties/world.h"

#include <algorithm>

#include "framework/plan/seal.h"

namespace tenon::properties {
namespace {

constexpr const char* kKinds[] = {"Fast", "Slow", "Claim", "Import", "Group", "Outer"};

constexpr const char *kDefault = "plain", *kOlderDefault = "thin";
// One of them says what the default says.
constexpr const char* kTiers[] = {"", "gold", kDefault};

// Longer than anything takes to show.
constexpr const char* kSettle = "4s";

bool takes_a_while(const std::string& kind) { return kind == "Slow" || kind == "Import"; }

Json schema() {
  const Json integer = {{"type", "integer"}}, text = {{"type", "string"}};
  Json properties = {
      {"size", integer},
      {"fixed", {{"type", "integer"}, {"x-update", "replace"}}},
      {"secret", {{"type", "string"}, {"x-secret", true}}},
      {"running", {{"type", "boolean"}, {"x-operation", {{"true", "start"}, {"false", "stop"}}}}},
      {"from", text},
      {"target", text},
      {"tier", {{"type", "string"}, {"default", kDefault}}},
      {"parts",
       {{"type", "array"},
        {"x-kubernetes-list-type", "map"},
        {"x-kubernetes-list-map-keys", {"name"}},
        {"items", {{"type", "object"}, {"properties", {{"name", text}, {"size", integer}}}}}}}};
  for (const std::string kind : kKinds)
    properties[kind] =
        properties["start" + kind] = {{"type", "array"}, {"items", text}, {"x-kubernetes-list-type", "set"}};
  return {{"type", "object"}, {"properties", properties}};
}

Json requirement(const std::string& name, const std::string& path, const std::string& target,
                 const Json& guards) {
  return {{"name", name}, {"path", path}, {"target", "test/" + target}, {"guards", guards}};
}

Json requirements_of(const std::string& kind) {
  const Json make = {"create", "update"}, all = {"create", "update", "start"};
  Json rules = Json::array();
  if (kind == "Claim" || kind == "Outer") return rules;
  for (const std::string target : kKinds) {
    rules.push_back(requirement(target, "/" + target + "/*", target, target == "Claim" ? all : make));
    rules.push_back(requirement("start" + target, "/start" + target + "/*", target, {"start"}));
  }
  if (kind == "Import") rules.push_back(requirement("target", "/target", "Claim", make));
  if (kind == "Group") rules.push_back(requirement("parts", "/parts/*/name", "Fast", make));
  return rules;
}

Json manifest() {
  Json kinds = Json::array();
  for (const std::string kind : kKinds) {
    std::string plural = kind + "s";
    std::transform(plural.begin(), plural.end(), plural.begin(), [](char c) { return std::tolower(c); });
    kinds.push_back(
        {{"group", "test"},
         {"kind", kind},
         {"plural", plural},
         {"versions", {"v1"}},
         {"schema", schema()},
         {"requirements", requirements_of(kind)},
         {"ready", {{"phases", {"Ready"}}, {"failing", {"Failed"}}, {"later", takes_a_while(kind)}}}});
    if (kind == "Slow") kinds.back()["create"] = {{"idempotent", false}, {"settle", kSettle}};
    if (kind == "Claim") kinds.back()["create"] = {{"marked", "later"}};
    if (kind == "Claim") kinds.back()["claim"] = true;
    if (kind == "Import") kinds.back()["populates"] = "target";
  }
  return {{"manifestVersion", 1},
          {"name", "fake"},
          {"version", "1"},
          {"capabilities", {"expand", "adopt", "move", "check"}},
          {"kinds", kinds}};
}

std::string kind_name(Kind kind) { return kKinds[static_cast<size_t>(kind)]; }

Json parts_of(int number, const Wish& wish) {
  Json parts = Json::array();
  for (int part = 0; part < wish.parts; ++part)
    parts.push_back({{"name", part_of(number, part).name}, {"size", wish.size}});
  return parts;
}

// References still in it; those that guard everything are an annotation. address_of: what its targets are
// called.
Json spec_of(const Scene& scene, int number, const Wish& wish, Address (*address_of)(const Scene&, int)) {
  const Node& node = scene.nodes.at(number);
  Json spec = {{"size", wish.size}, {"fixed", wish.fixed}, {"running", wish.running}};
  if (wish.secret > 0) spec["secret"] = std::string(kSecret) + std::to_string(wish.secret);
  if (wish.tier > 0) spec["tier"] = kTiers[wish.tier];
  if (node.fills >= 0) spec["target"] = address_of(scene, node.fills).name;
  if (wish.parts > 0) spec["parts"] = parts_of(number, wish);
  for (const auto& [target, hold] : wish.needs)
    if (hold != Hold::all)
      spec[(hold == Hold::start ? "start" : "") + kind_name(scene.nodes.at(target).kind)].push_back(
          address_of(scene, target).name);
  if (wish.value_of >= 0)
    spec["from"] = {{std::string(kReferenceKey), to_string(address_of(scene, wish.value_of))},
                    {"path", "/path"}};
  return spec;
}

std::string nonce_of(const Address& address) { return "w-" + address.name; }

class Beginning {
 public:
  Beginning(Simulation& world, const Scene& scene) : world_(world), scene_(scene) {}

  void run() {
    for (const auto& [number, node] : scene_.nodes) {
      const Address address = old_address_of(scene_, number);
      put_script(number, node, address);
      if (node.kind == Kind::outer)
        objects_[address] = {.spec = Json::object(),
                             .identity = "outer",
                             .visible_from = now() + node.script.appears_after,
                             .work_began = now()};
      else if (node.past != Past::none)
        put(number, node, address);
    }
    (void)world_.inventory.commit(rows_);
    world_.backend.change([this](FakeWorld& objects) { objects = std::move(objects_); });
    if (scene_.slack >= 0) world_.backend.limit_room(taken(world_.backend) + scene_.slack);
  }

 private:
  Time now() const { return world_.clock.now(); }

  // What has moved is looked at where it was, and changed where it is.
  void put_script(int number, const Node& node, const Address& address) {
    Script script = node.script;
    script.doubles = node.kind == Kind::slow;
    script.marks_later = node.kind == Kind::claim;
    world_.backend.script(address, script);
    if (!node.moved || scene_.destroy) return;
    Script looked_at = script, changed = script;
    std::erase_if(looked_at.faults, [](const Fault& fault) { return fault.method != Method::observe; });
    std::erase_if(changed.faults, [](const Fault& fault) { return fault.method == Method::observe; });
    world_.backend.script(address, looked_at);
    world_.backend.script(address_of(scene_, number), changed);
  }

  void put(int number, const Node& node, const Address& address) {
    Json spec = spec_of(scene_, number, node.was, old_address_of);
    const bool by_default = node.was.tier == 0 && node.was_default != Default::missing;
    if (by_default) spec["tier"] = node.was_default == Default::older ? kOlderDefault : kDefault;
    if (node.was.value_of >= 0) {
      const Address from = old_address_of(scene_, node.was.value_of);
      spec["from"] = "/fake/" + from.name + "/" +
                     (scene_.nodes.at(node.was.value_of).kind == Kind::outer ? "" : nonce_of(from));
    }
    seal_known(world_.catalog, address, spec, *world_.vault);
    Owned row = row_of(address, spec);
    row.set = node.others ? kOthers : set_of(scene_);
    if (by_default) row.defaulted = {"/tier"};
    for (int target : targets_of(node, node.was)) depend(row, target);
    for (int part = 0; part < node.was.parts; ++part) put_part(number, part, node.was, row);
    FakeObject object = object_of(row);
    if (node.fills >= 0) object.fills = address_of(scene_, node.fills);
    happen(node, row, object);
    if (was_owned(node)) rows_.emplace_back(PutOwned{row});
    if (was_there(node)) objects_[address] = std::move(object);
  }

  // Of a claim, also its importer.
  void depend(Owned& row, int target) const {
    row.dependencies.push_back(old_address_of(scene_, target));
    for (const auto& [number, node] : scene_.nodes)
      if (node.fills == target && node.past != Past::none && old_address_of(scene_, number) != row.address)
        row.dependencies.push_back(old_address_of(scene_, number));
  }

  void put_part(int group, int part, const Wish& wish, Owned& parent) {
    Owned row = row_of(part_of(group, part), {{"size", wish.size}});
    row.parent = parent.address;
    row.set = parent.set;
    parent.dependencies.push_back(row.address);
    objects_[row.address] = object_of(row);
    rows_.emplace_back(PutOwned{row});
  }

  static Owned row_of(const Address& address, const Json& spec) {
    return {.address = address,
            .instance = "fake",
            .identity = "was-" + nonce_of(address),
            .nonce = nonce_of(address),
            .generation = generation_of(spec),
            .applied = spec};
  }

  FakeObject object_of(const Owned& row) const {
    return {.mark = {world_.inventory.uuid(), to_string(row.address), row.nonce, row.generation},
            .spec = row.applied,
            .identity = row.identity,
            .visible_from = now() - std::chrono::hours(1),
            .work_began = now() - std::chrono::hours(1)};
  }

  static void happen(const Node& node, Owned& row, FakeObject& object) {
    switch (node.past) {
      case Past::drifted: object.spec["size"] = node.was.size + 10; break;
      case Past::stopped: object.spec["running"] = false; break;
      case Past::intent:
      case Past::made:
        row.intent = Intent{
            row.nonce, row.generation, row.applied, Existence::absent, {}, std::exchange(row.defaulted, {})};
        row.nonce = row.generation = row.identity = "";
        row.applied = Json();
        break;
      case Past::dead: object.deaths_left = 1; break;
      case Past::changed: object.mark.generation = "another"; break;
      case Past::foreign: object.mark.inventory = "somebody"; break;
      case Past::unmarked: object.mark = {}, object.identity = "by-hand-" + row.address.name; break;
      default: break;
    }
  }

  Simulation& world_;
  const Scene& scene_;
  FakeWorld objects_;
  std::vector<Record> rows_;
};

}  // namespace

const Catalog& scene_catalog() {
  static const Catalog catalog(
      {{"fake", std::make_shared<const Manifest>(parse_manifest(manifest().dump()).value())}}, {});
  return catalog;
}

std::vector<Result<std::vector<ChildSpec>>> expand_groups(const std::string&,
                                                          const std::vector<Resource>& groups) {
  std::vector<Result<std::vector<ChildSpec>>> answers;
  for (const Resource& group : groups) {
    std::vector<ChildSpec> children;
    for (const Json& part : group.spec.value("parts", Json::array()))
      children.push_back({.api_version = "test/v1",
                          .kind = "Fast",
                          .name = part.at("name"),
                          .spec = {{"size", part.at("size")}},
                          .pointer = "/parts/" + std::to_string(children.size())});
    answers.emplace_back(std::move(children));
  }
  return answers;
}

Address address_of(const Scene& scene, int node) {
  return {"test", kind_name(scene.nodes.at(node).kind), "default", name_of(node)};
}

Address old_address_of(const Scene& scene, int node) {
  Address address = address_of(scene, node);
  if (scene.nodes.at(node).moved) address.name = "o" + std::to_string(node);
  return address;
}

Address part_of(int group, int part) {
  return {"test", "Fast", "default", name_of(group) + "-p" + std::to_string(part)};
}

std::string set_of(const Scene& scene) { return scene.named_set ? "named" : ""; }

std::optional<std::string> tier_of(const Node& node) {
  const bool nobody_wrote_it = node.past != Past::none && node.was.tier == 0;
  const std::string wanted = kTiers[node.want.tier];
  // A default that is new does not touch what exists, written out or not; who adopts gives it.
  const bool by_default = wanted.empty() || wanted == kDefault;
  if (nobody_wrote_it && node.was_default == Default::missing && by_default)
    return node.past == Past::unmarked ? std::optional<std::string>(kDefault) : std::nullopt;
  if (!wanted.empty()) return wanted;
  // It keeps what it had if a run makes it anew, and not if the run ends in between.
  const bool gone = !was_there(node) && node.moved;
  if (nobody_wrote_it && (gone || node.want.fixed != node.was.fixed)) return std::nullopt;
  const bool is_known = was_owned(node) && !node.forgotten;
  return nobody_wrote_it && is_known && node.was_default == Default::older ? kOlderDefault : kDefault;
}

int64_t taken(const FakeBackend& backend) {
  int64_t taken = 0;
  backend.each([&taken](const Address&, const FakeObject& object) { taken += object.spec.value("size", 0); });
  return taken;
}

std::vector<Resource> declared(const Scene& scene) {
  std::vector<Resource> resources;
  for (const auto& [number, node] : scene.nodes) {
    if (!node.wanted) continue;
    Resource made = resource(address_of(scene, number), spec_of(scene, number, node.want, address_of));
    std::string all;
    for (const auto& [target, hold] : node.want.needs)
      if (hold == Hold::all) all += (all.empty() ? "" : ",") + to_string(address_of(scene, target));
    if (!all.empty()) made.annotations[std::string(kDependsOnAnnotation)] = all;
    if (node.moved && !scene.by_name)
      made.annotations[std::string(kMovedFromAnnotation)] = to_string(old_address_of(scene, number));
    resources.push_back(std::move(made));
  }
  return resources;
}

std::vector<PlanOptions> commands(const Scene& scene) {
  PlanOptions forget, import, move;
  for (const auto& [number, node] : scene.nodes) {
    const Address address = address_of(scene, number);
    if (node.forgotten) forget.forget.insert(address);
    if (node.past == Past::unmarked && node.wanted) import.import[address] = "";
    if (node.moved) move.move[address] = old_address_of(scene, number);
  }
  std::vector<PlanOptions> commands;
  if (forget.marks_only()) commands.push_back(forget);
  for (const PlanOptions& command : {import, move})
    if (scene.by_name && command.marks_only()) commands.push_back(command);
  commands.push_back({.destroy = scene.destroy, .prune = scene.prune, .adopt = scene.adopt});
  for (PlanOptions& command : commands) command.set = set_of(scene);
  return commands;
}

void begin(Simulation& world, const Scene& scene) {
  // The same each time: a seed means the same plan, byte for byte.
  world.inventory = MemoryInventory("11111111-1111-4111-8111-111111111111");
  world.backend.on_claims([](const Address& address) { return address.kind == "Claim"; },
                          [](const Address& address, const Json& spec) -> std::optional<Address> {
                            if (address.kind != "Import" || !spec.contains("target")) return std::nullopt;
                            return Address{"test", "Claim", "default", spec.at("target").get<std::string>()};
                          });
  Beginning(world, scene).run();
}

}  // namespace tenon::properties
