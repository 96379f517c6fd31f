// A plugin written with the SDK, through every layer but the process: testdata/bookcase.cc.
#include "framework/plugin/open.h"
#include "framework/plugin/plugin_sdk.h"
#include "framework/plugin/test_plugins.h"

namespace tenon {
namespace {

Address book(const std::string& name) { return {"test.tenon.dev", "Book", "default", name}; }

Request request(const std::string& name, int width) {
  return {.address = book(name), .desired = {{"width", width}}};
}

PlannedChange change(const std::string& name, Json desired, std::vector<std::string> unknown = {}) {
  return {book(name), Action::create, std::move(desired), Json(), Json(), std::move(unknown)};
}

class Sdk : public PluginTest {
 protected:
  Sdk() : backend_(open_in_process(test_plugin("bookcase"), "bookcase", Json::object(), manifest())) {}

  static std::shared_ptr<const Manifest> manifest() {
    return manifest_in_process(test_plugin("bookcase")).value();
  }
  Quantity free() {
    const auto more = backend_->observe({request("a", 0), request("b", 0), request("c", 0)}, {});
    return more.value().pools.at("shelf").free;
  }

  const std::unique_ptr<Backend> backend_;
};

TEST_F(Sdk, PoolsComeWithEveryObservation) {
  EXPECT_EQ(free(), *Quantity::parse("100"));
  ASSERT_TRUE(backend_->create(request("a", 30), {}));
  EXPECT_EQ(free(), *Quantity::parse("70"));
}

TEST_F(Sdk, PoolsThatCannotBeToldLeaveObservationsAlone) {
  ASSERT_TRUE(backend_->create(request("a", 300), {}));
  const auto seen = backend_->observe({request("a", 300)}, {});
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->pools.empty());
  EXPECT_EQ(seen->observations.at(0).existence, Existence::present);
}

// Batches are of two; a check is of all.
TEST_F(Sdk, ChecksAllChangesOfAPlanAtOnce) {
  const Pools pools = backend_->observe({request("a", 0)}, {}).value().pools;
  const auto checks = backend_->check({change("a", {{"width", 30}}), change("b", {{"width", 300}}),
                                       change("c", Json::object(), {"/width"}), change("d", {{"width", -1}})},
                                      pools, {});
  ASSERT_TRUE(checks) << checks.error().message;
  ASSERT_EQ(checks->size(), 4U);
  EXPECT_EQ((*checks)[0]->demands, (std::vector<Demand>{{"shelf", *Quantity::parse("30")}}));
  EXPECT_EQ((*checks)[1]->refusal->reason, "it is wider than the shelf");
  EXPECT_EQ((*checks)[1]->refusal->remedy, "cut it");
  EXPECT_EQ((*checks)[2]->unchecked, "how wide it is");
  EXPECT_EQ((*checks)[3].error(), (Error{Code::invalid_argument, "no book is that thin"}));
}

TEST_F(Sdk, ConvertsEachSpecOrSaysWhyNot) {
  const auto specs = backend_->convert({{book("a"), "v1", "v2", {{"centimetres", 3}}},
                                        {book("b"), "v1", "v2", Json::object()},
                                        {book("c"), "v1", "v2", {{"centimetres", 4}}}},
                                       {});
  ASSERT_TRUE(specs) << specs.error().message;
  EXPECT_EQ((*specs)[0].value(), Json({{"width", 30}}));
  EXPECT_EQ((*specs)[1].error(),
            (Error{Code::invalid_argument, "test.tenon.dev/Book/default/b has no centimetres"}));
  EXPECT_EQ((*specs)[2].value(), Json({{"width", 40}}));
}

TEST(Failure, OfErrnoIsTriedAgainUnlessSomebodyHasToMendItFirst) {
  const auto code = [](int error) { return parse_code(sdk::Failure::of_errno(error, "x").code()); };
  for (const int error : {ENOSPC, EDQUOT, EIO, EMFILE, EFBIG, EAGAIN}) EXPECT_TRUE(is_transient(code(error)));
  for (const int error : {EACCES, EPERM, EROFS}) EXPECT_EQ(code(error), Code::permission_denied);
  for (const int error : {ENOENT, ENOTDIR, EISDIR}) EXPECT_EQ(code(error), Code::failed_precondition);
  EXPECT_STREQ(sdk::Failure::of_errno(EROFS, "writing x").what(), "writing x: Read-only file system");
}

}  // namespace
}  // namespace tenon
