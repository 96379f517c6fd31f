#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "framework/base/files.h"
#include "framework/base/temporary_directory.h"
#include "framework/plugin/conformance/conformance.h"
#include "framework/plugin/contents_mark.h"
#include "framework/plugin/open.h"
#include "plugins/cdi-import/web_server.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string file_of(const char* variable) { return fs::absolute(std::getenv(variable)); }

Json pvc(const std::string& storage) {
  return {{"accessModes", {"ReadWriteOnce"}}, {"resources", {{"requests", {{"storage", storage}}}}}};
}
Json blank(const std::string& storage = "1Mi") {
  return {{"source", {{"blank", Json::object()}}}, {"pvc", pvc(storage)}};
}
Json http(const Json& fields) { return {{"source", {{"http", fields}}}, {"pvc", pvc("64Mi")}}; }

class CdiImportPlugin : public testing::Test {
 public:
  CdiImportPlugin() { fs::create_directories(claim_); }

 protected:
  const Address address_{"cdi.kubevirt.io", "DataVolume", "ns", "dv"};
  TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_;
  const fs::path claim_ = directory_ / "volumes/ns/dv";
  const Json configuration_ = {{"directory", (directory_ / "imports").string()}};
  std::shared_ptr<const Manifest> manifest_ = manifest_in_process(file_of("PLUGIN")).value_or(nullptr);

  std::unique_ptr<Backend> in_process() {
    return open_in_process(file_of("PLUGIN"), "cdi-import", configuration_, manifest_);
  }
  std::unique_ptr<Backend> hosted() {
    return open_hosted({.program = file_of("HOST"), .plugin = file_of("PLUGIN"), .instance = "cdi-import"},
                       configuration_, manifest_);
  }
  std::map<Address, Dependency> claim() const {
    const Json disk = {{"version", "tenon.dev/disk/v1"},
                       {"type", "file"},
                       {"path", claim_ / "disk.img"},
                       {"format", "raw"},
                       {"size", 1 << 20}};
    return {{{"core", "PersistentVolumeClaim", "ns", "dv"},
             {.identity = claim_,
              .phase = "Bound",
              .nonce = "cn",
              .outputs = {{"disk", disk}, {"contents", {{"directory", claim_}}}}}}};
  }
  ConformanceSample sample() const {
    return {.address = address_,
            .spec = blank(),
            .changed = blank("2Mi"),
            .dependencies = claim(),
            .manifest = manifest_};
  }
  Request request(Json spec) const {
    return {.address = address_,
            .desired = std::move(spec),
            .generation = "g1",
            .nonce = "n",
            .inventory = "i",
            .dependencies = claim()};
  }

  // Until it has succeeded, or a minute is over.
  Observation import(Backend& backend, const Json& spec) const {
    EXPECT_TRUE(backend.create(request(spec), {}));
    Observation seen;
    for (const auto end = std::chrono::steady_clock::now() + 60s;
         seen.phase != "Succeeded" && std::chrono::steady_clock::now() < end;
         std::this_thread::sleep_for(5ms))
      seen = backend.observe({request(spec)}, {}).value().observations.at(0);
    return seen;
  }
  std::vector<SchemaProblem> problems_of(Json spec) const {
    std::vector<SchemaProblem> problems;
    complete_value(manifest_->kinds.at(0).schema, spec, problems);
    return problems;
  }
};

TEST_F(CdiImportPlugin, HasAManifestThatMakesSense) {
  ASSERT_TRUE(manifest_);
  EXPECT_EQ(failures(check_manifest(*manifest_)), "");
  EXPECT_EQ(manifest_->kinds.at(0).versions, (std::vector<std::string>{"v1alpha1", "v1beta1"}));  // S1-19
}

TEST_F(CdiImportPlugin, ConformsInThisProcess) {
  const auto findings = run_conformance(*in_process(), sample());
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings),
            (std::set<std::string>{"a call cut off by a kill of its host ends well when it is sent again",
                                   "it is found by the process that comes after a crash",
                                   "secrets are not echoed", "the log tells no secret"}));
  EXPECT_TRUE(fs::is_empty(directory_ / "imports"));
}

// From a server that gives the image to nobody without the password: it was redeemed, used, and told to
// nobody. Nothing is left out.
TEST_F(CdiImportPlugin, ConformsInAHostProcessInEverythingWithASecret) {
  const std::string user = "reader-c4n4ry", password = "hunter2-in-the-mine", log = directory_ / "log";
  fs::create_directories(directory_ / "web/files");
  std::ofstream(directory_ / "web/files/disk.raw") << std::string(65536, 'x');
  const cdi::WebServer server(directory_ / "web/files", {"--user", user, "--password", password});
  Vault vault("key");
  const Address secret{"core", "Secret", "ns", "endpoint"};
  vault.add({.address = secret, .data = {{"accessKeyId", user}, {"secretKey", password}}, .file = "s.yaml"});
  ASSERT_TRUE(vault.allow(address_, secret));
  ConformanceSample whole = sample();
  whole.spec["source"] = {{"http", {{"url", server.url() + "/auth/disk.raw"}, {"secretRef", "endpoint"}}}};
  whole.changed["source"] = whole.spec["source"];
  whole.reopen = [&] {
    return open_hosted({.program = file_of("HOST"),
                        .plugin = file_of("PLUGIN"),
                        .instance = "cdi-import",
                        .log = log,
                        .vault = &vault},
                       configuration_, manifest_);
  };
  whole.kill = [] { kill_hosts(file_of("HOST")); };
  whole.vault = &vault;
  whole.secrets = {user, password};
  whole.log = log;
  const auto findings = run_conformance(*whole.reopen(), whole);
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings), std::set<std::string>());
  EXPECT_EQ(import(*whole.reopen(), whole.spec).phase, "Succeeded") << "the password opens the server";
}

TEST_F(CdiImportPlugin, AnImportThatWasMadeInAnotherDirectoryIsUnknownAndNothingIsDoneAboutIt) {
  Request made = request(blank());
  const auto there = in_process();
  ASSERT_TRUE(there->create(made, {}));
  made.identity = there->observe({made}, {}).value().observations.at(0).identity;
  EXPECT_EQ(made.identity, directory_ / "imports/ns/dv");
  const TemporaryDirectory other;
  const auto here =
      open_in_process(file_of("PLUGIN"), "cdi-import", {{"directory", other.path().string()}}, manifest_);
  const Observation seen = here->observe({made}, {}).value().observations.at(0);
  EXPECT_EQ(seen.existence, Existence::unknown);
  ASSERT_TRUE(seen.error);
  for (const std::string& words : {"made at " + made.identity, "looks in " + other.path().string()})
    EXPECT_NE(seen.error->message.find(words), std::string::npos) << seen.error->message;
  EXPECT_EQ(here->create(made, {}).error().code, Code::failed_precondition);
  for (const char* mark : {"", "set", "drop"}) {
    made.mark = mark;
    EXPECT_EQ(here->update(made, {}).error().code, Code::failed_precondition) << mark;
  }
  made.mark = "";
  EXPECT_EQ(here->remove(made, {}).error().code, Code::failed_precondition);
  EXPECT_TRUE(fs::is_empty(other.path()));
  EXPECT_TRUE(fs::exists(directory_ / "imports/ns/dv"));
}

// Older inventories have its address for the identity.
TEST_F(CdiImportPlugin, AnImportIsAlsoFoundByItsAddress) {
  Request made = request(blank());
  const auto backend = in_process();
  ASSERT_TRUE(backend->create(made, {}));
  made.identity = to_string(made.address);
  const Observation seen = backend->observe({made}, {}).value().observations.at(0);
  EXPECT_EQ(seen.existence, Existence::present);
  EXPECT_EQ(seen.identity, directory_ / "imports/ns/dv");
}

TEST_F(CdiImportPlugin, ADoneImportPassesItsClaimsDiskOn) {
  const auto backend = in_process();
  const Observation seen = import(*backend, blank());
  EXPECT_EQ(seen.phase, "Succeeded");
  EXPECT_EQ(seen.outputs.at("disk"), claim().begin()->second.outputs.at("disk"));
}

// The first that a backend tells of; empty: nothing within a minute.
std::optional<Address> first_event(Backend& backend, const Request& request) {
  const auto heard = std::make_shared<std::promise<Address>>();
  const auto once = std::make_shared<std::once_flag>();
  const auto listener = [heard, once](const Address& address) {
    std::call_once(*once, [&] { heard->set_value(address); });
  };
  auto event = heard->get_future();
  if (!backend.watch({request.address}, listener, {}) || !backend.create(request, {})) return std::nullopt;
  return event.wait_for(60s) == std::future_status::ready ? std::optional(event.get()) : std::nullopt;
}

TEST_F(CdiImportPlugin, WhoWatchesHearsOfTheEndOfAnImport) {
  const auto backend = hosted();
  EXPECT_EQ(first_event(*backend, request(blank("8Mi"))), address_);
  EXPECT_TRUE(read_contents_mark(claim_).value()) << "the worker has written its mark";
}

TEST_F(CdiImportPlugin, WhoWatchesHearsOfAFailure) {
  const auto backend =
      open_hosted({.program = file_of("HOST"), .plugin = file_of("PLUGIN"), .instance = "cdi-import"},
                  {{"directory", configuration_["directory"]}, {"retries", 0}}, manifest_);
  const Request failing = request(http({{"url", "http://127.0.0.1:1/x"}}));
  EXPECT_EQ(first_event(*backend, failing), address_);
}

// The worker is nobody's child: it goes on when the host that started it is gone.
TEST_F(CdiImportPlugin, AnImportOutlivesItsHost) {
  {
    const auto backend = hosted();
    const auto created = backend->create(request(http({{"url", "http://127.0.0.1:1/x"}})), {});
    ASSERT_TRUE(created) << created.error().message;
    EXPECT_TRUE(created->in_progress);
  }
  EXPECT_TRUE(contents_locked(claim_)) << "it still tries to reach its server";
  const auto backend = in_process();
  const Observation seen = backend->observe({request(Json())}, {}).value().observations.at(0);
  EXPECT_TRUE(seen.busy);
  EXPECT_FALSE(seen.resumable);
  Observation left = seen;
  for (const auto end = std::chrono::steady_clock::now() + 60s;
       left.existence != Existence::absent && std::chrono::steady_clock::now() < end;) {
    ASSERT_TRUE(backend->remove(request(Json()), {}));
    left = backend->observe({request(Json())}, {}).value().observations.at(0);
  }
  EXPECT_EQ(left.existence, Existence::absent);
}

// S1-1, S1-30, S1-43, S1-44
TEST_F(CdiImportPlugin, ExpandsToAClaimOfTheSameName) {
  const auto expansions = in_process()->expand({request(blank("64Mi"))}, {});
  ASSERT_TRUE(expansions && (*expansions)[0]) << (*expansions)[0].error().message;
  const auto& children = (*expansions)[0].value();
  ASSERT_EQ(children.size(), 1u);
  EXPECT_EQ(children[0].kind, "PersistentVolumeClaim");
  EXPECT_EQ(children[0].api_version, "v1");
  EXPECT_EQ(children[0].name, "dv");
  EXPECT_EQ(children[0].pointer, "/pvc");
  EXPECT_EQ(children[0].spec, pvc("64Mi"));
}

TEST_F(CdiImportPlugin, WithoutItsSecretNothingIsStarted) {
  const auto created =
      in_process()->create(request(http({{"url", "http://h/x"}, {"secretRef", "endpoint-secret"}})), {});
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, Code::not_found);
}

// S1-18, S1-20, S1-21, S1-22
TEST_F(CdiImportPlugin, TakesTheManifestsOfTheDocument) {
  EXPECT_TRUE(
      problems_of(http({{"url", "https://download.cirros-cloud.net/0.4.0/cirros-0.4.0-x86_64-disk.img"},
                        {"secretRef", ""}}))
          .empty());
}

// S1-16: none and two are refused.
TEST_F(CdiImportPlugin, RefusesWhatItCannotDo) {
  Json two = blank();
  two["source"]["http"] = {{"url", "http://h"}};
  Json none = blank();
  none["source"] = Json::object();
  Json registry = blank();
  registry["source"] = {{"registry", {{"url", "docker://h"}}}};
  Json archive = blank();
  archive["contentType"] = "archive";
  for (const Json& spec : {two, none, registry, archive, http({{"url", "http://h"}, {"checksum", "md5:0"}}),
                           http({{"url", "http://h"}, {"certConfigMap", "c"}})})
    EXPECT_FALSE(problems_of(spec).empty()) << spec;
}

TEST_F(CdiImportPlugin, AnImportWhoseStateIsOfANewerVersionIsUnknownAndNothingIsDoneAboutIt) {
  const auto backend = in_process();
  ASSERT_EQ(import(*backend, blank()).phase, "Succeeded");
  const std::string file = directory_ / "imports/ns/dv/ledger.json";
  Json ledger = Json::parse(read_file(file).value());
  ledger["version"] = 2;
  ASSERT_TRUE(write_file_atomically(file, ledger.dump()));
  const Observation seen = backend->observe({request(blank())}, {}).value().observations.at(0);
  EXPECT_EQ(seen.existence, Existence::unknown);
  EXPECT_EQ(seen.error.value_or(Error{}).message,
            file + " is of version 2, written by a newer tenon; this one reads 1: use a newer tenon");
  const Request again = request(blank());
  for (const auto& answer :
       {backend->create(again, {}), backend->update(again, {}), backend->remove(again, {})})
    EXPECT_EQ(answer ? Code::internal : answer.error().code, Code::failed_precondition);
  EXPECT_EQ(read_file(file).value(), ledger.dump());
  EXPECT_TRUE(fs::exists(claim_ / "disk.img"));
}

}  // namespace
}  // namespace tenon
