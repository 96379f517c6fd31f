#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "framework/base/digest.h"
#include "framework/base/files.h"
#include "framework/base/temporary_directory.h"
#include "framework/plugin/conformance/conformance.h"
#include "framework/plugin/contents_mark.h"
#include "framework/plugin/open.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

std::string file_of(const char* variable) { return fs::absolute(std::getenv(variable)); }

Json claim(const Json& storage) {
  return {{"accessModes", {"ReadWriteOnce"}}, {"resources", {{"requests", {{"storage", storage}}}}}};
}

// Of what is made in this process, and has no secrets.
const std::set<std::string> kNotInThisProcess = {
    "a call cut off by a kill of its host ends well when it is sent again",
    "it is found by the process that comes after a crash", "secrets are not echoed",
    "the log tells no secret"};
const std::set<std::string> kWithoutSecrets = {"secrets are not echoed", "the log tells no secret"};

class LocalPlugin : public testing::Test {
 protected:
  ConformanceSample sample() const {
    return {.address = {"core", "PersistentVolumeClaim", "ns", "c"},
            .spec = claim("64Mi"),
            .changed = claim("1Gi"),
            .manifest = manifest_};
  }
  // For its first create.
  Request first() const {
    return {.address = sample().address,
            .desired = claim("64Mi"),
            .generation = "g",
            .nonce = "n",
            .inventory = "i"};
  }
  const Schema& schema() const { return manifest_->kinds.at(0).schema; }

  TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_;
  const Json configuration_ = {{"directory", directory_.string()}};
  std::shared_ptr<const Manifest> manifest_ = manifest_in_process(file_of("PLUGIN")).value_or(nullptr);
};

TEST_F(LocalPlugin, HasAManifestThatMakesSense) {
  ASSERT_TRUE(manifest_);
  EXPECT_EQ(failures(check_manifest(*manifest_)), "");
}

TEST_F(LocalPlugin, ConformsInThisProcess) {
  const auto backend = open_in_process(file_of("PLUGIN"), "local", configuration_, manifest_);
  const auto findings = run_conformance(*backend, sample());
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings), kNotInThisProcess);
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(LocalPlugin, ConformsInAHostProcess) {
  ConformanceSample lasting = sample();
  lasting.reopen = [&] {
    return open_hosted({.program = file_of("HOST"), .plugin = file_of("PLUGIN"), .instance = "local"},
                       configuration_, manifest_);
  };
  lasting.kill = [] { kill_hosts(file_of("HOST")); };
  const auto findings = run_conformance(*lasting.reopen(), lasting);
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings), kWithoutSecrets);
}

TEST_F(LocalPlugin, AClaimIsBoundAndTellsItsDisk) {
  const auto backend = open_in_process(file_of("PLUGIN"), "local", configuration_, manifest_);
  Request request = first();
  ASSERT_TRUE(backend->create(request, {}));
  const Observation seen = backend->observe({request}, {}).value().observations.at(0);
  EXPECT_EQ(seen.phase, "Bound");
  EXPECT_EQ(seen.actual, claim("64Mi"));
  EXPECT_EQ(seen.contents, Contents::none);
  const std::string directory = directory_ / "ns/c";
  EXPECT_EQ(seen.outputs.at("disk"), Json({{"version", "tenon.dev/disk/v1"},
                                           {"type", "file"},
                                           {"path", directory + "/disk.img"},
                                           {"format", "raw"},
                                           {"size", 67108864}}));
  EXPECT_EQ(seen.outputs.at("contents").at("directory"), directory);
}

TEST_F(LocalPlugin, ADiskThatWasCopiedIntoItsPathIsData) {
  const auto backend = open_in_process(file_of("PLUGIN"), "local", configuration_, manifest_);
  const Request request = first();
  ASSERT_TRUE(backend->create(request, {}));
  const auto looked = [&] { return backend->observe({request}, {}).value().observations.at(0); };
  std::ofstream(looked().outputs.at("disk").at("path").get<std::string>()) << "image";
  EXPECT_EQ(looked().contents, Contents::populated);
  EXPECT_EQ(looked().outputs.at("contents").at("importer"), "");
}

TEST_F(LocalPlugin, APopulatedClaimTellsWhoFilledIt) {
  const auto backend = open_in_process(file_of("PLUGIN"), "local", configuration_, manifest_);
  Request request = first();
  ASSERT_TRUE(backend->create(request, {}));
  const std::string directory = directory_ / "ns/c";
  const auto told = [&](const ContentsMark& mark) {
    EXPECT_TRUE(write_contents_mark(directory, mark));
    return backend->observe({request}, {}).value().observations.at(0).outputs.at("contents");
  };
  EXPECT_EQ(told({"populated", "n", "g/K/ns/dv", "g1", "sha256:00"}), Json({{"directory", directory},
                                                                            {"importer", "g/K/ns/dv"},
                                                                            {"generation", "g1"},
                                                                            {"digest", "sha256:00"}}));
  EXPECT_EQ(told({"incomplete", "n", "g/K/ns/dv", "g1", ""}), Json({{"directory", directory}}));
  EXPECT_EQ(told({"populated", "another", "g/K/ns/dv", "g1", ""}), Json({{"directory", directory}}));
}

TEST_F(LocalPlugin, ANameThatWouldLeaveTheDirectoryIsUnknownAndRefused) {
  const auto backend = open_in_process(file_of("PLUGIN"), "local", configuration_, manifest_);
  Request request{.address = {"core", "PersistentVolumeClaim", "..", "c"}, .desired = claim("64Mi")};
  EXPECT_EQ(backend->observe({request}, {}).value().observations.at(0).existence, Existence::unknown);
  EXPECT_EQ(backend->create(request, {}).error().code, Code::invalid_argument);
}

TEST_F(LocalPlugin, AClaimThatWasMadeInAnotherDirectoryIsUnknownAndNothingIsDoneAboutIt) {
  const auto there = open_in_process(file_of("PLUGIN"), "local", configuration_, manifest_);
  Request request = first();
  ASSERT_TRUE(there->create(request, {}));
  request.identity = there->observe({request}, {}).value().observations.at(0).identity;
  const TemporaryDirectory other;
  const auto here =
      open_in_process(file_of("PLUGIN"), "local", {{"directory", other.path().string()}}, manifest_);
  const Observation seen = here->observe({request}, {}).value().observations.at(0);
  EXPECT_EQ(seen.existence, Existence::unknown);
  ASSERT_TRUE(seen.error);
  for (const std::string& words : {"made at " + request.identity, "looks in " + other.path().string()})
    EXPECT_NE(seen.error->message.find(words), std::string::npos) << seen.error->message;
  EXPECT_EQ(here->create(request, {}).error().code, Code::failed_precondition);
  request.mark = "set";
  EXPECT_EQ(here->update(request, {}).error().code, Code::failed_precondition);
  request.mark = "";
  EXPECT_EQ(here->update(request, {}).error().code, Code::failed_precondition);
  EXPECT_EQ(here->remove(request, {}).error().code, Code::failed_precondition);
  EXPECT_TRUE(fs::is_empty(other.path()));
  EXPECT_TRUE(fs::exists(directory_ / "ns/c/claim.json"));
}

// As where a disk is not mounted.
TEST_F(LocalPlugin, WhereTheDirectoryOfItsClaimsIsMissingNothingIsKnownOfThem) {
  const fs::path root = directory_ / "mounted/volumes", aside = directory_ / "aside";
  const auto backend = open_in_process(file_of("PLUGIN"), "local", {{"directory", root.string()}}, manifest_);
  Request request = first();
  EXPECT_EQ(backend->observe({request}, {}).value().observations.at(0).existence, Existence::absent);
  ASSERT_TRUE(backend->create(request, {})) << "the first one makes it";
  request.identity = backend->observe({request}, {}).value().observations.at(0).identity;
  fs::rename(root, aside);
  const auto is_unknown = [&](const std::string& why) {
    const Observation seen = backend->observe({request}, {}).value().observations.at(0);
    EXPECT_EQ(seen.existence, Existence::unknown);
    for (const std::string& words : {root.string() + why, std::string("mount it"), std::string("forget")})
      EXPECT_NE(seen.error.value_or(Error{}).message.find(words), std::string::npos) << words;
    for (const auto& answer :
         {backend->create(request, {}), backend->update(request, {}), backend->remove(request, {})})
      EXPECT_EQ(answer ? Code::internal : answer.error().code, Code::failed_precondition);
  };
  is_unknown(" is missing");
  EXPECT_FALSE(fs::exists(root)) << "nothing was made there";
  std::ofstream(root).flush();
  is_unknown(" is no directory");
  fs::remove(root);
  request.identity = "";
  request.applied = request.desired;
  is_unknown(" is missing");
  fs::rename(aside, root);
  EXPECT_EQ(backend->observe({request}, {}).value().observations.at(0).existence, Existence::present);
}

// As where the disk is not mounted that is the directory, or another one is.
TEST_F(LocalPlugin, WhereAnotherDirectoryIsInItsPlaceNothingIsKnownOfAClaim) {
  const fs::path root = directory_ / "volumes", aside = directory_ / "aside";
  const auto backend = open_in_process(file_of("PLUGIN"), "local", {{"directory", root.string()}}, manifest_);
  Request request = first(), stranger = first();
  const auto made = backend->create(request, {});
  request.identity = made->identity;
  request.private_state = made->private_state;
  request.applied = request.desired;
  const auto looked = [&] { return backend->observe({request}, {}).value().observations.at(0); };
  const auto is_unknown = [&] {
    const Observation seen = looked();
    EXPECT_EQ(seen.existence, Existence::unknown);
    for (const std::string& words : {root.string() + " is another directory than before",
                                     std::string("mount it"), std::string("forget")})
      EXPECT_NE(seen.error.value_or(Error{}).message.find(words), std::string::npos) << words;
    for (const auto& answer :
         {backend->create(request, {}), backend->update(request, {}), backend->remove(request, {})})
      EXPECT_EQ(answer ? Code::internal : answer.error().code, Code::failed_precondition);
  };
  fs::rename(root, aside);
  fs::create_directory(root);
  is_unknown();
  EXPECT_TRUE(fs::is_empty(root)) << "nothing was made there";
  stranger.address.name = "stranger";
  ASSERT_TRUE(backend->create(stranger, {}));
  is_unknown();
  request.identity = "";
  is_unknown();
  request.private_state = nullptr;
  EXPECT_EQ(looked().existence, Existence::absent) << "of an older plugin";

  request.identity = made->identity;
  request.private_state = made->private_state;
  fs::copy(aside, root, fs::copy_options::recursive);
  EXPECT_EQ(looked().existence, Existence::present) << "it was copied there";
  const auto removed = backend->remove(request, {});
  ASSERT_TRUE(removed);
  request.private_state = removed->private_state;
  EXPECT_EQ(looked().existence, Existence::absent) << "and is gone from there";

  request.private_state = made->private_state;
  fs::remove_all(root);
  fs::rename(aside, root);
  ASSERT_TRUE(backend->remove(request, {}));
  EXPECT_EQ(looked().existence, Existence::absent);
}

TEST_F(LocalPlugin, AClaimIsKeptWithTheDirectoryItWasMadeIn) {
  const auto backend = open_in_process(file_of("PLUGIN"), "local", configuration_, manifest_);
  Request request = first();
  const auto made = backend->create(request, {});
  ASSERT_TRUE(made);
  EXPECT_NE(made->private_state.value("directoryId", ""), "");
  EXPECT_EQ(backend->list("", "", {}).value().objects.at(0).private_state, made->private_state);
  request.identity = made->identity;
  EXPECT_EQ(backend->update(request, {})->private_state, made->private_state);
}

TEST_F(LocalPlugin, AClaimWithAMarkOfANewerVersionIsUnknownAndNothingIsDoneAboutIt) {
  const auto backend = open_in_process(file_of("PLUGIN"), "local", configuration_, manifest_);
  Request request = first();
  ASSERT_TRUE(backend->create(request, {}));
  ASSERT_TRUE(write_contents_mark(directory_ / "ns/c", {"populated", "n", "g/K/ns/dv", "g1", ""}));
  for (const std::string file : {directory_ / "ns/c/claim.json", directory_ / "ns/c/contents.json"}) {
    const std::string before = read_file(file).value();
    Json mark = Json::parse(before);
    mark["version"] = 2;
    ASSERT_TRUE(write_file_atomically(file, mark.dump()));
    const Observation seen = backend->observe({request}, {}).value().observations.at(0);
    EXPECT_EQ(seen.existence, Existence::unknown);
    EXPECT_EQ(seen.error.value_or(Error{}).message,
              file + " is of version 2, written by a newer tenon; this one reads 1: use a newer tenon");
    Request marking = request;
    marking.mark = "set";
    for (const auto& answer : {backend->create(request, {}), backend->update(request, {}),
                               backend->update(marking, {}), backend->remove(request, {})})
      EXPECT_EQ(answer ? Code::internal : answer.error().code, Code::failed_precondition);
    EXPECT_EQ(read_file(file).value(), mark.dump());
    ASSERT_TRUE(write_file_atomically(file, before));
  }
  EXPECT_TRUE(backend->remove(request, {}));
}

Result<Check> checked(Backend& backend, const Json& storage) {
  const PlannedChange change{{"core", "PersistentVolumeClaim", "ns", "c"}, Action::create, claim(storage)};
  return backend.check({change}, {}, {}).value().at(0);
}

TEST_F(LocalPlugin, WhatNoFileCanHoldIsRefused) {
  const auto backend = open_in_process(file_of("PLUGIN"), "local", configuration_, manifest_);
  EXPECT_FALSE(checked(*backend, "64Mi")->refusal);
  const auto refusal = checked(*backend, "9223372036854775808")->refusal;
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason,
            "spec.resources.requests.storage: no file has more than 9223372036854775807 bytes");
  EXPECT_EQ(refusal->remedy, "ask for less");
}

TEST_F(LocalPlugin, WhatItsFileSystemCannotHoldIsRefused) {
  const fs::path file = directory_ / "large";
  std::ofstream(file).flush();
  if (truncate(file.c_str(), int64_t{999999} << 40) == 0)
    GTEST_SKIP()
        << "this machine cannot run out of what a file may be: its file system has files of all sizes";
  fs::remove(file);
  const Json configuration = {{"directory", (directory_ / "not/there/yet").string()}};
  const auto backend = open_in_process(file_of("PLUGIN"), "local", configuration, manifest_);
  EXPECT_FALSE(checked(*backend, "1Ti")->refusal) << "it grows as it is written";
  const auto refusal = checked(*backend, "999999Ti")->refusal;
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, "spec.resources.requests.storage: the file system of " +
                                 (directory_ / "not/there/yet").string() + " has no file of 999999TiB");
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(LocalPlugin, ADirectoryThatIsNoClaimIsThereAndSaysWhyItCannotBeTaken) {
  fs::create_directories(directory_ / "ns/c/photographs");
  const auto backend = open_in_process(file_of("PLUGIN"), "local", configuration_, manifest_);
  Request request = first();
  const Observation seen = backend->observe({request}, {}).value().observations.at(0);
  EXPECT_EQ(seen.existence, Existence::present);
  EXPECT_FALSE(seen.mark);
  ASSERT_EQ(seen.notes.size(), 1u);
  EXPECT_NE(seen.notes[0].find("ns/c carries no mark and holds no disk.img"), std::string::npos);
  request.mark = "set";
  EXPECT_EQ(backend->update(request, {}).error().code, Code::failed_precondition);
}

// S1-21
TEST_F(LocalPlugin, TakesTheClaimsOfTheDocument) {
  std::vector<SchemaProblem> problems;
  Json spec = claim("64Mi");
  complete_value(schema(), spec, problems);
  EXPECT_TRUE(problems.empty()) << problems.front().summary;
}

TEST_F(LocalPlugin, RefusesWhatItCannotDo) {
  const std::pair<const char*, Json> cases[] = {{"/dataSource", Json::object()},
                                                {"/selector", Json::object()},
                                                {"/volumeMode", "Block"},
                                                {"/accessModes", Json::array()},
                                                {"/resources/requests/storage", "much"}};
  for (const auto& [pointer, value] : cases) {
    std::vector<SchemaProblem> problems;
    Json spec = claim("64Mi");
    spec[Json::json_pointer(pointer)] = value;
    complete_value(schema(), spec, problems);
    EXPECT_EQ(problems.size(), 1u) << pointer;
  }
}

}  // namespace
}  // namespace tenon
