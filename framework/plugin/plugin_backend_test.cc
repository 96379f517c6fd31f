#include "framework/plugin/plugin_backend.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace tenon {
namespace {

using namespace std::chrono_literals;

// Answers from a function, and counts how many calls were inside at once.
class FakeChannel final : public Channel {
 public:
  using Answer = std::function<Result<Json>(const std::string&, const Json&)>;
  explicit FakeChannel(Answer answer) : answer_(std::move(answer)) {}

  Result<Json> call(const std::string& method, const Json& request, const CallContext&) override {
    return answer_(method, request);
  }

 private:
  const Answer answer_;
};

PluginBackend backend_of(FakeChannel::Answer answer, Manifest manifest = {.name = "fake"}) {
  return {std::make_unique<FakeChannel>(std::move(answer)),
          std::make_shared<const Manifest>(std::move(manifest))};
}

Request thing(const std::string& name) { return {.address = {"test.tenon.dev", "Thing", "default", name}}; }

TEST(PluginBackend, AsksInBatchesAndKeepsTheOrder) {
  std::vector<size_t> sizes;
  auto backend = backend_of(
      [&](const std::string&, const Json& request) -> Result<Json> {
        sizes.push_back(request["resources"].size());
        Json observations = Json::array();
        for (const Json& resource : request["resources"])
          observations.push_back({{"existence", "present"}, {"identity", resource["address"]}});
        return Json{{"observations", observations}};
      },
      {.name = "fake", .batch = 2});
  const auto seen = backend.observe({thing("a"), thing("b"), thing("c")}, {});
  EXPECT_EQ(sizes, (std::vector<size_t>{2, 1}));
  EXPECT_EQ(seen.value()[2].identity, "test.tenon.dev/Thing/default/c");
}

TEST(PluginBackend, AnObserveThatNobodyAnswersFailsAsAWhole) {
  auto backend = backend_of([](auto&, auto&) -> Result<Json> { return Error{Code::unavailable, "down"}; });
  EXPECT_EQ(backend.observe({thing("a")}, {}).error(), (Error{Code::unavailable, "down"}));
  EXPECT_TRUE(backend.observe({}, {}).value().empty());
}

TEST(PluginBackend, ExpandNeedsItsCapability) {
  auto backend = backend_of([](auto&, auto&) -> Result<Json> { return Json(); });
  EXPECT_EQ(backend.expand({thing("a")}, {}).error().code, Code::unimplemented);
}

TEST(PluginBackend, OneExpansionMayFailAlone) {
  auto backend = backend_of(
      [](auto&, auto&) -> Result<Json> {
        return Json{{"expansions",
                     {{{"error", {{"code", "invalid_argument"}, {"message", "no"}}}},
                      {{"children", Json::array()}}}}};
      },
      {.name = "fake", .capabilities = {"expand"}});
  const auto expansions = backend.expand({thing("a"), thing("b")}, {});
  EXPECT_EQ((*expansions)[0].error(), (Error{Code::invalid_argument, "no"}));
  EXPECT_TRUE((*expansions)[1]);
}

TEST(PluginBackend, NeverMakesMoreCallsAtOnceThanTheManifestAllows) {
  std::atomic<int> inside = 0, most = 0;
  auto backend = backend_of(
      [&](auto&, auto&) -> Result<Json> {
        const int now = ++inside;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::yield();
        --inside;
        return Json{{"state", "done"}};
      },
      {.name = "fake", .parallel = 3});
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 12; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 50; ++n) EXPECT_TRUE(backend.create(thing("a"), {}));
      });
  }
  EXPECT_LE(most, 3);
}

TEST(Slots, AreGivenUpAtTheDeadlineOrTheStop) {
  Slots slots(1);
  ASSERT_TRUE(slots.take({}));
  EXPECT_FALSE(slots.take({.deadline = std::chrono::steady_clock::now() + 5ms}));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(slots.take({.stop = stop.get_token()}));
  slots.give();
  EXPECT_TRUE(slots.take({}));
}

}  // namespace
}  // namespace tenon
