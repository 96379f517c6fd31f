// Whole commands in this process, on a world that is a map.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "framework/base/files.h"
#include "framework/cli/commands_testing.h"
#include "framework/cli/exit_code.h"
#include "framework/inventory/lock.h"
#include "framework/inventory/sqlite.h"

namespace tenon {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "world", "version": "1",
  "configuration": {"type": "object", "properties": {"size": {"type": "integer", "default": 1}}},
  "kinds": [
    {"group": "test", "kind": "Image", "plural": "images", "shortNames": ["img"], "versions": ["v1"],
     "schema": {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]},
     "ready": {"phases": ["Succeeded"], "failing": ["Failed"], "later": true}},
    {"group": "test", "kind": "Machine", "plural": "machines", "shortNames": ["vm"], "versions": ["v1"],
     "schema": {"type": "object", "properties": {
       "image": {"type": "string"}, "cores": {"type": "integer", "default": 1}}},
     "requirements": [{"name": "image", "path": "/image", "target": "test/Image", "guards": ["create", "start"]}]}
  ]
})";

constexpr const char* kJob = R"(apiVersion: test/v1
kind: Machine
metadata: {name: m}
spec: {image: i}
---
apiVersion: test/v1
kind: Image
metadata: {name: i}
spec: {url: "http://x/i"}
)";

// What exists. An image that was made is being imported until it has been looked at `looks` times.
struct FakeWorld {
  struct Object {
    Json spec;
    Mark mark;
    int looked = 0;
  };
  std::map<Address, Object> objects;
  int looks = 2;
  bool broken_import = false;
  bool away = false;
  bool machines_away = false;
  bool throws = false;
  uint64_t memory = 0;  // that its instance is given
  bool asleep = false;  // who looks waits until it is awake
  std::mutex mutex, sleep;
  std::condition_variable awake;
};

class WorldBackend final : public Backend {
 public:
  explicit WorldBackend(FakeWorld& world) : world_(world) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext&) override {
    {
      std::unique_lock asleep(world_.sleep);
      world_.awake.wait(asleep, [this] { return !world_.asleep; });
    }
    const std::lock_guard guard(world_.mutex);
    if (world_.away) return Error{Code::permission_denied, "the world is away"};
    std::vector<Observation> observations;
    for (const Request& request : requests)
      observations.push_back(world_.machines_away && request.address.kind == "Machine"
                                 ? unknown_observation({Code::permission_denied, "the machines are away"})
                                 : look(request.address));
    return Observed(std::move(observations));
  }

  Result<Outcome> create(const Request& request, const CallContext&) override {
    const std::lock_guard guard(world_.mutex);
    world_.objects[request.address] = {
        request.desired, {request.inventory, to_string(request.address), request.nonce, request.generation}};
    return Outcome{.identity = request.address.name};
  }

  Result<Outcome> update(const Request& request, const CallContext& context) override {
    return create(request, context);
  }

  Result<Outcome> remove(const Request& request, const CallContext&) override {
    const std::lock_guard guard(world_.mutex);
    world_.objects.erase(request.address);
    return Outcome();
  }

  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>&,
                                                             const CallContext&) override {
    return Error{Code::unimplemented, "nothing here is a composite"};
  }

 private:
  Observation look(const Address& address) {
    const auto found = world_.objects.find(address);
    if (found == world_.objects.end()) return {};
    FakeWorld::Object& object = found->second;
    Observation observation{.existence = Existence::present, .phase = "Running", .identity = address.name};
    observation.mark = object.mark;
    observation.actual = object.spec;
    if (address.kind != "Image") return observation;
    const bool done = ++object.looked > world_.looks;
    observation.phase = done ? "Succeeded" : "Importing";
    if (!done) observation.progress = 0.41;
    if (!done && world_.broken_import) {
      observation.phase = "Failed";
      observation.message = "the server answered 404";
    } else {
      observation.busy = !done;
    }
    return observation;
  }

  FakeWorld& world_;
};

class WorldPlugins final : public PluginSource {
 public:
  explicit WorldPlugins(FakeWorld& world) : world_(world) {}
  Result<std::shared_ptr<const Manifest>> manifest(const std::string& file) override {
    if (std::filesystem::path(file).stem() != "world") return Error{Code::not_found, "no file " + file};
    return std::shared_ptr<const Manifest>(std::make_shared<Manifest>(*parse_manifest(kManifest)));
  }
  Result<std::vector<Library>> libraries(const std::string&) override { return std::vector<Library>(); }
  Result<std::unique_ptr<Backend>> open(const InstanceConfiguration& instance) override {
    if (world_.throws) throw std::runtime_error("thrown on purpose");
    world_.memory = instance.limits.memory;
    return std::unique_ptr<Backend>(new WorldBackend(world_));
  }

 private:
  FakeWorld& world_;
};

class Commands : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    write("job.yaml", kJob);
  }
  std::unique_ptr<PluginSource> plugins(const PluginOptions&) override {
    return std::make_unique<WorldPlugins>(world_);
  }

  Done applied() { return run({"apply", "-f", "job.yaml", "--yes"}); }

  FakeWorld world_;
  const Address image_{"test", "Image", "default", "i"};
  const Address machine_{"test", "Machine", "default", "m"};
};

constexpr const char* kPlanText = R"(  + test/Image/default/i
      create: it does not exist
      job.yaml:9:7
      url: "http://x/i"
  … await Image i until Succeeded
  + test/Machine/default/m
      create: it does not exist
      job.yaml:4:7
      cores: 1
      image: "i"

Plan: 2 to create, 0 to update, 0 to replace, 0 to delete, 1 await.
)";

TEST_F(Commands, PlanShowsStepsInOrderAndChangesNothing) {
  const Done done = run({"plan", "-f", "job.yaml"});
  EXPECT_EQ(done.out, kPlanText) << done.err;
  EXPECT_EQ(done.status, kSuccess);
  EXPECT_TRUE(world_.objects.empty());
  EXPECT_FALSE(std::filesystem::exists(".tenon/inventory.db"));
}

// A crash while files are read would leave what is in them.
TEST_F(Commands, NoCoreIsDumpedFromTheFirstManifestOn) {
  write("broken.yaml", "a: [\n");
  for (const char* command : {"validate", "plan"}) {
    ASSERT_EQ(prctl(PR_SET_DUMPABLE, 1), 0);
    EXPECT_EQ(run({command, "-f", "broken.yaml"}).status, kFailure);
    EXPECT_EQ(prctl(PR_GET_DUMPABLE), 0) << command;
  }
}

TEST_F(Commands, PlanTellsByItsExitCodeWhetherThereAreChanges) {
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--detailed-exitcode"}).status, kChanges);
  applied();
  const Done done = run({"plan", "-f", "job.yaml", "--detailed-exitcode"});
  EXPECT_EQ(done.out, "No changes.\n");
  EXPECT_EQ(done.status, kSuccess);
}

TEST_F(Commands, ApplyMakesEverythingInOrderAndTellsSo) {
  const Done done = applied();
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_EQ(world_.objects.count(machine_), 1u);
  EXPECT_EQ(done.out.substr(0, std::string(kPlanText).size()), kPlanText);
  const size_t image = done.out.find("Image i: created after T"),
               reached = done.out.find("Image i until Succeeded: reached"),
               machine = done.out.find("Machine m: created after T");
  EXPECT_LT(image, reached) << done.out;
  EXPECT_LT(reached, machine) << done.out;
  EXPECT_NE(done.out.find("\nDone: 2 created, 0 updated, 0 deleted, in T.\n"), std::string::npos) << done.out;
}

TEST_F(Commands, ApplyAsksAndTakesOnlyYes) {
  const Done refused = run({"apply", "-f", "job.yaml"}, "y\n", true);
  EXPECT_NE(refused.out.find("Do you want to perform these actions? Only 'yes' is accepted: "),
            std::string::npos);
  EXPECT_EQ(refused.status, kRefused);
  EXPECT_TRUE(world_.objects.empty());
  EXPECT_EQ(run({"apply", "-f", "job.yaml"}, "yes\n", true).status, kSuccess);
  EXPECT_EQ(world_.objects.size(), 2u);
}

TEST_F(Commands, ApplyWithoutATerminalWantsYes) {
  const Done done = run({"apply", "-f", "job.yaml"});
  EXPECT_EQ(done.status, kRefused);
  EXPECT_NE(done.err.find("--yes"), std::string::npos);
  EXPECT_TRUE(world_.objects.empty());
}

TEST_F(Commands, ASavedPlanIsCarriedOutAsItIs) {
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--out", "saved.json"}).status, kSuccess);
  write("job.yaml", "");
  const Done done = run({"apply", "saved.json", "--yes"});
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_EQ(world_.objects.size(), 2u);
  const Done again = run({"apply", "saved.json", "--yes"});
  EXPECT_EQ(again.status, kRefused);
  EXPECT_NE(again.err.find("the plan is stale: test/Image/default/i has changed"), std::string::npos)
      << again.err;
}

TEST_F(Commands, APlanOfTheOlderFormatIsAppliedUnlessTheWorldMoved) {
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--out", "saved.json"}).status, kSuccess);
  Json plan = Json::parse(read_file("saved.json").value());
  plan["formatVersion"] = 1;
  write("older.json", plan.dump());
  EXPECT_EQ(run({"apply", "older.json", "--yes"}).status, kSuccess);
  EXPECT_EQ(world_.objects.size(), 2u);
  const Done again = run({"apply", "older.json", "--yes"});
  EXPECT_EQ(again.status, kRefused);
  EXPECT_NE(again.err.find("the plan is stale"), std::string::npos) << again.err;
}

TEST_F(Commands, APlanOfANewerFormatIsRefused) {
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--out", "saved.json"}).status, kSuccess);
  Json plan = Json::parse(read_file("saved.json").value());
  plan["formatVersion"] = 3;
  write("newer.json", plan.dump());
  const Done done = run({"apply", "newer.json", "--yes"});
  EXPECT_EQ(done.status, kRefused);
  EXPECT_NE(done.err.find("formatVersion 3, made by a newer Tenon; this one reads up to 2: plan again"),
            std::string::npos)
      << done.err;
  EXPECT_TRUE(world_.objects.empty());
}

TEST_F(Commands, AStateDirectoryThatCannotBeMadeIsToBeAnotherOne) {
  const Done done = run({"apply", "-f", "job.yaml", "--yes", "--state", "/proc/foo"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("/proc/foo"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("; name another place with --state"), std::string::npos) << done.err;
}

TEST_F(Commands, APlanTellsWhomItWaitsFor) {
  world_.asleep = true;
  flushed_ = [this] {
    const std::lock_guard guard(world_.sleep);
    world_.asleep = false;
    world_.awake.notify_all();
  };
  const Done done = run({"plan", "-f", "job.yaml"});
  EXPECT_EQ(done.status, kSuccess);
  EXPECT_TRUE(done.err.starts_with("waiting for instance 'world', which has not answered for ")) << done.err;
}

TEST_F(Commands, APlanIsNotSavedOverAManifest) {
  const Done done = run({"plan", "-f", "job.yaml", "--out", "./job.yaml"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.err, "error: --out ./job.yaml: -f reads this file; name another one for the plan\n");
  EXPECT_EQ(read_file("job.yaml").value(), kJob);
}

TEST_F(Commands, WhatIsNoSavedPlanIsToldFromOneThatIsCut) {
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--out", "saved.json"}).status, kSuccess);
  write("cut.json", read_file("saved.json").value().substr(0, 300));
  EXPECT_EQ(run({"apply", "cut.json", "--yes"}).err,
            "error: cut.json is damaged or not all of a saved plan; plan again\n");
  EXPECT_EQ(run({"apply", "job.yaml", "--yes"}).err,
            "error: job.yaml is no saved plan; manifests are given with -f\n");
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--out", "gone/saved.json"}).err,
            "error: creating gone/saved.json: No such file or directory\n");
}

TEST_F(Commands, WhatIsOwnedIsShownThoughTheRecordOfTheLastRunCannotBeRead) {
  applied();
  ASSERT_TRUE(open_inventory(".tenon/inventory.db", OpenMode::write)
                  .value()
                  ->commit({BeginRun{{.id = "r", .plan = R"({"formatVersion":1})"}}}));
  for (const char* command : {"get", "describe"}) {
    const Done done = run({command, "vm"});
    EXPECT_EQ(done.status, kSuccess) << done.err;
    EXPECT_NE(done.out.find("Running"), std::string::npos) << done.out;
    EXPECT_NE(done.err.find("warning: the record of the last run cannot be read"), std::string::npos)
        << done.err;
  }
  EXPECT_EQ(applied().status, kSuccess);
  EXPECT_EQ(run({"destroy", "--yes"}).status, kSuccess);
  EXPECT_EQ(run({"get"}).err.find("warning"), std::string::npos);
}

// Each makes of a saved plan one that was made for something else.
TEST_F(Commands, APlanMadeForSomethingElseIsStale) {
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--out", "saved.json"}).status, kSuccess);
  const Json saved = Json::parse(read_file("saved.json").value());
  const auto refusal = [&](const std::function<void(Json&)>& change) {
    Json other = saved;
    change(other);
    write("other.json", other.dump());
    const Done done = run({"apply", "other.json", "--yes"});
    EXPECT_EQ(done.status, kRefused);
    EXPECT_TRUE(world_.objects.empty());
    return done.err;
  };
  EXPECT_NE(refusal([](Json& plan) { plan["inventory"] = "another"; }).find("made for another inventory"),
            std::string::npos);
  EXPECT_NE(refusal([](Json& plan) {
              plan["plugins"]["world"] = "sha256:0";
            }).find("the plugin of instance 'world' is another one now"),
            std::string::npos);
  EXPECT_NE(refusal([](Json& plan) {
              plan["plugins"] = {{"gone", ""}};
            }).find("no instance 'gone' any more"),
            std::string::npos);
  EXPECT_NE(refusal([](Json& plan) {
              plan["steps"][0]["instance"] = "nobody";
            }).find("no instance 'nobody' any more"),
            std::string::npos);
}

TEST_F(Commands, ASavedPlanThatWasTamperedWithIsRefusedByWhatIsWrong) {
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--out", "saved.json"}).status, kSuccess);
  const Json saved = Json::parse(read_file("saved.json").value());
  ASSERT_EQ(saved["steps"][1]["kind"], "await");
  const std::vector<std::pair<std::string, Json>> wrong = {{"/steps/1/await", Json::value_t::discarded},
                                                           {"/steps/0/await", saved["steps"][1]["await"]},
                                                           {"/steps/0/kind", "move"},
                                                           {"/steps/0/labels", 3},
                                                           {"/steps/0/annotations", {{"a", 1}}},
                                                           {"/steps/0/defaulted", {"x"}},
                                                           {"/steps/0/found", {1}},
                                                           {"/changes/0/desired", nullptr},
                                                           {"/changes/0/desired", "text"},
                                                           {"/changes/0/address", "test/Machine/default/z"}};
  for (const auto& [place, value] : wrong) {
    Json other = saved;
    const Json::json_pointer pointer(place);
    if (value.is_discarded())
      other[pointer.parent_pointer()].erase(pointer.back());
    else
      other[pointer] = value;
    write("other.json", other.dump());
    const Done done = run({"apply", "other.json", "--yes"});
    EXPECT_EQ(done.status, kFailure) << place << done.out;
    EXPECT_NE(done.err.find("other.json: the plan is damaged: "), std::string::npos) << place << done.err;
    EXPECT_TRUE(world_.objects.empty());
  }
}

TEST_F(Commands, AnExceptionThatNobodyCaughtIsToldAsABug) {
  world_.throws = true;
  const Done done = run({"plan", "-f", "job.yaml"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("error: internal: thrown on purpose"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("bug"), std::string::npos) << done.err;
}

// Another process that holds the run's lock until told otherwise.
class Holder {
 public:
  // killed: that process ends at once, and what it started keeps the lock.
  explicit Holder(bool killed = false) {
    int ready[2] = {}, end[2] = {};
    if (pipe(ready) != 0 || pipe(end) != 0) abort();
    child_ = fork();
    if (child_ == 0) {
      close(end[1]);
      const auto lock =
          RunLock::acquire(".tenon/lock", "tenon apply", Time(std::chrono::seconds(1'700'000'000)));
      if (killed && fork() != 0) _exit(0);
      char byte = lock ? 'x' : '?';
      if (write(ready[1], &byte, 1) == 1) [[maybe_unused]]
        const ssize_t ended = read(end[0], &byte, 1);
      _exit(0);
    }
    close(end[0]);
    close(ready[1]);
    end_.reset(end[1]);
    const FileDescriptor told(ready[0]);
    char byte = 0;
    EXPECT_EQ(read(told.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
    if (killed) waitpid(std::exchange(child_, 0), nullptr, 0);
  }
  ~Holder() { release(); }

  pid_t pid() const { return child_; }
  void release() {
    end_.reset();
    if (const pid_t child = std::exchange(child_, 0)) waitpid(child, nullptr, 0);
  }

 private:
  pid_t child_ = 0;
  FileDescriptor end_;
};

TEST_F(Commands, WhatTakesTheLockIsRefusedWhileAnotherRunHoldsItAndNamesIt) {
  const Holder holder;
  const std::string by = "tenon apply\" (pid " + std::to_string(holder.pid());
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"apply", "-f", "job.yaml", "--yes"},
        {"destroy", "--yes"},
        {"plan", "-f", "job.yaml", "--out", "saved.json"},
        {"apply", "-f", "job.yaml", "--yes", "--lock-timeout", "50ms"}}) {
    const Done done = run(command);
    EXPECT_EQ(done.status, kRefused);
    EXPECT_NE(done.err.find(by), std::string::npos) << done.err;
    EXPECT_NE(done.err.find("since 2023-11-14 22:13:20 UTC"), std::string::npos) << done.err;
    EXPECT_NE(done.err.find("Nothing was changed"), std::string::npos) << done.err;
  }
  EXPECT_TRUE(world_.objects.empty());
  EXPECT_EQ(run({"plan", "-f", "job.yaml"}).status, kSuccess);
}

TEST_F(Commands, ApplyWaitsForAnotherRunAsLongAsItIsTold) {
  Holder holder;
  flushed_ = [&holder] { holder.release(); };
  const Done done = run({"apply", "-f", "job.yaml", "--yes", "--lock-timeout", "5m"});
  EXPECT_EQ(done.status, kSuccess) << done.err;
  EXPECT_NE(done.err.find("waiting for it up to 5 min"), std::string::npos) << done.err;
  EXPECT_EQ(world_.objects.size(), 2u);
}

TEST_F(Commands, TheLastCallOfAKilledRunIsWaitedForWithoutBeingToldTo) {
  Holder holder(true);
  const Done hurried = run({"apply", "-f", "job.yaml", "--yes", "--lock-timeout", "0"});
  EXPECT_EQ(hurried.status, kRefused);
  EXPECT_NE(hurried.err.find("has ended but whose last call has not returned"), std::string::npos)
      << hurried.err;
  flushed_ = [&holder] { holder.release(); };
  const Done done = run({"apply", "-f", "job.yaml", "--yes"});
  EXPECT_EQ(done.status, kSuccess) << done.err;
  EXPECT_NE(done.err.find("waiting for it up to 10 s"), std::string::npos) << done.err;
}

TEST_F(Commands, AFailedImportLeavesTheRestUndoneAndNamesTheCause) {
  world_.broken_import = true;
  world_.looks = 1000;
  const Done done = applied();
  EXPECT_EQ(done.status, kPartial);
  EXPECT_NE(done.out.find("404"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("Machine m: create skipped"), std::string::npos) << done.out;
  EXPECT_EQ(world_.objects.count(machine_), 0u);

  const Done shown = run({"get"});
  EXPECT_NE(shown.out.find("Image/i    Failed"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("Machine/m  Pending"), std::string::npos) << shown.out;
}

TEST_F(Commands, GetShowsWhatIsThere) {
  applied();
  EXPECT_EQ(run({"get"}).out,
            "NAME       PHASE      PROGRESS  READY  REASON\n"
            "Image/i    Succeeded            True\n"
            "Machine/m  Running              True\n");
  EXPECT_EQ(run({"get", "vm", "-o", "name"}).out, "test/Machine/default/m\n");
  EXPECT_EQ(run({"get", "vm/other"}).status, kFailure);
}

TEST_F(Commands, GetNoticesWhatIsGone) {
  applied();
  world_.objects.erase(machine_);
  const Done done = run({"get", "vm/m", "-o", "json"});
  const Json item = Json::parse(done.out)["items"][0];
  EXPECT_EQ(item["phase"], "Missing");
  EXPECT_EQ(item["ready"], "False");
}

TEST_F(Commands, WhatCannotBeLookedAtIsUnknownAndBlocked) {
  applied();
  world_.away = true;
  EXPECT_NE(run({"get"}).out.find("Unknown"), std::string::npos);
  const Done plan = run({"plan", "-f", "job.yaml"});
  EXPECT_EQ(plan.status, kPartial) << plan.out;
  EXPECT_NE(plan.out.find("the world is away"), std::string::npos) << plan.out;
}

TEST_F(Commands, WhatIsBlockedIsCountedAndListedWithItsReason) {
  world_.machines_away = true;
  const Done done = applied();
  EXPECT_EQ(done.status, kPartial);
  EXPECT_NE(done.out.find("\nDone in part: 1 created, 0 updated, 0 deleted, 1 blocked, in T.\n"),
            std::string::npos)
      << done.out;
  const auto shown = [this] { return Json::parse(run({"get", "vm/m", "-o", "json"}).out)["items"].at(0); };
  EXPECT_EQ(shown()["phase"], "Pending");
  EXPECT_EQ(shown()["ready"], "False");
  EXPECT_EQ(shown()["reason"], "blocked: it cannot be looked at: the machines are away");
  world_.machines_away = false;
  EXPECT_EQ(shown()["phase"], "Pending") << "until the next run nobody makes it";
  EXPECT_EQ(applied().status, kSuccess);
  EXPECT_EQ(shown()["phase"], "Running");
}

TEST_F(Commands, ARunOfWhichEverythingIsBlockedIsListedToo) {
  world_.away = true;
  const Done done = run({"apply", "-f", "job.yaml"});
  EXPECT_EQ(done.status, kPartial) << "and nobody is asked";
  EXPECT_NE(done.out.find("Done in part: 0 created, 0 updated, 0 deleted, 2 blocked"), std::string::npos)
      << done.out;
  EXPECT_EQ(Json::parse(run({"get", "-o", "json"}).out)["items"].size(), 2u);
}

TEST_F(Commands, PruningWithNothingDeclaredIsRefused) {
  applied();
  write("empty.yaml", "# nothing\n---\n");
  for (const char* command : {"plan", "apply"}) {
    const Done done = run({command, "-f", "empty.yaml", "--prune"});
    EXPECT_EQ(done.status, kFailure);
    EXPECT_EQ(done.err,
              "error: no resources in empty.yaml\n"
              "  --prune would delete everything that the set owns; 'tenon destroy' does that\n"
              "1 error; nothing was changed.\n");
  }
  EXPECT_EQ(world_.objects.size(), 2u);
  for (const char* command : {"plan", "apply", "validate"}) {
    const Done done = run({command, "-f", "empty.yaml"});
    EXPECT_EQ(done.status, kSuccess);
    EXPECT_EQ(done.err, "warning: no resources in empty.yaml\n");
  }
}

TEST_F(Commands, DestroyDeletesDependantsFirstAndLeavesNothing) {
  applied();
  const Done done = run({"destroy", "--yes"});
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_TRUE(world_.objects.empty());
  EXPECT_LT(done.out.find("- test/Machine/default/m"), done.out.find("- test/Image/default/i")) << done.out;
  EXPECT_EQ(Json::parse(run({"get", "-o", "json"}).out)["items"], Json::array());
}

TEST_F(Commands, DescribeTellsRequirementsAndTheLastRun) {
  applied();
  const Done done = run({"describe", "vm/m"});
  EXPECT_NE(done.out.find("address: test/Machine/default/m\n"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("requires: Image i until Succeeded"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("step: create"), std::string::npos) << done.out;
}

TEST_F(Commands, DescribeTellsForHowLongACreateHasBeenOpen) {
  const auto open_for = [&](Duration time) {
    Owned row{.address = {"test", "Image", "default", "i"}, .instance = "world"};
    row.intent =
        Intent{.nonce = "n", .generation = "g", .spec = Json::object(), .since = clock_.now() - time};
    EXPECT_TRUE(open_inventory(".tenon/inventory.db", OpenMode::write).value()->commit({PutOwned{row}}));
    return run({"describe", "image/i"}).out;
  };
  const std::string begun = ": a create was begun and has not been seen to end\"\n";
  const std::string minutes = open_for(std::chrono::seconds(320));
  EXPECT_NE(minutes.find("intent: \"open for 5 min T" + begun), std::string::npos) << minutes;
  // A clock that was put back.
  const std::string none = open_for(std::chrono::seconds(-320));
  EXPECT_NE(none.find("intent: \"open for T" + begun), std::string::npos) << none;
}

TEST_F(Commands, GraphDrawsWhatRequiresWhat) {
  EXPECT_EQ(run({"graph", "-f", "job.yaml"}).out,
            "test/Image/default/i\ntest/Machine/default/m\n  requires Image i until Succeeded (for create, "
            "start)\n");
  const Done dot = run({"graph", "-f", "job.yaml", "-o", "dot"});
  EXPECT_NE(
      dot.out.find("\"test/Machine/default/m\" -> \"test/Image/default/i\" [label = \"until Succeeded\"]"),
      std::string::npos)
      << dot.out;
  EXPECT_EQ(run({"graph", "-f", "job.yaml", "-o", "mermaid"}).out,
            "graph RL\n  n0[\"Image i\"]\n  n1[\"Machine m\"]\n  n1 -->|\"until Succeeded\"| n0\n");
}

TEST_F(Commands, ValidateReportsEveryProblemAtItsPlace) {
  write("bad.yaml", R"(apiVersion: test/v1
kind: Machine
metadata: {name: m}
spec: {imag: i}
---
apiVersion: test/v1
kind: Image
metadata: {name: i}
spec: {}
)");
  const Done done = run({"validate", "-f", "bad.yaml"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("bad.yaml:4:8: error: unknown field 'imag'"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("did you mean 'image'?"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("url"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("2 errors"), std::string::npos) << done.err;
  EXPECT_EQ(run({"validate", "-f", "job.yaml"}).status, kSuccess);
}

// What a terminal would obey instead of show; whole commands print no colours here.
bool is_obeyed(const Done& done) {
  const std::string text = done.out + done.err;
  for (const char* control : {"\x1B", "\x7F", "\x07", "\r", "\u009B", "\u202E", "\u2066"})
    if (text.find(control) != std::string::npos) return true;
  return text.find('\0') != std::string::npos;
}

// As YAML's double quotes write it.
constexpr const char* kControls = R"(\e[31mX\e]0;t\a\0\r\x7F\x9B31m\u202E\u2066)";
constexpr const char* kControlsShown = R"(\u001b[31mX\u001b]0;t\u0007\u0000\r\u007f\u009b31m\u202e\u2066)";

TEST_F(Commands, NoDiagnosticShowsAControlThatItQuotes) {
  const std::string good = "apiVersion: test/v1\nkind: Image\nmetadata: {name: i}\nspec: {url: u}\n";
  const std::pair<const char*, const char*> places[] = {{"test/v1", "\"%\""},
                                                        {"Image", "\"%\""},
                                                        {"{name: i}", "{name: \"%\"}"},
                                                        {"{name: i}", "{name: i, \"%\": 1}"},
                                                        {"{name: i}", "{name: i, namespace: \"%\"}"},
                                                        {"{name: i}", "{name: i, annotations: {\"%\": 1}}"},
                                                        {"{name: i}", "\"%\""},
                                                        {"{url: u}", "{url: u, \"%\": 1}"},
                                                        {"{url: u}", "{url: u}\n\"%\": 1"},
                                                        {"{url: u}", "{url: u}\n\"%\": 1\n\"%\": 2"}};
  for (const auto& [place, evil] : places) {
    std::string text = good;
    text.replace(text.find(place), std::string(place).size(), evil);
    for (size_t at; (at = text.find('%')) != std::string::npos;) text.replace(at, 1, kControls);
    write("evil.yaml", text);
    for (const char* command : {"validate", "plan"}) {
      const Done done = run({command, "-f", "evil.yaml"});
      EXPECT_EQ(done.status, kFailure) << text;
      EXPECT_FALSE(is_obeyed(done)) << text;
      EXPECT_NE(done.err.find(kControlsShown), std::string::npos) << text << done.err;
    }
  }
}

TEST_F(Commands, NoNameOfAFileIsObeyed) {
  const std::string file = "a\x1B[31m\u009B.yaml";
  EXPECT_FALSE(is_obeyed(run({"plan", "-f", file})));
  EXPECT_FALSE(is_obeyed(run({"plan", "-f", "job.yaml", "--config", file})));
  EXPECT_FALSE(is_obeyed(run({"get", file})));
  EXPECT_FALSE(is_obeyed(run({"get", "--" + file})));
  EXPECT_FALSE(is_obeyed(run({"get", "-n", file})));
  write(file, kJob);
  const Done planned = run({"plan", "-f", file});
  EXPECT_FALSE(is_obeyed(planned));
  EXPECT_NE(planned.out.find("a\\u001b[31m\\u009b.yaml:4:7"), std::string::npos) << planned.out;
  write(file, "a: [\n");
  EXPECT_FALSE(is_obeyed(run({"plan", "-f", file})));
}

TEST_F(Commands, NoValueOfAManifestIsObeyed) {
  write("evil.yaml", std::string("apiVersion: test/v1\nkind: Image\nmetadata: {name: i, labels: {l: \"") +
                         kControls + "\"}}\nspec: {url: \"" + kControls + "\"}\n");
  const Done planned = run({"plan", "-f", "evil.yaml"});
  EXPECT_EQ(planned.status, kSuccess) << planned.err;
  EXPECT_FALSE(is_obeyed(planned)) << planned.out;
  EXPECT_NE(planned.out.find("\\u009b31m\\u202e\\u2066"), std::string::npos) << planned.out;
  const Done applied = run({"apply", "-f", "evil.yaml", "--yes"});
  EXPECT_EQ(applied.status, kSuccess) << applied.err;
  EXPECT_FALSE(is_obeyed(applied));
  const Done described = run({"describe", "image/i"});
  EXPECT_FALSE(is_obeyed(described)) << described.out;
  EXPECT_NE(described.out.find("\\u202e\\u2066"), std::string::npos) << described.out;
  EXPECT_FALSE(is_obeyed(run({"get"})));
  EXPECT_FALSE(is_obeyed(run({"graph", "-f", "evil.yaml"})));
  const Done json = run({"describe", "image/i", "-o", "json"});
  EXPECT_NE(json.out.find("\u202E"), std::string::npos) << json.out;
}

// Text that is no YAML, an object that is none, what the schema refuses: found by three passes, told in the
// order of the text.
TEST_F(Commands, EverythingThatIsWrongIsToldAtOnceInTheOrderOfTheFiles) {
  write("b.yaml", R"(apiVersion: test/v1
kind: Machine
metadata: {name: m, naem: n}
spec: {imag: i}
---
apiVersion: test/v1
kind: Image
metadata: {name: i}
spec: {}
---
apiVersion: test/v1
kind: [
---
apiVersion: test/v1
kind: Macihne
metadata: {name: other}
spec: {}
)");
  write("a.yaml", "apiVersion: test/v1\nkind: Machine\nmetadata: {name: a}\nspec: {cores: many}\n");
  const std::string problems =
      R"(a.yaml:4:15: error: expected a whole number, got 'many' (test/Machine/default/a)
b.yaml:3:21: error: unknown field 'naem' (test/Machine/default/m)
  did you mean 'name'?
  known fields: name, namespace, labels, annotations
b.yaml:4:8: error: unknown field 'imag' (test/Machine/default/m)
  did you mean 'image'?
  known fields: cores, image
b.yaml:9:7: error: required field 'url' is missing (test/Image/default/i)
b.yaml:13:1: error: end of sequence flow not found
  a closing } or ] is missing
b.yaml:15:7: error: no plugin serves test/Macihne; did you mean test/Machine? (test/Macihne/default/other)
6 errors; nothing was changed.
)";
  for (const char* command : {"validate", "plan", "graph"}) {
    const Done done = run({command, "-f", "b.yaml", "-f", "a.yaml"});
    EXPECT_EQ(done.status, kFailure);
    EXPECT_EQ(done.err, problems);
  }
}

TEST_F(Commands, TheSameNameInTwoFilesIsRefusedWithBothPlaces) {
  std::filesystem::create_directory("d");
  write("d/1.yaml", kJob);
  write("d/2.yaml", "apiVersion: test/v1\nkind: Image\nmetadata: {name: i}\nspec: {url: u}\n");
  const Done done = run({"validate", "-f", "d"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_EQ(
      done.err,
      "d/2.yaml:3:18: error: Image i is declared twice (test/Image/default/i)\n"
      "  declared at d/1.yaml:8:18, and again at d/2.yaml:3:18; remove one of them, or give it another name\n"
      "1 error; nothing was changed.\n");
}

TEST_F(Commands, AConfigurationIsCheckedLikeAManifest) {
  write("tenon.yaml",
        "instances:\n- name: world\n  plugin: world\n  configuration: {siez: 3}\n- name: other\n  plugin: "
        "gone\n"
        "routes:\n- kind: test/Image\n  instance: wrold\n");
  const Done done = run({"plan", "-f", "job.yaml"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("tenon.yaml:4:19: error: unknown field 'siez'"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("tenon.yaml:6:11: error: plugin 'gone' is not there"), std::string::npos)
      << done.err;
  EXPECT_NE(done.err.find("did you mean 'world'?"), std::string::npos) << done.err;
}

TEST_F(Commands, TheMemoryOfAnInstanceIsLimitedInItsConfiguration) {
  const std::string start = "instances:\n- name: world\n  plugin: world\n  limits: {memory: ";
  write("tenon.yaml", start + "64Mi}\n");
  EXPECT_EQ(run({"plan", "-f", "job.yaml"}).status, kSuccess);
  EXPECT_EQ(world_.memory, uint64_t{64} << 20);
  for (const char* wrong : {"1Mi", "much"}) {
    write("tenon.yaml", start + wrong + "}\n");
    const Done done = run({"plan", "-f", "job.yaml"});
    EXPECT_EQ(done.status, kFailure);
    EXPECT_NE(done.err.find("tenon.yaml:4:20: error"), std::string::npos) << done.err;
  }
}

TEST_F(Commands, WithoutPluginsItSaysWhereTheyWereSought) {
  std::filesystem::remove("tenon.yaml");
  const Done done = run({"plan", "-f", "job.yaml"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("/nowhere/lib/tenon/plugins"), std::string::npos) << done.err;
}

TEST_F(Commands, AMissingManifestIsNamed) {
  const Done done = run({"plan", "-f", "gone.yaml"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("gone.yaml"), std::string::npos) << done.err;
  EXPECT_EQ(run({"plan"}).status, kFailure);
}

TEST_F(Commands, AWrongApprovalIsRefusedBeforeAnythingHappens) {
  const Done done = run({"apply", "-f", "job.yaml", "--yes", "--approve", "m"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("group/Kind/namespace/name"), std::string::npos) << done.err;
  EXPECT_TRUE(world_.objects.empty());
}

TEST_F(Commands, AnApprovalThatApprovesNothingIsNoted) {
  const Done done = run({"plan", "-f", "job.yaml", "--approve", "test/Image/default/j", "--approve",
                         "test/Image/default/i", "--approve", "other/Thing/far/away-from-all"});
  EXPECT_NE(
      done.out.find("note: --approve other/Thing/far/away-from-all: nothing of that address is declared or "
                    "owned\n"
                    "note: --approve test/Image/default/j: nothing of that address is declared or owned; "
                    "did you mean test/Image/default/i?\n\n"),
      std::string::npos)
      << done.out;
}

TEST_F(Commands, WhatIsLeftIsNotedOnce) {
  applied();
  write("job.yaml", std::string(kJob).substr(std::string(kJob).find("---\n") + 4));
  EXPECT_EQ(
      run({"plan", "-f", "job.yaml"}).out,
      "note: 1 resource is owned and no longer declared: Machine m; --prune deletes what no manifest names\n"
      "\nNo changes.\n");
}

// "NAME VERSION" of each row of the page that says what becomes of which version.
std::vector<std::string> versions_of_the_page(const std::string& file) {
  std::vector<std::string> versions;
  std::ifstream page(file);
  static const std::regex row(R"(^\| ([A-Za-z]+(?: [A-Za-z]+)*).*? \| (\d+) \|.*$)");
  std::smatch cells;
  for (std::string line; std::getline(page, line);)
    if (std::regex_match(line, cells, row)) versions.push_back(cells.str(1) + " " + cells.str(2));
  return versions;
}

TEST_F(Commands, VersionPrintsTheVersionsOfAllThatThePageOfUpgradesLists) {
  const auto listed = versions_of_the_page(before_ / "docs/upgrade.md");
  std::vector<std::string> printed;
  std::istringstream out(run({"version"}).out);
  std::string line;
  for (std::getline(out, line); std::getline(out, line);)
    printed.push_back(std::regex_replace(line, std::regex("^ +| +(?= \\d)"), ""));
  EXPECT_EQ(printed, listed);
  Json expected = {{"formatVersion", 1}, {"version", "0.1.0"}};
  const char* const members[] = {"inventory", "planFile",  "pluginInterface", "manifest",
                                 "output",    "claimMark", "contentsMark",    "importState"};
  ASSERT_EQ(listed.size(), std::size(members));
  for (size_t i = 0; i < listed.size(); ++i)
    expected[members[i]] = std::stoi(listed[i].substr(listed[i].rfind(' ')));
  EXPECT_EQ(Json::parse(run({"version", "-o", "json"}).out), expected);
}

TEST_F(Commands, AManifestOfAnotherVersionThanIsPrintedIsRefused) {
  Json manifest = Json::parse(kManifest);
  manifest["manifestVersion"] = Json::parse(run({"version", "-o", "json"}).out).at("manifest");
  EXPECT_TRUE(parse_manifest(manifest.dump()));
  manifest["manifestVersion"] = manifest["manifestVersion"].get<int>() + 1;
  const auto newer = parse_manifest(manifest.dump());
  ASSERT_FALSE(newer);
  EXPECT_NE(newer.error().message.find("manifestVersion"), std::string::npos) << newer.error().message;
}

}  // namespace
}  // namespace tenon
