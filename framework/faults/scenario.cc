#include "framework/faults/scenario.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>

namespace tenon::faults {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "world", "version": "1", "capabilities": ["adopt", "check", "list", "move"],
  "kinds": [
    {"group": "test", "kind": "Box", "plural": "boxes", "versions": ["v1"], "ready": {"phases": ["Ready"]},
     "schema": THING, "requirements": NEEDS},
    {"group": "test", "kind": "Token", "plural": "tokens", "versions": ["v1"], "ready": {"phases": ["Ready"]},
     "schema": THING, "requirements": NEEDS},
    {"group": "test", "kind": "Ticket", "plural": "tickets", "versions": ["v1"],
     "ready": {"phases": ["Ready"]}, "create": {"idempotent": false, "settle": "1s"}, "schema": THING},
    {"group": "test", "kind": "Parcel", "plural": "parcels", "versions": ["v1"],
     "ready": {"phases": ["Ready"]}, "create": {"marked": "later"}, "schema": THING},
    {"group": "test", "kind": "Disk", "plural": "disks", "versions": ["v1"], "claim": true,
     "ready": {"phases": ["Bound"]},
     "schema": {"type": "object", "properties": {"size": {"type": "integer"}}}},
    {"group": "test", "kind": "Import", "plural": "imports", "versions": ["v1"], "populates": "claim",
     "ready": {"phases": ["Succeeded"], "failing": ["Failed"], "later": true, "timeout": "1h"},
     "requirements": [{"name": "claim", "path": "/disk", "target": "test/Disk", "phases": ["Bound"]}],
     "schema": {"type": "object", "properties": {
       "disk": {"type": "string"}, "source": {"type": "string", "x-update": "replace"}}}},
    {"group": "test", "kind": "Machine", "plural": "machines", "versions": ["v1"],
     "ready": {"phases": ["Ready"]},
     "requirements": [
       {"name": "import", "path": "/import", "target": "test/Import", "phases": ["Succeeded"]},
       {"name": "disk", "path": "/disk", "target": "test/Disk"}],
     "schema": {"type": "object", "properties": {
       "import": {"type": "string"}, "disk": {"type": "string"}}}}]})";

constexpr const char* kThing = R"({"type": "object", "properties": {
  "size": {"type": "integer"}, "fixed": {"type": "integer", "x-update": "replace"},
  "tier": {"type": "string", "default": "DEFAULT"},
  "boxes": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
  "tokens": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}}})";

constexpr const char* kNeeds = R"([{"name": "boxes", "path": "/boxes/*", "target": "test/Box"},
  {"name": "tokens", "path": "/tokens/*", "target": "test/Token"}])";

std::string with(std::string text, const std::string& word, const std::string& value) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word))
    text.replace(at, word.size(), value);
  return text;
}

Resource resource(const std::string& kind, const std::string& name, Json spec) {
  return {
      .address = {"test", kind, "default", name}, .version = "v1", .instance = "", .spec = std::move(spec)};
}

class Things {
 public:
  Resource make(const std::string& group, int number, Json spec) const {
    spec["size"] = spec.value("size", 1);
    return resource(is_token(number) ? "Token" : "Box", group + std::to_string(number), std::move(spec));
  }
  // The part of a spec that requires it.
  Json needing(const std::string& group, int number) const {
    return {{is_token(number) ? "tokens" : "boxes", {group + std::to_string(number)}}};
  }

 private:
  static bool is_token(int number) { return number % 3 == 2; }
};

// A disk, what fills it, and what then runs on it.
void add_machine(const std::string& group, int number, std::vector<Resource>& resources) {
  const std::string name = group + std::to_string(number);
  resources.push_back(resource("Disk", name, {{"size", 4}}));
  resources.push_back(resource("Import", name, {{"disk", name}, {"source", "image"}}));
  resources.push_back(resource("Machine", name, {{"disk", name}, {"import", name}}));
}

Resource thing(const std::string& kind, const std::string& group, int number, Json spec = Json::object()) {
  spec["size"] = spec.value("size", 1);
  return resource(kind, group + std::to_string(number), std::move(spec));
}

Resource box(const std::string& group, int number, Json spec = Json::object()) {
  return thing("Box", group, number, std::move(spec));
}

// Whoever requires it names it by its new name from now on.
void add_moved(int number, Scenario& scenario) {
  const std::string from = "moving" + std::to_string(number), to = "moved" + std::to_string(number);
  scenario.before.push_back(box("moving", number, {{"size", 1}}));
  scenario.before.push_back(box("user", number, {{"boxes", {from}}}));
  Resource moved = box("moved", number, {{"size", 1 + number % 2}});
  moved.annotations[std::string(kMovedFromAnnotation)] = to_string(scenario.before.end()[-2].address);
  scenario.after.push_back(std::move(moved));
  scenario.after.push_back(box("user", number, {{"boxes", {to}}}));
}

void add_owners(int number, Scenario& scenario) {
  scenario.by_hand.push_back(box("adopted", number));
  scenario.after.push_back(box("adopted", number, {{"size", 1 + number % 2}}));
  scenario.by_hand.push_back(box("intended", number));
  scenario.intended.push_back(scenario.by_hand.back().address);
  scenario.others.push_back(box("others", number));
  scenario.others.push_back(box("taken", number));
  scenario.after.push_back(box("taken", number, {{"size", 1 + number % 2}}));
}

void add_defaulted(const Things& things, int number, Scenario& scenario) {
  scenario.before.push_back(things.make("unwritten", number, {{"tier", "gold"}}));
  scenario.after.push_back(things.make("unwritten", number, Json::object()));
  scenario.before.push_back(things.make("written", number, Json::object()));
  scenario.after.push_back(things.make("written", number, {{"tier", "gold"}}));
}

// Of the kinds whose creates are not like others'.
void add_peculiar(int number, Scenario& scenario) {
  for (const char* kind : {"Ticket", "Parcel"}) {
    scenario.after.push_back(thing(kind, "created", number));
    scenario.before.push_back(thing(kind, "replaced", number, {{"fixed", 1}, {"tier", "gold"}}));
    scenario.after.push_back(thing(kind, "replaced", number, {{"fixed", 2}, {"tier", "gold"}}));
    scenario.before.push_back(thing(kind, "deleted", number));
  }
}

// Of what exists when the run begins, and of what then grows or comes.
int64_t room_of(const Scenario& scenario) {
  std::map<Address, int64_t> sizes;
  const auto size = [](const Resource& resource) { return resource.spec->value("size", int64_t{0}); };
  for (const auto* resources : {&scenario.others, &scenario.before, &scenario.by_hand})
    for (const Resource& resource : *resources) sizes[resource.address] = size(resource);
  int64_t room = 0;
  for (const auto& [address, taken] : sizes) room += taken;
  for (const Resource& resource : scenario.after) {
    const auto moved = resource.annotations.find(std::string(kMovedFromAnnotation));
    const Address before =
        moved == resource.annotations.end() ? resource.address : *parse_address(moved->second);
    room += std::max<int64_t>(0, size(resource) - sizes[before]);
  }
  return room;
}

}  // namespace

Catalog fake_catalog(bool older) {
  const std::string thing = with(kThing, "DEFAULT", older ? "thin" : "plain");
  auto manifest = parse_manifest(with(with(kManifest, "THING", thing), "NEEDS", kNeeds));
  return Catalog({{"world", std::make_shared<const Manifest>(std::move(manifest.value()))}}, {});
}

Scenario scenario_of(int size) {
  const Things things;
  Scenario scenario;
  std::vector<Resource>&before = scenario.before, &after = scenario.after;
  std::set<Address>& approved = scenario.approved;
  for (int i = 0; i < size / 5; ++i)  // created, one on the other
    after.push_back(things.make("created", i, i > 0 ? things.needing("created", i / 2) : Json::object()));
  for (int i = 0; i < size / 5; ++i) {  // updated; some let go of what is deleted for what is created
    before.push_back(
        things.make("updated", i, i % 4 == 0 ? things.needing("deleted", i / 2) : Json::object()));
    Json spec = i % 4 == 0 ? things.needing("created", i) : Json::object();
    spec["size"] = 2;
    after.push_back(things.make("updated", i, std::move(spec)));
  }
  // A tier is written, for what is made anew by two runs has the default of now.
  for (int i = 0; i < size / 8; ++i) {
    before.push_back(things.make("replaced", i, {{"fixed", 1}, {"tier", "gold"}}));
    after.push_back(things.make("replaced", i, {{"fixed", 2}, {"tier", "gold"}}));
  }
  for (int i = 0; i < std::max(1, size / 50); ++i) {
    add_moved(i, scenario);
    add_owners(i, scenario);
    add_defaulted(things, i, scenario);
  }
  for (int i = 0; i < std::max(1, size / 100); ++i) add_peculiar(i, scenario);
  for (int i = 0; i < size / 8; ++i)  // deleted, one after the other
    before.push_back(things.make("deleted", i, i > 0 ? things.needing("deleted", i / 2) : Json::object()));
  for (int i = 0; i < size / 40; ++i) {
    add_machine("deleted", i, before);
    approved.insert({"test", "Disk", "default", "deleted" + std::to_string(i)});
  }
  for (int i = 0; i < size / 13; ++i) add_machine("imported", i, after);
  for (int i = 0; i < size / 40; ++i) {
    before.push_back(things.make("kept", i, Json::object()));
    after.push_back(things.make("kept", i, Json::object()));
  }
  scenario.room = room_of(scenario);
  return scenario;
}

}  // namespace tenon::faults
