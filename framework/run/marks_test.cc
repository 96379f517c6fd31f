// Adopt, forget and move: what becomes of the object, its mark and the inventory; and whether an inventory
// that lost its last turns finds its objects again.
#include <gtest/gtest.h>

#include <algorithm>

#include "framework/run/simulation.h"

namespace tenon {
namespace {

class Marks : public testing::Test {
 protected:
  // What became of the steps, one line each.
  std::string run(const Plan& plan, const SimulationOptions& options = {}) {
    const Simulated result = world_.run(plan, options);
    EXPECT_FALSE(result.stuck);
    std::string text;
    for (const StepRecord& record : result.steps) {
      const Step& step = plan.steps[static_cast<size_t>(record.step)];
      text += std::string(to_string(step.kind)) + " " + step.address.name + ": " +
              std::string(to_string(record.status)) + (record.reason.empty() ? "" : ": " + record.reason) +
              "\n";
    }
    return text;
  }
  std::string apply(std::vector<Resource> desired, const PlanOptions& options = {}) {
    const Plan plan = world_.plan(std::move(desired), options);
    EXPECT_FALSE(plan.refused());
    return run(plan);
  }
  void put_unmarked(const Address& address, Json spec) {
    world_.backend.change([&](FakeWorld& world) {
      world[address].spec = std::move(spec);
      world[address].identity = "made-by-hand";
    });
  }
  FakeObject object(const Address& address) { return world_.backend.world().at(address); }
  std::vector<Address> owned() {
    std::vector<Address> addresses;
    const auto rows = world_.inventory.owned();
    for (const Owned& row : rows.value()) addresses.push_back(row.address);
    return addresses;
  }
  std::vector<Owned> rows() { return world_.inventory.owned().value(); }

  Simulation world_;
};

TEST_F(Marks, WhatIsAdoptedKeepsItsIdentityAndIsOurs) {
  put_unmarked(fast("a"), {{"size", 1}});
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 1}})}, {.adopt = true}), "adopt a: done\n");
  EXPECT_EQ(object(fast("a")).identity, "made-by-hand");
  EXPECT_EQ(object(fast("a")).mark.inventory, world_.inventory.uuid());
  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows()[0].nonce, object(fast("a")).mark.nonce);
  EXPECT_EQ(rows()[0].identity, "made-by-hand");
  EXPECT_EQ(rows()[0].intent, std::nullopt);
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 1}})}), "");
}

TEST_F(Marks, WhatIsAdoptedIsThenChangedToItsManifest) {
  put_unmarked(fast("a"), {{"size", 1}});
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 2}})}, {.adopt = true}), "adopt a: done\nupdate a: done\n");
  EXPECT_EQ(object(fast("a")).spec, Json({{"size", 2}}));
  EXPECT_EQ(object(fast("a")).identity, "made-by-hand");
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 2}})}), "");
}

TEST_F(Marks, AnImportTakesWhatItsIdentityNamesAndChangesNothingElse) {
  put_unmarked(fast("elsewhere"), {{"size", 1}});
  Simulation& world = world_;
  const PlanOptions import{.import = {{fast("a"), "made-by-hand"}}};
  // The engine passes the identity on when it looks; here the plan is told what it would have seen.
  Plan plan = world.plan({}, import);
  EXPECT_TRUE(plan.refused());
  Diagnostics diagnostics;
  std::vector<Resource> bare;
  add_undeclared(import, world.catalog, bare);
  const Graph graph = resolve(bare, {}, world.catalog, diagnostics);
  Observations seen;
  seen[fast("a")] = world.backend.observe({Request{.address = fast("a"), .identity = "made-by-hand"}}, {})
                        .value()
                        .observations.front();
  plan = make_plan(graph, seen, {}, world.inventory.uuid(), world.catalog, import);
  EXPECT_EQ(run(plan), "adopt a: done\n");
  EXPECT_EQ(object(fast("elsewhere")).mark.address, to_string(fast("a")));
  EXPECT_EQ(object(fast("elsewhere")).spec, Json({{"size", 1}}));
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 1}})}), "");
  EXPECT_EQ(world_.backend.world().size(), 1u);
}

TEST_F(Marks, WhatHasLostItsMarkIsLeftAloneUntilItIsAdopted) {
  apply({resource(fast("a"), {{"size", 1}})});
  const Plan change = world_.plan({resource(fast("a"), {{"size", 2}})});
  world_.backend.change([](FakeWorld& world) { world.at(fast("a")).mark = {}; });
  const size_t before = world_.backend.effects().size();
  EXPECT_NE(run(change).find("update a: failed: test/Fast/default/a exists and carries no mark"),
            std::string::npos);
  EXPECT_TRUE(world_.plan({resource(fast("a"), {{"size", 2}})}).refused());
  EXPECT_TRUE(world_.plan({}, {.approved = {fast("a")}, .destroy = true}).refused());
  EXPECT_EQ(world_.backend.effects().size(), before);
  const std::string identity = object(fast("a")).identity;
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 2}})}, {.adopt = true}), "adopt a: done\nupdate a: done\n");
  EXPECT_EQ(object(fast("a")).identity, identity);
  EXPECT_EQ(rows().at(0).nonce, object(fast("a")).mark.nonce);
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 2}})}), "");
}

TEST_F(Marks, AnotherObjectThanTheOnePlannedForIsNotAdopted) {
  put_unmarked(fast("a"), {{"size", 1}});
  const Plan plan = world_.plan({resource(fast("a"), {{"size", 1}})}, {.adopt = true});
  world_.backend.change([](FakeWorld& world) { world.at(fast("a")).identity = "another"; });
  EXPECT_NE(run(plan).find("another object than the one that was planned for"), std::string::npos);
  EXPECT_TRUE(object(fast("a")).mark.inventory.empty());
}

TEST_F(Marks, WhatSomebodyElseAdoptedFirstIsLeftToThem) {
  put_unmarked(fast("a"), {{"size", 1}});
  const Plan plan = world_.plan({resource(fast("a"), {{"size", 1}})}, {.adopt = true});
  world_.backend.change([](FakeWorld& world) {
    world.at(fast("a")).mark = {"other", to_string(fast("a")), "n", "g"};
  });
  EXPECT_NE(run(plan).find("of inventory other"), std::string::npos);
  EXPECT_EQ(object(fast("a")).mark.inventory, "other");
}

TEST_F(Marks, WhatIsForgottenStaysAndIsNobodys) {
  apply({resource(fast("a"), {{"size", 1}}), resource(fast("b"))});
  EXPECT_EQ(apply({}, {.forget = {fast("a")}}), "forget a: done\n");
  EXPECT_EQ(object(fast("a")).spec, Json({{"size", 1}}));
  EXPECT_TRUE(object(fast("a")).mark.inventory.empty());
  EXPECT_EQ(owned(), std::vector<Address>{fast("b")});
  EXPECT_TRUE(world_.plan({resource(fast("a"), {{"size", 1}})}).refused());
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 1}})}, {.adopt = true}), "adopt a: done\n");
}

TEST_F(Marks, AForgottenThatVanishedIsForgottenAllTheSame) {
  apply({resource(fast("a"))});
  const Plan plan = world_.plan({}, {.forget = {fast("a")}});
  world_.backend.change([](FakeWorld& world) { world.clear(); });
  EXPECT_EQ(run(plan), "forget a: done\n");
  EXPECT_TRUE(owned().empty());
}

Resource moved(const Address& to, const Address& from, Json spec) {
  Resource result = resource(to, std::move(spec));
  result.annotations["tenon.dev/moved-from"] = to_string(from);
  return result;
}

TEST_F(Marks, WhatMovesIsTheSameObjectUnderItsNewAddress) {
  apply({resource(fast("a"), {{"size", 1}}), resource(fast("user"), {{"fast", {"a"}}})});
  const FakeObject before = object(fast("a"));
  const std::vector<Resource> desired = {moved(fast("b"), fast("a"), {{"size", 1}}),
                                         resource(fast("user"), {{"fast", {"b"}}})};
  EXPECT_EQ(apply(desired), "move b: done\nupdate user: done\n");
  EXPECT_EQ(object(fast("a")).identity, before.identity);
  EXPECT_EQ(object(fast("a")).mark.nonce, before.mark.nonce);
  EXPECT_EQ(object(fast("a")).mark.address, to_string(fast("b")));
  EXPECT_EQ(owned(), (std::vector<Address>{fast("b"), fast("user")}));
  EXPECT_EQ(apply(desired), "");
  EXPECT_EQ(world_.backend.world().size(), 2u);
}

TEST_F(Marks, AMoveByNameKeepsWhatDependsOnItInOrder) {
  apply({resource(fast("a")), resource(fast("user"), {{"fast", {"a"}}})});
  EXPECT_EQ(apply({}, {.move = {{fast("b"), fast("a")}}}), "move b: done\n");
  EXPECT_EQ(apply({}, {.approved = {fast("b"), fast("user")}, .destroy = true}),
            "delete user: done\ndelete b: done\n");
  EXPECT_TRUE(world_.backend.world().empty());
}

// Whichever of them is first.
TEST_F(Marks, WhatMovesTogetherStillNamesEachOther) {
  for (const char* to : {"aa", "z"}) {
    Simulation world;
    world.run(world.plan({resource(fast("a")), resource(fast("user"), {{"fast", {"a"}}})}));
    world.run(world.plan({}, {.move = {{fast("b"), fast("a")}, {fast(to), fast("user")}}}));
    std::map<Address, std::vector<Address>> names;
    const auto rows = world.inventory.owned().value();
    for (const Owned& row : rows) names[row.address] = row.dependencies;
    EXPECT_EQ(names, (std::map<Address, std::vector<Address>>{{fast("b"), {}}, {fast(to), {fast("b")}}}));
  }
}

// Killed anywhere, run again: the same end.
TEST_F(Marks, KilledAnywhereARerunEndsTheSame) {
  for (int kill = 0; kill < 12; ++kill) {
    Simulation world;
    const auto put = [](FakeWorld& objects) {
      objects[fast("c")].spec = {{"size", 1}};
      objects[fast("c")].identity = "made-by-hand";
    };
    world.run(world.plan({resource(fast("a"), {{"size", 1}})}));
    world.backend.change(put);
    const std::vector<Resource> desired = {moved(fast("b"), fast("a"), {{"size", 2}}),
                                           resource(fast("c"), {{"size", 2}, {"fast", {"b"}}})};
    const PlanOptions options{.adopt = true};
    world.run(world.plan(desired, options), {.kill_after = kill});
    for (int again = 0; again < 2; ++again) {
      const Plan plan = world.plan(desired, options);
      EXPECT_FALSE(plan.refused()) << kill;
      world.run(plan);
    }
    EXPECT_TRUE(world.plan(desired).empty()) << kill;
    EXPECT_EQ(world.backend.world().size(), 2u) << kill;
    EXPECT_EQ(world.backend.world().at(fast("a")).mark.address, to_string(fast("b"))) << kill;
    EXPECT_EQ(world.backend.world().at(fast("c")).mark.inventory, world.inventory.uuid()) << kill;
  }
}

TEST_F(Marks, AKilledImportGoesOn) {
  int killed = 0;
  for (int kill = 0; kill < 6; ++kill) {
    Simulation world;
    world.backend.change([](FakeWorld& objects) {
      objects[fast("c")].spec = {{"size", 1}};
      objects[fast("c")].identity = "made-by-hand";
    });
    const std::vector<Resource> desired = {resource(fast("c"), {{"size", 1}})};
    const PlanOptions options{.import = {{fast("c"), "made-by-hand"}}};
    killed += world.run(world.plan(desired, options), {.kill_after = kill}).killed;
    world.run(world.plan(desired, options));
    EXPECT_EQ(world.backend.world().at(fast("c")).mark.inventory, world.inventory.uuid()) << kill;
    EXPECT_TRUE(world.plan(desired).empty()) << kill;
  }
  EXPECT_GE(killed, 2);
}

// What differs is put right by the next apply, also where only a default differs.
TEST_F(Marks, AnImportKeepsNoDefaultThatItsObjectDoesNotHave) {
  put_unmarked(fast("c"), {{"tuning", {{"tier", "gold"}}}});
  const std::vector<Resource> desired = {resource(fast("c"), {{"tuning", Json::object()}})};
  EXPECT_EQ(run(world_.plan(desired, {.import = {{fast("c"), "made-by-hand"}}})), "adopt c: done\n");
  EXPECT_EQ(apply(desired), "update c: done\n");
  EXPECT_EQ(object(fast("c")).spec.at("tuning").at("tier"), "plain");
  EXPECT_EQ(apply(desired), "");
}

// Its old disk must not go before it has let go of it.
TEST_F(Marks, AMoveThatWasNotUpdatedYetStillHoldsWhatItWasMadeWith) {
  apply({resource(fast("v1")), resource(fast("v2")), resource(fast("a"), {{"fast", {"v1"}}})});
  const std::vector<Resource> desired = {resource(fast("v2")),
                                         moved(fast("b"), fast("a"), {{"fast", {"v2"}}})};
  world_.backend.script(fast("b"),
                        {.faults = {{.method = Method::update, .code = Code::internal, .skip = 1}}});
  EXPECT_NE(apply(desired).find("move b: done\nupdate b: failed"), std::string::npos);
  const auto all = rows();
  const auto row =
      std::find_if(all.begin(), all.end(), [](const Owned& o) { return o.address == fast("b"); });
  ASSERT_NE(row, all.end());
  EXPECT_EQ(row->dependencies, (std::vector<Address>{fast("v2"), fast("v1")}));
  EXPECT_EQ(apply(desired, {.approved = {fast("v1")}, .prune = true}), "update b: done\ndelete v1: done\n");
}

// An inventory that goes back to an earlier moment, as a cut write-ahead log leaves it.
class Rewound : public Marks {
 protected:
  // Plans and runs with the rows of `before`; then the rows are put back.
  void lose(const std::vector<Owned>& before) {
    std::vector<Record> records;
    for (const Owned& row : rows()) records.emplace_back(DropOwned{row.address});
    for (const Owned& row : before) records.emplace_back(PutOwned{row});
    ASSERT_TRUE(world_.inventory.commit(records));
  }
};

TEST_F(Rewound, ACreatedObjectIsFoundAgainByItsMark) {
  apply({resource(fast("a"), {{"size", 1}})});
  const std::string nonce = object(fast("a")).mark.nonce;
  lose({});
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 2}})}), "create a: done\n");
  EXPECT_EQ(object(fast("a")).mark.nonce, nonce);
  EXPECT_EQ(object(fast("a")).spec, Json({{"size", 2}}));
  EXPECT_EQ(apply({resource(fast("a"), {{"size", 2}})}), "");
}

TEST_F(Rewound, AnObjectThatWasMadeAnewIsOursStill) {
  apply({resource(fast("a"), {{"fixed", 1}})});
  const auto before = rows();
  apply({resource(fast("a"), {{"fixed", 2}})}, {.approved = {fast("a")}});
  const std::string nonce = object(fast("a")).mark.nonce;
  lose(before);
  EXPECT_EQ(apply({resource(fast("a"), {{"fixed", 2}})}), "create a: done\n");
  EXPECT_EQ(object(fast("a")).mark.nonce, nonce);
  EXPECT_EQ(apply({resource(fast("a"), {{"fixed", 2}})}), "");
  lose(before);
  EXPECT_EQ(apply({}, {.approved = {fast("a")}, .destroy = true}), "delete a: done\n");
  EXPECT_TRUE(world_.backend.world().empty());
}

TEST_F(Rewound, ADeletedObjectIsNotMissed) {
  apply({resource(fast("a"))});
  const auto before = rows();
  apply({}, {.approved = {fast("a")}, .prune = true});
  lose(before);
  EXPECT_EQ(apply({}, {.prune = true}), "delete a: done\n");
  EXPECT_TRUE(owned().empty());
}

TEST_F(Marks, WhatIsCreatedBelongsToTheSetOfItsPlan) {
  apply({resource(fast("a"))}, {.set = "web"});
  apply({resource(fast("b"))}, {.set = "db"});
  ASSERT_EQ(rows().size(), 2u);
  EXPECT_EQ(rows()[0].set, "web");
  EXPECT_EQ(apply({}, {.approved = {fast("a"), fast("b")}, .destroy = true, .set = "web"}),
            "delete a: done\n");
  EXPECT_EQ(owned(), std::vector<Address>{fast("b")});
}

TEST_F(Marks, ARecordThatChangesIsKeptByTheObjectToo) {
  Resource declared = resource(fast("a"));
  apply({declared});
  declared.labels["tier"] = "web";
  declared.annotations["tenon.dev/protect"] = "true";
  EXPECT_EQ(apply({declared}), "update a: done\n");
  EXPECT_EQ(rows()[0].labels.at("tier"), "web");
  EXPECT_TRUE(rows()[0].protect);
  EXPECT_EQ(object(fast("a")).record, record_of(rows()[0]));
  EXPECT_EQ(apply({declared}), "");
}

TEST_F(Marks, TheChildrenOfWhatMovesNameItAsItIsNow) {
  apply({resource(fast("a")), resource(fast("child"))});
  for (Owned row : rows()) {
    if (row.address != fast("child")) continue;
    row.parent = fast("a");
    ASSERT_TRUE(world_.inventory.commit({PutOwned{row}}));
  }

  world_.run(world_.plan({}, {.move = {{fast("b"), fast("a")}}}));

  std::map<Address, std::optional<Address>> parents;
  for (const Owned& row : rows()) parents[row.address] = row.parent;
  EXPECT_EQ(parents,
            (std::map<Address, std::optional<Address>>{{fast("b"), {}}, {fast("child"), fast("b")}}));
}

TEST_F(Marks, WhatHasMovedMayMoveBack) {
  apply({resource(fast("a"))});
  const std::string identity = rows().at(0).identity;
  apply({}, {.move = {{fast("b"), fast("a")}}});
  ASSERT_EQ(rows().at(0).address, fast("b"));

  EXPECT_EQ(apply({}, {.move = {{fast("a"), fast("b")}}}), "move a: done\n");

  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows().at(0).address, fast("a"));
  EXPECT_EQ(rows().at(0).identity, identity);
  EXPECT_EQ(apply({resource(fast("a"))}), "");
}

}  // namespace
}  // namespace tenon
