// import, forget, mv, rebuild, sets and labels, as commands.
#include <filesystem>

#include "framework/backend/fake.h"
#include "framework/backend/fake_clock.h"
#include "framework/backend/forwarding.h"
#include "framework/cli/commands_testing.h"
#include "framework/cli/exit_code.h"

namespace tenon {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "world", "version": "1", "capabilities": ["list", "adopt", "move", "expand"],
  "kinds": [
    {"group": "test", "kind": "Group", "plural": "groups", "versions": ["v1"], "ready": {"phases": ["Ready"]},
     "schema": {"type": "object", "properties": {"members": {"type": "array", "items": {"type": "string"}}}}},
    {"group": "test", "kind": "Disk", "plural": "disks", "versions": ["v1"], "ready": {"phases": ["Ready"]},
     "schema": {"type": "object", "properties": {"size": {"type": "integer"}, "on": {"type": "string"}}},
     "requirements": [{"name": "on", "path": "/on", "target": "test/Disk", "guards": ["create"]}]}
  ]
})";

// Disks that a disk's spec names as its members are its children.
class Expanding final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                             const CallContext&) override {
    std::vector<Result<std::vector<ChildSpec>>> all;
    for (const Request& request : requests) {
      std::vector<ChildSpec> children;
      for (const Json& member : request.desired.value("members", Json::array()))
        children.push_back(
            {.api_version = "test/v1", .kind = "Disk", .name = member, .spec = Json::object()});
      all.emplace_back(std::move(children));
    }
    return all;
  }
};

class OnePlugin final : public PluginSource {
 public:
  explicit OnePlugin(Backend& backend) : backend_(backend) {}
  Result<std::shared_ptr<const Manifest>> manifest(const std::string&) override {
    return std::shared_ptr<const Manifest>(std::make_shared<Manifest>(*parse_manifest(kManifest)));
  }
  Result<std::vector<Library>> libraries(const std::string&) override { return std::vector<Library>(); }
  Result<std::unique_ptr<Backend>> open(const InstanceConfiguration&) override {
    return std::unique_ptr<Backend>(std::make_unique<Expanding>(backend_));
  }

 private:
  Backend& backend_;
};

Address disk(const std::string& name) { return {"test", "Disk", "default", name}; }

std::string document(const std::string& name, const std::string& spec, const std::string& metadata = "") {
  return "---\napiVersion: test/v1\nkind: Disk\nmetadata: {name: " + name + metadata + "}\nspec: " + spec +
         "\n";
}

class Ownership : public CommandLine {
 protected:
  std::unique_ptr<PluginSource> plugins(const PluginOptions&) override {
    return std::make_unique<OnePlugin>(backend_);
  }

  Done apply(const std::string& manifests, std::vector<std::string> options = {}) {
    write("job.yaml", manifests);
    options.insert(options.begin(), {"apply", "-f", "job.yaml", "--yes"});
    return run(options);
  }
  void put_unmarked(const std::string& name, Json spec) {
    backend_.change([&](FakeWorld& world) {
      world[disk(name)].spec = std::move(spec);
      world[disk(name)].identity = "hand-made-" + name;
    });
  }
  bool is_ours(const std::string& name) { return !backend_.world().at(disk(name)).mark.inventory.empty(); }
  std::string names() { return run({"get", "-o", "name"}).out; }

  FakeClock fake_clock_;
  FakeBackend backend_{fake_clock_};
};

TEST_F(Ownership, WhatExistsIsTakenOverOnlyIfAsked) {
  put_unmarked("a", {{"size", 1}});
  const Done refused = apply(document("a", "{size: 1}"));
  EXPECT_EQ(refused.status, kRefused);
  EXPECT_NE(refused.out.find("--adopt takes it over"), std::string::npos) << refused.out;
  EXPECT_FALSE(is_ours("a"));
  const Done done = apply(document("a", "{size: 1}"), {"--adopt"});
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_NE(done.out.find("1 to adopt."), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("Disk a: adopted after T"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("0 deleted, 1 adopted, in T."), std::string::npos) << done.out;
  EXPECT_TRUE(is_ours("a"));
  EXPECT_EQ(run({"plan", "-f", "job.yaml"}).out, "No changes.\n");
}

TEST_F(Ownership, AForeignObjectIsRefusedByTheNameOfItsOwnerWhateverIsAsked) {
  put_unmarked("a", {{"size", 1}});
  backend_.change([](FakeWorld& world) {
    world.at(disk("a")).mark = {"other", "test/Disk/default/a", "n", "g"};
  });
  for (const char* option : {"--adopt", "--prune"}) {
    const Done done = apply(document("a", "{size: 2}"), {option});
    EXPECT_EQ(done.status, kRefused);
    EXPECT_NE(done.out.find("belongs to test/Disk/default/a of inventory other"), std::string::npos)
        << done.out;
  }
  EXPECT_EQ(backend_.world().at(disk("a")).spec, Json({{"size", 1}}));
}

TEST_F(Ownership, ImportTakesOneObjectByItsIdentityAndLeavesItAsItIs) {
  put_unmarked("elsewhere", {{"size", 1}});
  write("job.yaml", document("a", "{size: 2}") + document("b", "{}"));
  const Done wrong = run({"import", "disk/a", "gone", "--yes"});
  EXPECT_EQ(wrong.status, kRefused);
  EXPECT_NE(wrong.out.find("does not exist as 'gone'"), std::string::npos) << wrong.out;
  const Done done = run({"import", "disk/a", "hand-made-elsewhere", "-f", "job.yaml", "--yes"});
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_NE(done.out.find("differs from its manifest"), std::string::npos) << done.out;
  EXPECT_EQ(names(), "test/Disk/default/a\n");
  EXPECT_EQ(backend_.world().at(disk("elsewhere")).spec, Json({{"size", 1}}));
  EXPECT_NE(run({"plan", "-f", "job.yaml"}).out.find("~ test/Disk/default/a"), std::string::npos);
}

TEST_F(Ownership, ForgetGivesUpAndDestroysNothing) {
  apply(document("a", "{}") + document("b", "{}"));
  EXPECT_EQ(run({"forget", "disk/gone", "--yes"}).status, kFailure);
  const Done done = run({"forget", "disk/a", "--yes"});
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_FALSE(is_ours("a"));
  EXPECT_EQ(names(), "test/Disk/default/b\n");
  EXPECT_EQ(run({"destroy", "--yes", "--approve", "test/Disk/default/b"}).status, kSuccess);
  EXPECT_EQ(backend_.world().size(), 1u);
}

TEST_F(Ownership, ANameThatCouldNotBeReadAgainIsRefusedBeforeAnythingIsDone) {
  apply(document("a", "{}"));
  const Done moved = run({"mv", "disk/a", "disk/a/b", "--yes"});
  EXPECT_EQ(moved.status, kFailure);
  EXPECT_NE(moved.err.find("'a/b' is not a name"), std::string::npos) << moved.err;
  const Done imported = run({"import", "disk/b/c", "hand-made", "--yes"});
  EXPECT_EQ(imported.status, kFailure);
  EXPECT_NE(imported.err.find("'b/c' is not a name"), std::string::npos) << imported.err;
  for (const char* member : {"x/y", "\"\"", "A"}) {
    const Done made = apply("apiVersion: test/v1\nkind: Group\nmetadata: {name: g}\nspec: {members: [" +
                            std::string(member) + "]}\n");
    EXPECT_EQ(made.status, kFailure) << made.out;
    EXPECT_NE(made.err.find("is not a name"), std::string::npos) << made.err;
    EXPECT_NE(made.err.find("declared by Group g at job.yaml"), std::string::npos) << made.err;
  }
  EXPECT_EQ(apply(document("b", "{on: x/y}")).status, kFailure);
  EXPECT_EQ(names(), "test/Disk/default/a\n");
  EXPECT_EQ(backend_.world().size(), 1u);
}

TEST_F(Ownership, ForgetAsksFirst) {
  apply(document("a", "{}"));
  EXPECT_EQ(run({"forget", "disk/a"}, "no\n", true).status, kRefused);
  EXPECT_EQ(run({"forget", "disk/a"}).status, kRefused);
  EXPECT_TRUE(is_ours("a"));
}

TEST_F(Ownership, ForgetOfTheRecordAloneLooksAtNothing) {
  apply(document("a", "{}"));
  backend_.script(disk("a"), {.faults = {{.method = Method::observe, .times = 1000}}});
  EXPECT_EQ(run({"forget", "disk/a", "--yes"}).status, kPartial);
  EXPECT_EQ(run({"forget", "disk/a", "--record-only", "--yes"}).status, kSuccess);
  EXPECT_EQ(names(), "");
  EXPECT_TRUE(is_ours("a"));
}

TEST_F(Ownership, ForgetOfACompositeForgetsItsChildrenWhetherItLooksOrNot) {
  const std::string group =
      "---\napiVersion: test/v1\nkind: Group\nmetadata: {name: g}\nspec: {members: [a, b]}\n";
  for (const std::vector<std::string>& how : std::vector<std::vector<std::string>>{
           {"forget", "group/g", "--record-only", "--yes"}, {"forget", "group/g", "--yes"}}) {
    EXPECT_EQ(apply(group + document("c", "{}"), {"--adopt"}).status, kSuccess);
    const Done done = run(how);
    EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
    EXPECT_EQ(names(), "test/Disk/default/c\n");
    EXPECT_NE(done.out.find("~ test/Disk/default/b"), std::string::npos) << done.out;
  }
}

TEST_F(Ownership, MvGivesAnotherNameAndTouchesNothing) {
  apply(document("a", "{size: 1}"));
  EXPECT_EQ(run({"mv", "disk/gone", "disk/b", "--yes"}).status, kFailure);
  const Done nowhere = run({"mv", "disk/a", "disk/a", "--yes"});
  EXPECT_EQ(nowhere.status, kFailure);
  EXPECT_EQ(nowhere.err, "error: test/Disk/default/a is to move to where it is: name another address\n");
  const Done done = run({"mv", "disk/a", "disk/b", "--yes"});
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_EQ(names(), "test/Disk/default/b\n");
  write("job.yaml", document("b", "{size: 1}"));
  EXPECT_EQ(run({"plan", "-f", "job.yaml"}).out, "No changes.\n");
  EXPECT_EQ(backend_.world().size(), 1u);
}

TEST_F(Ownership, MovedFromRenamesInsteadOfReplacing) {
  apply(document("a", "{size: 1}"));
  const std::string moved =
      document("b", "{size: 1}", ", annotations: {tenon.dev/moved-from: test/Disk/default/a}");
  const Done done = apply(moved, {"--prune"});
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_NE(done.out.find("move: it was test/Disk/default/a"), std::string::npos) << done.out;
  EXPECT_EQ(backend_.world().size(), 1u);
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--prune"}).out, "No changes.\n");
}

TEST_F(Ownership, PruneAndDestroyStayWithinTheirSet) {
  apply(document("a", "{}") + document("b", "{}"), {"--set", "web"});
  apply(document("c", "{}"), {"--set", "db"});
  apply(document("d", "{}"));
  EXPECT_EQ(run({"get", "-o", "name", "--set", "db"}).out, "test/Disk/default/c\n");
  const Done pruned =
      apply(document("a", "{}"), {"--set", "web", "--prune", "--approve", "test/Disk/default/b"});
  EXPECT_EQ(pruned.status, kSuccess) << pruned.out << pruned.err;
  EXPECT_EQ(names(), "test/Disk/default/a\ntest/Disk/default/c\ntest/Disk/default/d\n");
  EXPECT_EQ(run({"destroy", "--yes", "--set", "web", "--approve", "test/Disk/default/a"}).status, kSuccess);
  EXPECT_EQ(names(), "test/Disk/default/c\ntest/Disk/default/d\n");
  const Done rest = run({"destroy", "--yes", "--approve", "test/Disk/default/d"});
  EXPECT_NE(rest.out.find("1 resource is of other sets"), std::string::npos) << rest.out;
  EXPECT_EQ(names(), "test/Disk/default/c\n");
}

TEST_F(Ownership, WhatBelongsToAnotherSetIsRefusedUnlessAdopted) {
  apply(document("a", "{}"), {"--set", "web"});
  const Done refused = apply(document("a", "{}"), {"--set", "db"});
  EXPECT_EQ(refused.status, kRefused);
  EXPECT_NE(refused.out.find("belongs to set web and not to set db"), std::string::npos) << refused.out;
  EXPECT_EQ(apply(document("a", "{}"), {"--set", "db", "--adopt"}).status, kSuccess);
  EXPECT_EQ(run({"get", "-o", "name", "--set", "db"}).out, "test/Disk/default/a\n");
}

TEST_F(Ownership, PruneAndDestroyAreNotLimitedByNamespaceLabelOrTarget) {
  apply(document("a", "{}"));
  for (const std::vector<std::string>& limited :
       std::vector<std::vector<std::string>>{{"apply", "-f", "job.yaml", "--prune", "-n", "x"},
                                             {"plan", "-f", "job.yaml", "--prune", "-l", "tier=web"},
                                             {"destroy", "disk/a", "--yes"},
                                             {"destroy", "-l", "tier=web", "--yes"},
                                             {"destroy", "-n", "default", "--yes"}}) {
    const Done done = run(limited);
    EXPECT_EQ(done.status, kFailure);
    EXPECT_NE(done.err.find("one whole set"), std::string::npos) << done.err;
  }
  EXPECT_EQ(names(), "test/Disk/default/a\n");
}

TEST_F(Ownership, ALabelSelectsWhatIsAppliedAndListed) {
  const std::string both = document("a", "{size: 1}", ", labels: {tier: web}") +
                           document("b", "{size: 1}", ", labels: {tier: db}");
  EXPECT_EQ(apply(both, {"-l", "tier=web"}).status, kSuccess);
  EXPECT_EQ(names(), "test/Disk/default/a\n");
  apply(both);
  EXPECT_EQ(run({"get", "-l", "tier=db", "-o", "name"}).out, "test/Disk/default/b\n");
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "-l", "tier=web"}).out, "No changes.\n");
  EXPECT_EQ(run({"get", "-l", "tier in (web)"}).status, kFailure);
}

TEST_F(Ownership, ASavedPlanIsStaleOnceSomebodyElseTookWhatItAdopts) {
  put_unmarked("a", {{"size", 1}});
  write("job.yaml", document("a", "{size: 1}"));
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--adopt", "--out", "saved.json"}).status, kSuccess);
  backend_.change([](FakeWorld& world) {
    world.at(disk("a")).mark = {"other", "test/Disk/default/a", "n", "g"};
  });
  const Done stale = run({"apply", "saved.json", "--yes"});
  EXPECT_EQ(stale.status, kRefused);
  EXPECT_NE(stale.err.find("the plan is stale: test/Disk/default/a has changed"), std::string::npos)
      << stale.err;
  backend_.change([](FakeWorld& world) { world.at(disk("a")).mark = {}; });
  EXPECT_EQ(run({"apply", "saved.json", "--yes"}).status, kSuccess);
  EXPECT_TRUE(is_ours("a"));
}

// An external that only the annotation of something without a create or update names.
TEST_F(Ownership, ASavedPlanOfWhatDependsOnAnExternalIsNotStale) {
  put_unmarked("theirs", {{"size", 1}});
  const std::string needs = "tenon.dev/depends-on: test/Disk/default/theirs";
  const std::string job = document("a", "{size: 1}", ", annotations: {" + needs + "}");
  apply(job);
  const auto plan_and_apply = [&](const std::string& manifests, const char* option) {
    write("job.yaml", manifests);
    const Done saved = run({"plan", "-f", "job.yaml", "--out", "saved.json", option});
    EXPECT_EQ(saved.status, kSuccess) << saved.out << saved.err;
    return run({"apply", "saved.json", "--yes"});
  };
  const Done unchanged = plan_and_apply(job + document("b", "{}"), "--prune");
  EXPECT_EQ(unchanged.status, kSuccess) << unchanged.out << unchanged.err;
  EXPECT_EQ(names(), "test/Disk/default/a\ntest/Disk/default/b\n");

  const std::string moved =
      document("c", "{size: 1}", ", annotations: {" + needs + ", tenon.dev/moved-from: test/Disk/default/a}");
  const Done move = plan_and_apply(moved + document("b", "{}"), "--prune");
  EXPECT_EQ(move.status, kSuccess) << move.out << move.err;
  EXPECT_EQ(names(), "test/Disk/default/b\ntest/Disk/default/c\n");

  put_unmarked("d", {{"size", 1}});
  const std::string adopted = document("d", "{size: 1}", ", annotations: {" + needs + "}");
  const Done adopt = plan_and_apply(moved + document("b", "{}") + adopted, "--adopt");
  EXPECT_EQ(adopt.status, kSuccess) << adopt.out << adopt.err;
  EXPECT_TRUE(is_ours("d"));

  write("job.yaml", moved + document("b", "{}") + adopted + document("e", "{}"));
  run({"plan", "-f", "job.yaml", "--out", "saved.json"});
  backend_.change([](FakeWorld& world) { world.erase(disk("theirs")); });
  const Done stale = run({"apply", "saved.json", "--yes"});
  EXPECT_EQ(stale.status, kRefused);
  EXPECT_NE(stale.err.find("test/Disk/default/theirs has changed"), std::string::npos) << stale.err;
}

TEST_F(Ownership, ASavedPlanTakesNoApprovals) {
  const Done done = run({"apply", "saved.json", "--approve", "test/Disk/default/a", "--yes"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("give --approve to 'tenon plan --out'"), std::string::npos) << done.err;
}

TEST_F(Ownership, AnInterruptedCommandNamesTheOneThatGoesOn) {
  apply(document("a", "{}") + document("b", "{}"));
  stop_ = 1;
  const Done forgotten = run({"forget", "disk/a", "--yes"});
  EXPECT_EQ(forgotten.status, kPartial);
  EXPECT_NE(forgotten.out.find("run 'tenon forget' for the rest"), std::string::npos) << forgotten.out;
  EXPECT_EQ(forgotten.out.find("tenon apply"), std::string::npos) << forgotten.out;
  const Done destroyed =
      run({"destroy", "--yes", "--approve", "test/Disk/default/a", "--approve", "test/Disk/default/b"});
  EXPECT_NE(destroyed.out.find("The next 'tenon destroy' goes on from here"), std::string::npos)
      << destroyed.out;
  EXPECT_NE(apply(document("c", "{}")).out.find("The next 'tenon apply' goes on from here"),
            std::string::npos);
}

TEST_F(Ownership, ALostInventoryIsRebuiltFromTheMarks) {
  const std::string job = document("a", "{size: 1}") + document("b", "{on: a}");
  apply(job, {"--set", "web"});
  // But for the last run, which is not the objects'.
  const auto described = [&] {
    Json all = Json::parse(run({"describe", "disk", "-o", "json"}).out);
    for (Json& item : all["items"]) item.erase("lastRun");
    return all.dump(1);
  };
  const std::string before = described();
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(std::string(".tenon/inventory.db") + suffix);
  EXPECT_EQ(names(), "");
  const Done asked = run({"rebuild"});
  EXPECT_EQ(asked.status, kRefused);
  EXPECT_FALSE(std::filesystem::exists(".tenon/inventory.db"));
  const Done done = run({"rebuild", "--yes"});
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_NE(done.out.find("+ test/Disk/default/b"), std::string::npos) << done.out;
  EXPECT_EQ(described(), before);
  EXPECT_EQ(run({"plan", "-f", "job.yaml", "--set", "web"}).out, "No changes.\n");
  EXPECT_EQ(run({"get", "-o", "name", "--set", "web"}).out, "test/Disk/default/a\ntest/Disk/default/b\n");
  EXPECT_NE(run({"rebuild", "--yes"}).out.find("Nothing is missing"), std::string::npos);
  const Done destroyed = run({"destroy", "--set", "web", "--yes", "--approve", "test/Disk/default/a",
                              "--approve", "test/Disk/default/b"});
  EXPECT_LT(destroyed.out.find("- test/Disk/default/b"), destroyed.out.find("- test/Disk/default/a"));
  EXPECT_TRUE(backend_.world().empty());
}

// As of something that was made while its record was lost, and that did not show when it was made again.
TEST_F(Ownership, RebuildNamesBothObjectsOfOneAddressAndTakesNeither) {
  apply(document("a", "{}"));
  backend_.change([](FakeWorld& world) {
    world[disk("elsewhere")] = world.at(disk("a"));
    world[disk("elsewhere")].identity = "the-first";
    world.erase(disk("a"));
  });
  EXPECT_EQ(apply(document("a", "{}")).status, kSuccess);
  backend_.change([](FakeWorld& world) { world.at(disk("a")).identity = "the-second"; });
  const auto refused = [&] {
    const Done done = run({"rebuild", "--yes"});
    EXPECT_EQ(done.status, kFailure) << done.out;
    for (const char* part : {"test/Disk/default/a", "the-first", "the-second", "remove the one"})
      EXPECT_NE(done.err.find(part), std::string::npos) << done.err;
    EXPECT_TRUE(is_ours("a") && is_ours("elsewhere"));
  };
  refused();
  EXPECT_EQ(names(), "test/Disk/default/a\n");
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(std::string(".tenon/inventory.db") + suffix);
  refused();
  EXPECT_FALSE(std::filesystem::exists(".tenon/inventory.db"));
  backend_.change([](FakeWorld& world) { world.erase(disk("elsewhere")); });
  EXPECT_EQ(run({"rebuild", "--yes"}).status, kSuccess);
  EXPECT_EQ(names(), "test/Disk/default/a\n");
}

TEST_F(Ownership, OfSeveralInventoriesOneMustBeNamed) {
  apply(document("a", "{}"));
  backend_.change([](FakeWorld& world) {
    world[disk("x")].mark = {"other", "test/Disk/default/x", "n", "g"};
    world[disk("x")].identity = "x";
  });
  const std::string ours = backend_.world().at(disk("a")).mark.inventory;
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(std::string(".tenon/inventory.db") + suffix);
  const Done several = run({"rebuild", "--yes"});
  EXPECT_EQ(several.status, kRefused);
  EXPECT_NE(several.err.find("--inventory other"), std::string::npos) << several.err;
  EXPECT_NE(several.err.find("--inventory " + ours), std::string::npos) << several.err;
  EXPECT_EQ(run({"rebuild", "--inventory", ours, "--yes"}).status, kSuccess);
  EXPECT_EQ(names(), "test/Disk/default/a\n");
}

TEST_F(Ownership, RebuildOfAnInventoryThatNobodyCarriesIsAnError) {
  apply(document("a", "{}"));
  const std::string ours = backend_.world().at(disk("a")).mark.inventory;
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(std::string(".tenon/inventory.db") + suffix);
  const Done done = run({"rebuild", "--inventory", "misspelt", "--yes"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find("no object carries the mark of inventory misspelt"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("tenon rebuild --inventory " + ours), std::string::npos) << done.err;
  EXPECT_FALSE(std::filesystem::exists(".tenon/inventory.db"));
}

TEST_F(Ownership, AnInventoryWithoutRowsBecomesTheOneThatIsRebuilt) {
  apply(document("a", "{}"));
  const std::string ours = backend_.world().at(disk("a")).mark.inventory;
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(std::string(".tenon/inventory.db") + suffix);
  put_unmarked("b", {});
  EXPECT_EQ(apply(document("b", "{}")).status, kRefused);  // leaves an inventory with another UUID
  EXPECT_EQ(run({"rebuild", "--yes"}).status, kSuccess);
  EXPECT_EQ(names(), "test/Disk/default/a\n");
  EXPECT_EQ(run({"rebuild", "--inventory", ours, "--yes"}).status, kSuccess);
  const Done other = run({"rebuild", "--inventory", "misspelt", "--yes"});
  EXPECT_EQ(other.status, kFailure) << other.out;
}

TEST_F(Ownership, RebuildAddsWhatALivingInventoryHasLost) {
  apply(document("a", "{}") + document("b", "{}"));
  run({"forget", "disk/b", "--record-only", "--yes"});
  const Done done = run({"rebuild", "--yes"});
  EXPECT_EQ(done.status, kSuccess) << done.out << done.err;
  EXPECT_EQ(done.out.find("+ test/Disk/default/a"), std::string::npos) << done.out;
  EXPECT_EQ(names(), "test/Disk/default/a\ntest/Disk/default/b\n");
}

TEST_F(Ownership, RebuildFromSmallMarksWantsTheManifests) {
  backend_.keep_small_marks();
  apply(document("a", "{size: 1}") + document("b", "{on: a}"));
  std::filesystem::remove(".tenon/inventory.db");
  const Done without = run({"rebuild", "--yes"});
  EXPECT_EQ(without.status, kFailure);
  EXPECT_NE(without.err.find("-f"), std::string::npos) << without.err;
  EXPECT_EQ(run({"rebuild", "-f", "job.yaml", "--yes"}).status, kSuccess);
  EXPECT_EQ(run({"plan", "-f", "job.yaml"}).out, "No changes.\n");
}

}  // namespace
}  // namespace tenon
