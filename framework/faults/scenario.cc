#include "framework/faults/scenario.h"

#include <memory>
#include <string>

namespace tenon::faults {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "world", "version": "1", "kinds": [
    {"group": "test", "kind": "Box", "plural": "boxes", "versions": ["v1"], "ready": {"phases": ["Ready"]},
     "schema": THING, "requirements": NEEDS},
    {"group": "test", "kind": "Token", "plural": "tokens", "versions": ["v1"], "ready": {"phases": ["Ready"]},
     "schema": THING, "requirements": NEEDS},
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
  explicit Things(bool tokens) : tokens_(tokens) {}

  Resource make(const std::string& group, int number, Json spec) const {
    spec["size"] = spec.value("size", 1);
    return resource(is_token(number) ? "Token" : "Box", group + std::to_string(number), std::move(spec));
  }
  // The part of a spec that requires it.
  Json needing(const std::string& group, int number) const {
    return {{is_token(number) ? "tokens" : "boxes", {group + std::to_string(number)}}};
  }

 private:
  bool is_token(int number) const { return tokens_ && number % 3 == 2; }

  const bool tokens_;
};

// A disk, what fills it, and what then runs on it.
void add_machine(const std::string& group, int number, std::vector<Resource>& resources) {
  const std::string name = group + std::to_string(number);
  resources.push_back(resource("Disk", name, {{"size", 4}}));
  resources.push_back(resource("Import", name, {{"disk", name}, {"source", "image"}}));
  resources.push_back(resource("Machine", name, {{"disk", name}, {"import", name}}));
}

}  // namespace

Catalog fake_catalog() {
  auto manifest = parse_manifest(with(with(kManifest, "THING", kThing), "NEEDS", kNeeds));
  return Catalog({{"world", std::make_shared<const Manifest>(std::move(manifest.value()))}}, {});
}

Scenario scenario_of(int size, bool tokens) {
  const Things things(tokens);
  Scenario scenario;
  auto& [before, after, approved] = scenario;
  for (int i = 0; i < size / 5; ++i)  // created, one on the other
    after.push_back(things.make("created", i, i > 0 ? things.needing("created", i / 2) : Json::object()));
  for (int i = 0; i < size / 5; ++i) {  // updated; some let go of what is deleted for what is created
    before.push_back(
        things.make("updated", i, i % 4 == 0 ? things.needing("deleted", i / 2) : Json::object()));
    Json spec = i % 4 == 0 ? things.needing("created", i) : Json::object();
    spec["size"] = 2;
    after.push_back(things.make("updated", i, std::move(spec)));
  }
  for (int i = 0; i < size / 7; ++i) {
    before.push_back(things.make("replaced", i, {{"fixed", 1}}));
    after.push_back(things.make("replaced", i, {{"fixed", 2}}));
  }
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
  return scenario;
}

}  // namespace tenon::faults
