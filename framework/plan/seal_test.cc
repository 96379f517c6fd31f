#include "framework/plan/seal.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

constexpr char kManifest[] = R"({"manifestVersion": 1, "name": "m", "kinds": [
  {"group": "g", "kind": "Safe", "plural": "safes", "versions": ["v1"], "schema": {"type": "object", "properties": {
    "pin": {"type": "string", "x-secret": true}, "papers": {"type": "object", "x-secret": true},
    "lock": {"type": "object", "properties": {"code": {"type": "string", "x-secret": true}}},
    "keys": {"type": "array", "items": {"x-secret": true}},
    "owner": {"type": "string", "x-ref": "core/Secret"}}}},
  {"group": "g", "kind": "Room", "plural": "rooms", "versions": ["v1"], "schema": {"type": "object", "properties": {
    "safe": {"type": "object", "x-template": "g/Safe"}}}}]})";

class Seal : public testing::Test {
 protected:
  Resource sealed(const std::string& kind, Json spec, std::vector<std::string> defaulted = {}) {
    Resource one{
        .address = {"g", kind, "n", "a"}, .spec = std::move(spec), .defaulted = std::move(defaulted)};
    one.origin.pointer = "/items/3/spec";
    seal(catalog_, catalog_.find(one.address)->schema, one.address, one, vault_, diagnostics_);
    return one;
  }
  std::vector<std::string> places() const {
    std::vector<std::string> places;
    for (const SecretSource& source : vault_.sources())
      places.push_back(to_string(source.address) + " " + source.pointer);
    return places;
  }

  const Catalog catalog_{{{"m", std::make_shared<const Manifest>(parse_manifest(kManifest).value())}}, {}};
  Vault vault_{"key"};
  Diagnostics diagnostics_;
};

TEST_F(Seal, TakesEveryValueOutAndTellsWhereItStood) {
  const Resource one = sealed("Safe", {{"pin", "1"}, {"papers", {{"deed", "2"}}}, {"keys", {"3", nullptr}}});
  EXPECT_EQ(one.spec, Json({{"pin", vault_.handle_of("1")},
                            {"papers", vault_.handle_of({{"deed", "2"}})},
                            {"keys", {vault_.handle_of("3"), nullptr}}}));
  EXPECT_EQ(places(),
            (std::vector<std::string>{"g/Safe/n/a /items/3/spec/keys/0", "g/Safe/n/a /items/3/spec/papers",
                                      "g/Safe/n/a /items/3/spec/pin"}));
}

TEST_F(Seal, FollowsTemplatesIntoOtherKinds) {
  const Json room = {{"safe", {{"metadata", {{"name", "b"}}}, {"spec", {{"pin", "1"}}}}}};
  EXPECT_EQ(sealed("Room", room).spec["safe"]["spec"]["pin"], vault_.handle_of("1"));
  Json found = room;
  EXPECT_TRUE(seal_known(catalog_, {"g", "Room", "n", "a"}, found, vault_));
  EXPECT_EQ(found["safe"]["spec"]["pin"], vault_.handle_of("1"));
}

TEST_F(Seal, ADefaultIsThePluginsAndNotTheFiles) {
  sealed("Safe", {{"pin", "1"}, {"lock", {{"code", "0"}}}}, {"/lock"});
  EXPECT_EQ(places(), (std::vector<std::string>{"g/Safe/n/a /items/3/spec/pin", "g/Safe/n/a /lock/code"}));
}

TEST_F(Seal, LeavesHandlesAndReferencesAsTheyAre) {
  const Json handle = {{"tenon.dev/secret", "hmac-sha256:0:0"}};
  const Json reference = {{"tenon.dev/ref", "g/Safe/n/b"}, {"path", "/pin"}};
  EXPECT_EQ(sealed("Safe", {{"pin", handle}, {"papers", reference}}).spec,
            Json({{"pin", handle}, {"papers", reference}}));
  EXPECT_TRUE(diagnostics_.empty());
  sealed("Safe", {{"papers", {{"deed", reference}}}});
  ASSERT_EQ(diagnostics_.size(), 1u);
  EXPECT_NE(diagnostics_[0].summary.find("not put together from outputs"), std::string::npos);
}

TEST_F(Seal, ASecretThatIsNamedMustBeThere) {
  sealed("Safe", {{"owner", "me"}});
  ASSERT_EQ(diagnostics_.size(), 1u);
  EXPECT_EQ(diagnostics_[0].summary, "there is no Secret 'me' in namespace n");
  vault_.add({{"core", "Secret", "n", "me"}, {{"k", "v"}}, "f"});
  sealed("Safe", {{"owner", "me"}});
  sealed("Safe", {{"owner", ""}});
  EXPECT_EQ(diagnostics_.size(), 1u);
  EXPECT_EQ(places(), std::vector<std::string>{"core/Secret/n/me "});
}

TEST_F(Seal, ARowIsSealedInWhatWasAppliedAndInWhatWasMeant) {
  Owned row{.address = {"g", "Safe", "n", "a"}, .applied = Json{{"pin", "1"}}};
  row.intent = Intent{"n", "g", Json{{"pin", "2"}}, Existence::absent, {}};
  EXPECT_TRUE(seal_row(catalog_, row, vault_));
  EXPECT_EQ(row.applied["pin"], vault_.handle_of("1"));
  EXPECT_EQ(row.intent->spec["pin"], vault_.handle_of("2"));
  EXPECT_FALSE(seal_row(catalog_, row, vault_));
  EXPECT_TRUE(vault_.sources().empty());
}

}  // namespace
}  // namespace tenon
