// Secrets on their way to a plugin: what it may redeem, and that nothing else carries them.
// testdata/keeper.cc.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "framework/base/files.h"
#include "framework/base/secret.h"
#include "framework/plugin/open.h"
#include "framework/plugin/secret_desk.h"
#include "framework/plugin/test_plugins.h"

namespace tenon {
namespace {

constexpr char kCanary[] = "c4n4ry-in-the-mine";

std::string hash(const std::string& text) { return std::to_string(std::hash<std::string>{}(text)); }

enum class Where { in_this_process, hosted };

class Secrets : public PluginTest, public testing::WithParamInterface<Where> {
 protected:
  Secrets() {
    std::filesystem::create_directory(directory_ / "world");
    const auto manifest = manifest_in_process(test_plugin("keeper")).value();
    const Json configuration = {{"world", path("world")}};
    backend_ = GetParam() == Where::hosted
                   ? open_hosted({.program = host_program(),
                                  .plugin = test_plugin("keeper"),
                                  .instance = "one",
                                  .log = path("log"),
                                  .vault = &vault_},
                                 configuration, manifest)
                   : open_in_process(test_plugin("keeper"), "one", configuration, manifest, &vault_);
  }

  static Address safe(const std::string& name) { return {"test.tenon.dev", "Safe", "default", name}; }
  Json sealed(const Json& value) { return vault_.seal(value, {.file = "f"}); }
  Request request(const std::string& name, Json desired) {
    return {.address = safe(name), .desired = std::move(desired), .nonce = "n", .inventory = "i"};
  }
  Json outputs(const Request& of) { return backend_->observe({of}, {}).value().observations[0].outputs; }
  Error refusal(const Request& of) {
    const auto outcome = backend_->create(of, {});
    return outcome ? Error{Code::internal, "it was made"} : outcome.error();
  }

  Vault vault_{random_key()};
  std::unique_ptr<Backend> backend_;
};

TEST_P(Secrets, AHandleIsRedeemedForTheVeryValue) {
  const Request one = request("a", {{"combination", sealed(kCanary)}, {"papers", sealed({{"deed", 1}})}});
  ASSERT_TRUE(backend_->create(one, {}));
  EXPECT_EQ(outputs(one), Json({{"combination", hash(Json(kCanary).dump())},
                                {"papers", hash(Json({{"deed", 1}}).dump())}}));
}

TEST_P(Secrets, ASecretThatTheResourceNamesIsRedeemed) {
  const std::string bytes("\0\xfe binary", 9);
  vault_.add({{"core", "Secret", "default", "me"}, {{"user", "admin"}, {"key", bytes}}, "f"});
  ASSERT_TRUE(vault_.allow(safe("a"), {"core", "Secret", "default", "me"}));
  const Request one = request("a", {{"owner", "me"}});
  ASSERT_TRUE(backend_->create(one, {}));
  EXPECT_EQ(outputs(one), Json({{"user", hash("admin")}, {"key", hash(bytes)}}));
}

TEST_P(Secrets, OfAnotherResourceAreRefused) {
  const Json handle = sealed(kCanary);
  ASSERT_TRUE(backend_->create(request("a", {{"combination", handle}}), {}));
  const Json which = {{"which", handle["tenon.dev/secret"]}};
  ASSERT_TRUE(backend_->act(request("a", {{"combination", handle}}), "steal", which, {}));
  const auto stolen = backend_->act(request("b", {{"combination", sealed("mine")}}), "steal", which, {});
  ASSERT_FALSE(stolen);
  EXPECT_EQ(stolen.error().code, Code::permission_denied);
}

TEST_P(Secrets, ASecretThatTheResourceDoesNotNameIsRefused) {
  vault_.add({{"core", "Secret", "default", "me"}, {{"key", kCanary}}, "f"});
  EXPECT_EQ(refusal(request("a", {{"owner", "me"}})).code, Code::permission_denied);
  ASSERT_TRUE(vault_.allow(safe("a"), {"core", "Secret", "default", "me"}));
  EXPECT_EQ(refusal(request("b", {{"owner", "me"}})).code, Code::permission_denied);
  EXPECT_EQ(refusal(request("a", {{"owner", "nobody"}})).code, Code::not_found);
}

TEST_P(Secrets, AValueThatNoManifestGaveIsNotFoundAndSaysWhatToDo) {
  const Error error = refusal(request("a", {{"combination", {{"tenon.dev/secret", "hmac-sha256:00"}}}}));
  EXPECT_EQ(error.code, Code::not_found);
  EXPECT_NE(error.message.find("-f"), std::string::npos) << error.message;
}

TEST_P(Secrets, TheConfigurationsAreRedeemedToo) {
  const auto manifest = manifest_in_process(test_plugin("keeper")).value();
  const Json configuration = {{"world", path("world")}, {"password", kCanary}};
  const auto backend = GetParam() == Where::hosted
                           ? open_hosted({.program = host_program(),
                                          .plugin = test_plugin("keeper"),
                                          .instance = "two",
                                          .log = path("log"),
                                          .vault = &vault_},
                                         configuration, manifest)
                           : open_in_process(test_plugin("keeper"), "two", configuration, manifest, &vault_);
  ASSERT_TRUE(backend->observe({request("a", {})}, {}));
  const std::string opened = read_file(path("world/opened.jsonl")).value();
  EXPECT_EQ(opened.find(kCanary), std::string::npos) << opened;
  EXPECT_NE(opened.find(hash(Json(kCanary).dump())), std::string::npos) << opened;
  EXPECT_TRUE(vault_.sources().empty());
}

TEST_P(Secrets, ManyThreadsGetEachItsOwn) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t] {
      for (int i = 0; i < 25; ++i) {
        const std::string name = "s" + std::to_string(t) + "-" + std::to_string(i);
        const Request one = request(name, {{"combination", sealed(name)}});
        ASSERT_TRUE(backend_->create(one, {}));
        EXPECT_EQ(outputs(one)["combination"], hash(Json(name).dump()));
      }
    });
}

INSTANTIATE_TEST_SUITE_P(Plugin, Secrets, testing::Values(Where::in_this_process, Where::hosted),
                         [](const auto& info) {
                           return std::string(info.param == Where::hosted ? "Hosted" : "InThisProcess");
                         });

// Core dumps of a process that crashes here, by name.
std::vector<std::string> dumps() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator("."))
    if (entry.path().filename().string().starts_with("core")) names.push_back(entry.path());
  return names;
}

// In a directory of its own, with dumps as large as they like.
class Dumps : public PluginTest {
 protected:
  Dumps() : before_(std::filesystem::current_path()) {
    getrlimit(RLIMIT_CORE, &limit_);
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    allowed_ = setrlimit(RLIMIT_CORE, &unlimited) == 0;
    host_ = host_program();
    plugin_ = test_plugin("keeper");
    std::filesystem::create_directory(directory_ / "world");
    std::filesystem::current_path(directory_);
  }
  ~Dumps() override {
    std::filesystem::current_path(before_);
    setrlimit(RLIMIT_CORE, &limit_);
  }

  // Whether a crash leaves a dump here at all.
  bool are_possible() const {
    const pid_t child = fork();
    if (child == 0) std::abort();
    int status = 0;
    waitpid(child, &status, 0);
    const bool dumped = allowed_ && !dumps().empty();
    for (const std::string& name : dumps()) std::filesystem::remove(name);
    return dumped;
  }

  const std::filesystem::path before_;
  rlimit limit_{};
  bool allowed_ = false;
  std::string host_, plugin_;
};

TEST_F(Dumps, AHostThatCrashesInACallWithASecretLeavesNone) {
  if (!are_possible()) GTEST_SKIP() << "this machine cannot leave a core dump in a directory";
  Vault vault{random_key()};
  const auto backend = open_hosted(
      {.program = host_, .plugin = plugin_, .instance = "one", .log = path("log"), .vault = &vault},
      {{"world", path("world")}}, manifest_in_process(plugin_).value());
  const Request safe{.address = {"test.tenon.dev", "Safe", "default", "a"},
                     .desired = {{"combination", vault.seal(kCanary, {.file = "f"})}},
                     .nonce = "n",
                     .inventory = "i"};
  const auto crashed = backend->act(safe, "crash", Json::object(), {});
  ASSERT_FALSE(crashed);
  EXPECT_EQ(crashed.error().code, Code::crashed) << crashed.error().message;
  EXPECT_EQ(dumps(), std::vector<std::string>());
  EXPECT_EQ(crashed.error().message.find(kCanary), std::string::npos);
  EXPECT_EQ(read_file(path("log")).value_or("").find(kCanary), std::string::npos);
}

TEST(SecretDesk, AnswersNoCallThatIsOver) {
  Vault vault("key");
  const Json handle = vault.seal("value", {});
  const Json request = {{"address", "g/K/n/x"}, {"desired", {{"a", {handle}}}}};
  const std::string ask = Json{{"handle", handle["tenon.dev/secret"]}}.dump();
  SecretDesk desk(&vault);
  EXPECT_NE(desk.answer(1, ask).find("permission_denied"), std::string::npos);
  desk.admit(1, request);
  EXPECT_EQ(desk.answer(1, ask), R"({"result":{"value":"value"}})");
  EXPECT_NE(desk.answer(2, ask).find("permission_denied"), std::string::npos);
  desk.dismiss(1);
  EXPECT_NE(desk.answer(1, ask).find("permission_denied"), std::string::npos);
  EXPECT_NE(desk.answer(1, "no json").find("error"), std::string::npos);
}

TEST(SecretDesk, RefusesEveryQuestionOfAnotherShape) {
  Vault vault("key");
  const Json request = {{"address", "g/K/n/x"}};
  SecretDesk desk(&vault);
  desk.admit(1, request);
  for (const char* ask :
       {R"({"secretRef":"x","address":5})", R"({"secretRef":"x","address":null})", R"({"secretRef":"x"})",
        R"({"secretRef":["x"],"address":"g/K/n/x"})", R"({"handle":{"tenon.dev/secret":"x"}})", "{}"})
    EXPECT_NE(desk.answer(1, ask).find("invalid_argument"), std::string::npos) << ask;
  for (const char* ask : {"", "[]", "5", "\"x\"", "{\"handle\":", "\xff"})
    EXPECT_NE(desk.answer(1, ask).find("\"error\""), std::string::npos) << ask;
}

}  // namespace
}  // namespace tenon
