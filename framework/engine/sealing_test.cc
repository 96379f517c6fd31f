// Secret values that come from elsewhere than a manifest: rows of an older inventory, and what a plugin reads
// back.
#include <gtest/gtest.h>

#include "framework/engine/engine.h"
#include "framework/engine/rebuild.h"
#include "framework/engine/sealed_backend.h"
#include "framework/run/simulation.h"

namespace tenon {
namespace {

class Silent final : public Reporter {
  void step(const Step&, const StepEvent&) override {}
};

class Sealing : public testing::Test {
 protected:
  World world() {
    return {simulation_.catalog, backends_, simulation_.inventory, clock_, simulation_.vault.get()};
  }
  Planned planned(const std::vector<Resource>& declared) {
    Diagnostics diagnostics;
    auto planned = make_plan(world(), declared, {}, diagnostics);
    EXPECT_TRUE(diagnostics.empty());
    return std::move(planned.value());
  }
  void apply(const std::vector<Resource>& declared) {
    const auto result =
        tenon::apply(world(), planned(declared), reporter_, stop_, {.id = "r", .process = "p"});
    ASSERT_TRUE(result);
    for (const StepRecord& step : result->steps) EXPECT_EQ(step.status, StepStatus::done) << step.reason;
  }
  // Everything that the inventory and the last run keep.
  std::string kept() {
    std::string text;
    const auto rows = simulation_.inventory.owned();
    for (const Owned& row : *rows) text += to_json(row).dump();
    if (const auto run = simulation_.inventory.last_run().value()) text += run->plan;
    return text;
  }
  // As before secrets were taken out.
  void put_plain_row() {
    Owned row = simulation_.inventory.owned().value().front();
    row.applied = Json{{"key", "old-s3cret"}, {"pin", "1234-s3cret"}};
    row.intent = Intent{row.nonce, row.generation, row.applied, Existence::absent, {}};
    ASSERT_TRUE(simulation_.inventory.commit({PutOwned{row}}));
  }

  const std::vector<Resource> declared_ = {
      resource(fast("a"), {{"key", "old-s3cret"}, {"pin", "1234-s3cret"}})};
  Simulation simulation_;
  SystemClock clock_;
  SealedBackend sealed_{simulation_.backend, simulation_.catalog, *simulation_.vault};
  Backends backends_{{"fake", &sealed_}};
  Silent reporter_;
  StopFlag stop_ = 0;
};

TEST_F(Sealing, ValuesInARowOfAnOlderFormatAreNoChangeAndAreGoneAfterTheNextApply) {
  apply(declared_);
  put_plain_row();
  const Planned plan = planned(declared_);
  for (const Change& change : plan.plan.changes) EXPECT_TRUE(change.fields.empty());
  for (const Owned& row : plan.owned) EXPECT_EQ(to_json(row).dump().find("s3cret"), std::string::npos);
  EXPECT_NE(kept().find("s3cret"), std::string::npos);
  apply(declared_);
  EXPECT_EQ(kept().find("s3cret"), std::string::npos) << kept();
}

TEST_F(Sealing, AValueThatAPluginReadsBackIsComparedAndNeverRecorded) {
  apply(declared_);
  const auto read_back = [&](const std::string& pin) {
    simulation_.backend.change([&](FakeWorld& objects) {
      for (auto& [address, object] : objects) object.spec = {{"key", "old-s3cret"}, {"pin", pin}};
    });
  };
  read_back("1234-s3cret");
  EXPECT_TRUE(planned(declared_).plan.empty());
  read_back("4321-s3cret");
  const Plan drifted = planned(declared_).plan;
  ASSERT_EQ(drifted.changes.size(), 1u);
  EXPECT_EQ(drifted.changes[0].action, Action::replace);
  EXPECT_TRUE(drifted.changes[0].fields.at(0).drift);
  EXPECT_EQ(drifted.changes[0].fields.at(0).before, simulation_.vault->handle_of("4321-s3cret"));
}

TEST_F(Sealing, WhatIsImportedWithoutItsManifestHasHandlesForWhatWasReadBack) {
  apply(declared_);
  simulation_.backend.change([](FakeWorld& objects) {
    for (auto& [address, object] : objects) object.spec = {{"pin", "1234-s3cret"}};
  });
  const auto marked = list_marked(world(), "");
  ASSERT_TRUE(marked);
  for (const Marked& one : marked->objects)
    EXPECT_EQ(one.object.applied.dump().find("s3cret"), std::string::npos) << one.object.applied;
  const auto seen = sealed_.observe({{.address = fast("a")}}, {}).value().observations.front();
  EXPECT_EQ(seen.actual, Json({{"pin", simulation_.vault->handle_of("1234-s3cret")}}));
}

}  // namespace
}  // namespace tenon
