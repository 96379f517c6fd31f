// What makes a saved plan stale, and what does not.
#include <gtest/gtest.h>

#include <functional>

#include "framework/plan/plan.h"

namespace tenon {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "world", "version": "1", "kinds": [
    {"group": "test", "kind": "Disk", "versions": ["v1"], "schema": {"type": "object", "properties": {
      "size": {"type": "integer"}, "free": {"type": "integer", "x-volatile": true},
      "uuid": {"type": "string", "x-computed": true},
      "parts": {"type": "array", "items": {"type": "object", "properties": {
        "size": {"type": "integer"}, "free": {"type": "integer", "x-volatile": true}}}}}}}]})";

class Fingerprint : public testing::Test {
 protected:
  Fingerprint() : manifest_(parse_manifest(kManifest).value()) {
    disk_.existence = Existence::present;
    disk_.phase = "Ready";
    disk_.identity = "d-1";
    disk_.mark = Mark{"inventory", "test/Disk/default/a", "nonce", "generation"};
    disk_.actual = {{"size", 1}, {"free", 1}, {"uuid", "u"}, {"parts", {{{"size", 1}, {"free", 1}}}}};
    disk_.contents = Contents::populated;
    disk_.outputs = {{"contents", {{"importer", "i"}}}, {"id", "x"}};
  }

  bool changes(const std::function<void(Observation&)>& change) const {
    Observation other = disk_;
    change(other);
    const KindManifest* kind = &manifest_.kinds.front();
    return fingerprint(other, kind) != fingerprint(disk_, kind);
  }

  const Manifest manifest_;
  Observation disk_;
};

TEST_F(Fingerprint, ChangesWithWhatAPlanDependsOn) {
  EXPECT_TRUE(changes([](Observation& o) { o.existence = Existence::absent; }));
  EXPECT_TRUE(changes([](Observation& o) { o.phase = "Failed"; }));
  EXPECT_TRUE(changes([](Observation& o) { o.identity = "d-2"; }));
  EXPECT_TRUE(changes([](Observation& o) { o.mark.reset(); }));
  EXPECT_TRUE(changes([](Observation& o) { o.mark->inventory = "another"; }));
  EXPECT_TRUE(changes([](Observation& o) { o.mark->nonce = "another"; }));
  EXPECT_TRUE(changes([](Observation& o) { o.mark->generation = "another"; }));
  EXPECT_TRUE(changes([](Observation& o) { o.contents = Contents::none; }));
  EXPECT_TRUE(changes([](Observation& o) { o.outputs.edit()["contents"]["importer"] = "another"; }));
  EXPECT_TRUE(changes([](Observation& o) { o.actual.edit()["size"] = 2; }));
  EXPECT_TRUE(changes([](Observation& o) { o.actual.edit()["parts"][0]["size"] = 2; }));
}

TEST_F(Fingerprint, StaysWhenOnlyThatChangesWhichChangesByItself) {
  EXPECT_FALSE(changes([](Observation& o) { o.progress = 0.5; }));
  EXPECT_FALSE(changes([](Observation& o) { o.message = "still at it"; }));
  EXPECT_FALSE(changes([](Observation& o) { o.notes = {"a note"}; }));
  EXPECT_FALSE(changes([](Observation& o) { o.conditions = {{"Ready", "True", "", ""}}; }));
  EXPECT_FALSE(changes([](Observation& o) { o.actual.edit()["free"] = 2; }));
  EXPECT_FALSE(changes([](Observation& o) { o.actual.edit()["parts"][0]["free"] = 2; }));
  EXPECT_FALSE(changes([](Observation& o) { o.actual.edit()["uuid"] = "v"; }));
}

}  // namespace
}  // namespace tenon
