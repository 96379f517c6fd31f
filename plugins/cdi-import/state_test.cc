#include "plugins/cdi-import/state.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "framework/base/files.h"
#include "framework/base/temporary_directory.h"
#include "plugins/cdi-import/source.h"

namespace tenon::cdi {
namespace {

namespace fs = std::filesystem;

class StateTest : public testing::Test {
 protected:
  TemporaryDirectory temporary_;
  const fs::path root_ = temporary_.path() / "new";
  const StateDirectory state_{root_ / "imports/ns/dv"};
  const Ledger ledger_{.inventory = "i",
                       .address = "g/K/ns/dv",
                       .nonce = "n",
                       .generation = "g2",
                       .import_generation = "g1",
                       .spec = {{"source", 1}},
                       .claim = {"cn", "/c", "/c/disk.img", 42},
                       .settings = {{"a", 1}}};
};

TEST_F(StateTest, WithoutALedgerThereIsNoImport) {
  EXPECT_FALSE(state_.ledger()->has_value());
  EXPECT_FALSE(fs::exists(root_));
}

TEST_F(StateTest, ALedgerIsReadBackWhole) {
  ASSERT_TRUE(state_.write_ledger(ledger_));
  const Ledger read = state_.ledger()->value();
  EXPECT_EQ(read.address, ledger_.address);
  EXPECT_EQ(read.generation, "g2");
  EXPECT_EQ(read.import_generation, "g1");
  EXPECT_EQ(read.spec, ledger_.spec);
  EXPECT_EQ(read.claim, ledger_.claim);
}

TEST_F(StateTest, ADamagedLedgerIsAnErrorAndNotAbsent) {
  ASSERT_TRUE(state_.write_ledger(ledger_));
  for (const char* text : {"", "{}", "[1]", R"({"inventory": 1})"}) {
    ASSERT_TRUE(write_file_atomically(state_.path() + "/ledger.json", text));
    EXPECT_FALSE(state_.ledger()) << text;
  }
}

TEST_F(StateTest, ALedgerOfANewerVersionIsAnErrorThatSaysSo) {
  ASSERT_TRUE(state_.write_ledger(ledger_));
  const std::string file = state_.path() + "/ledger.json";
  Json ledger = Json::parse(read_file(file).value());
  ledger["version"] = ledger["version"].get<int>() + 1;
  ASSERT_TRUE(write_file_atomically(file, ledger.dump()));
  const auto read = state_.ledger();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message,
            file + " is of version 2, written by a newer tenon; this one reads 1: use a newer tenon");
  ledger.erase("version");
  ASSERT_TRUE(write_file_atomically(file, ledger.dump()));
  EXPECT_FALSE(state_.ledger());
}

TEST_F(StateTest, DamagedProgressIsNoProgress) {
  ASSERT_TRUE(state_.write_ledger(ledger_));
  EXPECT_FALSE(state_.progress());
  ASSERT_TRUE(state_.write_progress({.phase = "ImportInProgress", .message = "m", .fraction = 0.25}));
  EXPECT_EQ(state_.progress()->fraction, 0.25);
  ASSERT_TRUE(write_file_atomically(state_.path() + "/progress.json", "{\"phase\""));
  EXPECT_FALSE(state_.progress());
}

TEST_F(StateTest, ANewAttemptForgetsTheLastOne) {
  ASSERT_TRUE(state_.write_ledger(ledger_));
  ASSERT_TRUE(state_.write_failure({"NotFound", "404"}));
  ASSERT_TRUE(state_.request_cancel());
  EXPECT_EQ(state_.failure()->value().reason, "NotFound");
  EXPECT_TRUE(state_.cancel_requested());
  ASSERT_TRUE(state_.forget_attempt());
  EXPECT_FALSE(state_.failure()->has_value());
  EXPECT_FALSE(state_.cancel_requested());
  EXPECT_TRUE(state_.ledger()->has_value());
}

TEST_F(StateTest, RemoveLeavesNothingAndSucceedsAgain) {
  ASSERT_TRUE(state_.write_ledger(ledger_));
  ASSERT_TRUE(state_.write_failure({"NotFound", "404"}));
  ASSERT_TRUE(state_.remove());
  EXPECT_TRUE(fs::is_empty(root_ / "imports"));
  EXPECT_TRUE(state_.remove());
}

Json http(const Json& fields) { return {{"source", {{"http", fields}}}}; }

// S1-18, S1-20
TEST(Source, IsHttpOrBlank) {
  EXPECT_TRUE(parse_source({{"source", {{"blank", Json::object()}}}})->blank);
  EXPECT_EQ(parse_source(http({{"url", "https://h/x"}, {"secretRef", ""}}))->url, "https://h/x");
  EXPECT_EQ(parse_source(http({{"url", "https://h/x"}, {"secretRef", ""}}))->secret, "");
  EXPECT_EQ(parse_source(http({{"url", "https://h/x"}}))->secret, "");
  const std::string digest(64, 'A');
  EXPECT_EQ(parse_source(http({{"url", "http://h/x"}, {"checksum", "sha256:" + digest}}))->checksum,
            "sha256:" + std::string(64, 'a'));
}

// S1-16
TEST(Source, IsRefusedWithTheFieldThatIsWrong) {
  const std::pair<Json, const char*> cases[] = {
      {Json::object(), "exactly one"},
      {{{"source", {{"blank", Json::object()}, {"http", {{"url", "http://h"}}}}}}, "exactly one"},
      {http({{"url", "file:///etc/passwd"}}), "spec/source/http/url: "},
      {http({{"url", "https://bob:hunter2@h/x"}}), "put them into a v1 Secret"},
      {http({{"url", "http://h/x"}, {"checksum", "md5:00"}}), "spec/source/http/checksum: "}};
  for (const auto& [spec, words] : cases) {
    const auto source = parse_source(spec);
    ASSERT_FALSE(source) << spec;
    EXPECT_NE(source.error().message.find(words), std::string::npos) << source.error().message;
    EXPECT_EQ(source.error().message.find("hunter2"), std::string::npos) << source.error().message;
  }
}

// S1-17
TEST(Source, NamesTheSecretWithItsCredentials) {
  EXPECT_EQ(parse_source(http({{"url", "http://h/x"}, {"secretRef", "endpoint-secret"}}))->secret,
            "endpoint-secret");
}

TEST(Credentials, GoThroughAPipeAsTheyAre) {
  const Credentials credentials = credentials_from(to_bytes({"us:er", "pass\nword"}));
  EXPECT_EQ(credentials.user, "us:er");
  EXPECT_EQ(credentials.password, "pass\nword");
  EXPECT_TRUE(credentials_from("").empty());
}

TEST(PrintableUrl, HidesWhatMayBeSecret) {
  EXPECT_EQ(printable_url("https://user:pass@host:1/a@b?X-Amz-Signature=1"), "https://host:1/a@b");
  EXPECT_EQ(printable_url("http://host"), "http://host");
  EXPECT_EQ(printable_url("http://host/a:b@c"), "http://host/a:b@c");
  EXPECT_EQ(printable_url("http://host?token=1"), "http://host");
  EXPECT_EQ(printable_url("nonsense"), "nonsense");
}

}  // namespace
}  // namespace tenon::cdi
