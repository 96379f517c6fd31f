// What a plugin may offer besides the five methods, through every layer: status, act, watch, and what one
// side does not know. testdata/keeper.cc.
#include <dlfcn.h>

#include <condition_variable>
#include <set>

#include "framework/base/files.h"
#include "framework/engine/act.h"
#include "framework/engine/summaries.h"
#include "framework/inventory/memory.h"
#include "framework/plugin/in_process.h"
#include "framework/plugin/open.h"
#include "framework/plugin/test_plugins.h"
#include "framework/plugin/wire.h"

namespace tenon {
namespace {

using namespace std::chrono_literals;

// What a listener heard.
class Heard {
 public:
  void add(const Address& address) {
    const std::lock_guard lock(mutex_);
    addresses_.push_back(address);
    changed_.notify_all();
  }
  bool wait_for(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] { return addresses_.size() >= count; });
  }
  std::vector<Address> addresses() const {
    const std::lock_guard lock(mutex_);
    return addresses_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Address> addresses_;
};

enum class Where { in_this_process, hosted };

class Capabilities : public PluginTest, public testing::WithParamInterface<Where> {
 protected:
  Capabilities() {
    std::filesystem::create_directory(directory_ / "world");
    backend_ = GetParam() == Where::hosted
                   ? open_hosted({.program = host_program(),
                                  .plugin = test_plugin("keeper"),
                                  .instance = "one",
                                  .log = path("log")},
                                 configuration(), manifest_)
                   : open_in_process(test_plugin("keeper"), "one", configuration(), manifest_);
    backends_ = {{"one", backend_.get()}};
  }

  Json configuration() const { return {{"world", path("world")}}; }
  static Address safe(const std::string& name) { return {"test.tenon.dev", "Safe", "default", name}; }
  // Made, and in the inventory.
  void make(const std::string& name) {
    const Request request{
        .address = safe(name), .desired = Json::object(), .nonce = "n", .inventory = inventory_.uuid()};
    ASSERT_TRUE(backend_->create(request, {}));
    Owned row{
        .address = safe(name), .instance = "one", .identity = name, .nonce = "n", .applied = Json::object()};
    ASSERT_TRUE(inventory_.commit({PutOwned{row}}));
  }
  Result<ActionResult> knock(const std::string& name, Json times) {
    return act(world_, safe(name), "knock", {{"times", std::move(times)}});
  }

  const std::shared_ptr<const Manifest> manifest_ = manifest_in_process(test_plugin("keeper")).value();
  std::unique_ptr<Backend> backend_;
  Backends backends_;
  const Catalog catalog_{{{"one", manifest_}}, {}};
  MemoryInventory inventory_;
  const SystemClock clock_;
  const World world_{catalog_, backends_, inventory_, clock_};
};

TEST_P(Capabilities, AnActionIsCarriedOutOnWhatIsOwned) {
  make("a");
  const auto knocked = knock("a", 1);
  ASSERT_TRUE(knocked) << knocked.error().message;
  EXPECT_EQ(knocked->message, "knocked");
}

TEST_P(Capabilities, AnActionIsRefusedWithTheReason) {
  make("a");
  const std::pair<Result<ActionResult>, const char*> cases[] = {
      {act(world_, safe("b"), "knock", {{"times", 1}}), "is not in the inventory"},
      {act(world_, safe("a"), "dance", Json::object()), "has no action 'dance'; it has knock, steal, crash"},
      {act(world_, safe("a"), "knock", Json::object()), "'times'"},
      {knock("a", 0), "at least 1"},
      {knock("a", "often"), "/times"}};
  for (const auto& [result, words] : cases) {
    ASSERT_FALSE(result) << words;
    EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
  }
  std::filesystem::remove(directory_ / "world" / "a");
  EXPECT_EQ(knock("a", 1).error().code, Code::failed_precondition);
}

TEST_P(Capabilities, NoActionIsCarriedOutOnWhatAnotherOwns) {
  const Request anothers{
      .address = safe("a"), .desired = Json::object(), .nonce = "n", .inventory = "another"};
  ASSERT_TRUE(backend_->create(anothers, {}));
  ASSERT_TRUE(inventory_.commit({PutOwned{{.address = safe("a"), .instance = "one", .nonce = "m"}}}));
  const auto knocked = knock("a", 1);
  ASSERT_FALSE(knocked);
  EXPECT_EQ(knocked.error().code, Code::failed_precondition);
  EXPECT_NE(knocked.error().message.find("not ours"), std::string::npos) << knocked.error().message;
}

TEST_P(Capabilities, WhoWatchesHearsOfEveryEventAndIsReplacedByTheNext) {
  make("a");
  Heard first, second;
  ASSERT_TRUE(backend_->watch({safe("a")}, [&](const Address& address) { first.add(address); }, {}));
  const auto knocked = knock("a", 3);
  ASSERT_TRUE(knocked);
  EXPECT_EQ(knocked->data.at("watched"), Json({"test.tenon.dev/Safe/default/a"}));
  EXPECT_TRUE(first.wait_for(3));
  EXPECT_EQ(first.addresses(), std::vector<Address>(3, safe("a")));
  ASSERT_TRUE(backend_->watch({safe("a")}, [&](const Address& address) { second.add(address); }, {}));
  ASSERT_TRUE(knock("a", 1));
  EXPECT_TRUE(second.wait_for(1));
  EXPECT_EQ(first.addresses().size(), 3U);
}

TEST_P(Capabilities, ACompositeIsSummedUpByItsPlugin) {
  const Address vault{"test.tenon.dev", "Vault", "default", "v"};
  Graph graph;
  Observations observations;
  for (const Address& address : {vault, safe("a"), safe("b")}) {
    graph.desired[address] = {.address = address, .instance = "one"};
    observations[address].existence = Existence::present;
    if (address != vault) graph.desired[address].origin.parent = vault;
  }
  observations[safe("a")].phase = "Locked";
  add_summaries(graph, {}, catalog_, backends_, observations);
  EXPECT_EQ(observations[vault].message, "1 of 2 are locked");
  EXPECT_EQ(observations[vault].conditions.at(0).type, "AllLocked");
  EXPECT_EQ(observations[vault].existence, Existence::present);
}

INSTANTIATE_TEST_SUITE_P(Plugin, Capabilities, testing::Values(Where::in_this_process, Where::hosted),
                         [](const auto& info) {
                           return std::string(info.param == Where::hosted ? "Hosted" : "InThisProcess");
                         });

TEST_F(PluginTest, ACapabilityOfTheFutureIsIgnored) {
  const auto manifest = manifest_in_process(test_plugin("keeper")).value();
  EXPECT_TRUE(manifest->capabilities.contains("a-capability-of-the-future"));
  std::filesystem::create_directory(directory_ / "world");
  const auto backend = open_in_process(test_plugin("keeper"), "one", {{"world", path("world")}}, manifest);
  EXPECT_TRUE(backend->observe({Request{.address = {"test.tenon.dev", "Safe", "default", "a"}}}, {}));
}

TEST_F(PluginTest, AMethodOfTheFutureIsUnimplementedToAPlugin) {
  InProcess plugin(test_plugin("bookcase"), "one", Json::object(), [](int, std::string_view) {});
  const auto answer = plugin.call("foresee", {{"resources", Json::array()}}, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::unimplemented);
}

TEST_F(PluginTest, WhatAPluginDoesNotOfferIsNotAskedOfIt) {
  const auto backend = open_in_process(test_plugin("bookcase"), "one", Json::object(),
                                       manifest_in_process(test_plugin("bookcase")).value());
  const Request book{.address = {"test.tenon.dev", "Book", "default", "a"}};
  for (const Error& error :
       {backend->act(book, "read", Json::object(), {}).error(), backend->watch({}, nullptr, {}).error(),
        backend->list("", "", {}).error(), backend->expand({book}, {}).error()})
    EXPECT_EQ(error.code, Code::unimplemented) << error.message;
}

std::string replied;

// A plugin that was made with this SDK, in a host that ends before secret and notify.
TEST_F(PluginTest, AnOlderHostIsGoodEnoughForAnSdkPlugin) {
  void* const object = dlopen(test_plugin("keeper").c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(object, nullptr) << dlerror();
  const auto entry = reinterpret_cast<tenon_plugin_entry>(dlsym(object, TENON_PLUGIN_ENTRY_NAME));
  tenon_host older{};
  older.size = offsetof(tenon_host, secret);
  older.reply = [](void*, uint64_t, const char* json, size_t length) { replied.assign(json, length); };
  older.log = [](void*, int, const char*, size_t) {};
  older.cancelled = [](void*, uint64_t) { return 0; };
  older.remaining_ms = [](void*, uint64_t) { return INT64_MAX; };
  // Beyond its size anything may stand.
  older.secret = reinterpret_cast<decltype(older.secret)>(1);
  older.notify = reinterpret_cast<decltype(older.notify)>(1);
  tenon_plugin plugin{};
  plugin.size = sizeof plugin;
  ASSERT_EQ(entry(&older, &plugin), 0);
  const auto call = [&](const char* method, const Json& request) {
    const std::string text = request.dump();
    plugin.invoke(plugin.self, 1, method, text.data(), text.size());
    return Json::parse(replied);
  };
  EXPECT_TRUE(call("open", {{"configuration", {{"world", directory_.string()}}}}).contains("result"));
  EXPECT_EQ(
      call("act",
           {{"address", "test.tenon.dev/Safe/default/a"}, {"action", "knock"}, {"arguments", {{"times", 2}}}})
          .at("result")
          .at("message"),
      "knocked");
  EXPECT_EQ(call("act", {{"address", "test.tenon.dev/Safe/default/a"},
                         {"action", "steal"},
                         {"arguments", {{"which", "x"}}}})
                .at("error")
                .at("code"),
            "unimplemented");
  plugin.destroy(plugin.self);
  older.size = offsetof(tenon_host, remaining_ms);
  EXPECT_NE(entry(&older, &plugin), 0);
}

}  // namespace
}  // namespace tenon
