#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "framework/base/digest.h"
#include "framework/base/temporary_directory.h"
#include "framework/plugin/conformance/conformance.h"
#include "framework/plugin/open.h"

namespace tenon {
namespace {

std::string file_of(const char* variable) { return std::filesystem::absolute(std::getenv(variable)); }

Request item(const std::string& name, Json spec = {{"value", "x"}}) {
  Request request{.address = {"memory.tenon.dev", "Item", "default", name}, .desired = std::move(spec)};
  request.generation = generation_of(request.desired);
  request.nonce = "nonce-" + name;
  request.inventory = "inventory";
  return request;
}

// Of what is made in this process, and has no secrets.
const std::set<std::string> kNotInThisProcess = {
    "a call cut off by a kill of its host ends well when it is sent again",
    "it is found by the process that comes after a crash", "secrets are not echoed",
    "the log tells no secret"};
const std::set<std::string> kWithoutSecrets = {"secrets are not echoed", "the log tells no secret"};

class Memory : public testing::Test {
 protected:
  std::unique_ptr<Backend> open(Json configuration = Json::object()) {
    return open_in_process(file_of("PLUGIN"), "memory", std::move(configuration), manifest_);
  }
  ConformanceSample sample() const {
    return {.address = item("a").address,
            .spec = {{"value", "one"}},
            .changed = {{"value", "two"}},
            .manifest = manifest_};
  }

  std::shared_ptr<const Manifest> manifest_ = manifest_in_process(file_of("PLUGIN")).value_or(nullptr);
};

TEST_F(Memory, ConformsInThisProcess) {
  const auto findings = run_conformance(*open(), sample());
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings), kNotInThisProcess);
}

TEST_F(Memory, ConformsInAHostProcess) {
  const std::string file = std::filesystem::path(testing::TempDir()) / random_uuid();
  ConformanceSample lasting = sample();
  lasting.reopen = [&] {
    return open_hosted({.program = file_of("HOST"), .plugin = file_of("PLUGIN"), .instance = "memory"},
                       {{"file", file}}, manifest_);
  };
  lasting.kill = [] { kill_hosts(file_of("HOST")); };
  const auto findings = run_conformance(*lasting.reopen(), lasting);
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings), kWithoutSecrets);
  std::filesystem::remove(file);
}

TEST_F(Memory, AnUpdateThatIsNotTriedIsSeen) {
  ConformanceSample without = sample();
  without.changed = nullptr;
  EXPECT_NE(failures(run_conformance(*open(), without)).find("say that it is immutable"), std::string::npos);
  without.immutable = true;
  const auto findings = run_conformance(*open(), without);
  EXPECT_EQ(failures(findings), "");
  std::set<std::string> expected = kNotInThisProcess;
  expected.insert("update succeeds");
  EXPECT_EQ(skipped(findings), expected);
}

TEST_F(Memory, HasAManifestThatMakesSense) {
  ASSERT_TRUE(manifest_);
  EXPECT_EQ(failures(check_manifest(*manifest_)), "");
}

TEST_F(Memory, KeepsItsWorldInAFile) {
  const std::string file = std::filesystem::path(testing::TempDir()) / random_uuid();
  ASSERT_TRUE(open({{"file", file}})->create(item("a"), {}));
  const auto seen = open({{"file", file}})->observe({item("a"), item("b")}, {});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->observations[0].existence, Existence::present);
  EXPECT_EQ(seen->observations[0].outputs, Json({{"value", "x"}}));
  EXPECT_EQ(seen->observations[1].existence, Existence::absent);
  std::filesystem::remove(file);
}

TEST_F(Memory, KeepsEveryChangeInItsFileThoughTheLastLineIsTorn) {
  const std::string file = std::filesystem::path(testing::TempDir()) / random_uuid();
  {
    const auto backend = open({{"file", file}});
    for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(backend->create(item(name), {}));
    ASSERT_TRUE(backend->update(item("a", {{"value", "y"}}), {}));
    ASSERT_TRUE(backend->remove(item("b"), {}));
  }
  std::ofstream(file, std::ios::app) << "\n"
                                     << R"({"memory.tenon.dev/Item/def)";
  ASSERT_TRUE(open({{"file", file}})->create(item("d"), {}));
  const auto seen = open({{"file", file}})->observe({item("a"), item("b"), item("c"), item("d")}, {});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->observations[0].outputs, Json({{"value", "y"}}));
  EXPECT_EQ(seen->observations[1].existence, Existence::absent);
  EXPECT_EQ(seen->observations[2].existence, Existence::present);
  EXPECT_EQ(seen->observations[3].existence, Existence::present);
  std::filesystem::remove(file);
}

// What could not be kept must not pass for done: the next process would not find it.
TEST_F(Memory, WhatCannotBeWrittenDoesNotHappen) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() / "missing/world";
  const auto backend = open({{"file", file}});
  const auto refuses = [&](const std::string& name, Code code, const std::string& why) {
    const auto made = backend->create(item(name), {});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, code);
    EXPECT_EQ(made.error().message, "cannot write " + file + ": " + why);
    EXPECT_EQ(backend->observe({item(name)}, {}).value().observations[0].existence, Existence::absent);
  };
  refuses("a", Code::failed_precondition, "No such file or directory");
  std::filesystem::create_directory(directory.path() / "missing");
  EXPECT_TRUE(backend->create(item("a"), {})) << "it is tried again";
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{std::filesystem::file_size(file) + 20, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  refuses("b", Code::unavailable, "File too large");
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(backend->create(item("c"), {}));
  const auto later = open({{"file", file}})->observe({item("a"), item("b"), item("c")}, {});
  EXPECT_EQ(later->observations[0].existence, Existence::present);
  EXPECT_EQ(later->observations[1].existence, Existence::absent);
  EXPECT_EQ(later->observations[2].existence, Existence::present);
}

// Nothing would be a wrong answer: what is in the file would be made a second time.
TEST_F(Memory, WhatCannotBeReadIsUnknownAndStaysAsItIs) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() / "world";
  const auto is_unknown = [&](const std::string& what) {
    const auto seen = open({{"file", file}})->observe({item("a")}, {});
    ASSERT_FALSE(seen) << what;
    EXPECT_EQ(seen.error().code, Code::failed_precondition);
    EXPECT_NE(seen.error().message.find(file), std::string::npos) << seen.error().message;
    EXPECT_FALSE(open({{"file", file}})->create(item("a"), {})) << what;
  };
  std::filesystem::create_directory(file);
  is_unknown("a directory");
  std::filesystem::remove(file);
  for (const char* text : {"garbage", "garbage\n", "\n{\"a\": null}\n[1]", "{\"a\":\n  null}\n"}) {
    std::ofstream(file) << text;
    is_unknown(text);
    std::ifstream in(file);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text);
  }
  std::ofstream(file).flush();
  EXPECT_TRUE(open({{"file", file}})->create(item("a"), {})) << "an empty one is an empty world";
}

TEST_F(Memory, ListsWhatIsMarkedPageByPage) {
  const auto backend = open();
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(backend->create(item(std::to_string(10000 + i)), {}));
  Request foreign = item("foreign");
  foreign.inventory = "other";
  Request unmarked = item("unmarked");
  for (const Request& one : {foreign, unmarked}) ASSERT_TRUE(backend->create(one, {}));
  unmarked.mark = "drop";
  ASSERT_TRUE(backend->update(unmarked, {}));
  ASSERT_TRUE(backend->remove(item("10007"), {}));

  const auto first = backend->list("inventory", "", {});
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ(first->objects.size(), 1000U);
  EXPECT_EQ(first->next, "memory.tenon.dev/Item/default/11000");
  const auto second = backend->list("inventory", first->next, {});
  ASSERT_TRUE(second) << second.error().message;
  ASSERT_EQ(second->objects.size(), 999U);
  EXPECT_EQ(second->objects.front().identity, "memory.tenon.dev/Item/default/11001");
  EXPECT_EQ(second->next, "");
  EXPECT_EQ(backend->list("other", "", {})->objects.size(), 1U);
  const auto last = backend->list("", first->next, {});
  ASSERT_EQ(last->objects.size(), 1000U);
  EXPECT_EQ(last->next, "") << "a full page may be the last";
  EXPECT_EQ(last->objects.back().identity, "memory.tenon.dev/Item/default/foreign");
}

TEST_F(Memory, AnItemThatDoesNotRunIsStopped) {
  const auto backend = open();
  ASSERT_TRUE(backend->create(item("a", {{"running", false}}), {}));
  EXPECT_EQ(backend->observe({item("a")}, {}).value().observations[0].phase, "Stopped");
}

TEST_F(Memory, AGroupExpandsToItsItems) {
  Request group = item("g", {{"items", {"a", "b"}}, {"value", "v"}});
  group.address.kind = "Group";
  const auto expansions = open()->expand({group, item("i")}, {});
  ASSERT_TRUE(expansions);
  const auto& children = (*expansions)[0].value();
  ASSERT_EQ(children.size(), 2u);
  EXPECT_EQ(children[1].name, "b");
  EXPECT_EQ(children[1].pointer, "/items/1");
  EXPECT_EQ(children[1].spec, Json({{"value", "v"}}));
  EXPECT_TRUE((*expansions)[1].value().empty());
  EXPECT_FALSE(manifest_->find({"memory.tenon.dev", "Item"})->composite);
}

}  // namespace
}  // namespace tenon
