// A run over some 240 resources is killed at each of its steps once, and at others by chance; one more run,
// and world and inventory are as if nothing had happened. tools/faults does the same for longer, and repeats
// one kill.
#include <gtest/gtest.h>

#include "framework/faults/workshop.h"

namespace tenon::faults {
namespace {

constexpr int kParts = 8;

// A sanitizer makes every process many times slower; it is there for what a kill of some kind leads to, not
// for each kill.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr int64_t kStride = 25;
#else
constexpr int64_t kStride = 1;
#endif
constexpr int64_t kKills = 2000 / kStride;  // in all parts, at least

Workshop& workshop() {
  static const auto made = Workshop::make(200);
  if (!made) ADD_FAILURE() << made.error().message;
  return **made;
}

// tools/test_results adds these up over all parts.
void tell(const Findings& findings) {
  testing::Test::RecordProperty("sum:crashes:kills", std::to_string(findings.kills));
  testing::Test::RecordProperty("sum:crashes:lost", std::to_string(findings.lost));
  testing::Test::RecordProperty("sum:crashes:leaked", std::to_string(findings.leaked));
  testing::Test::RecordProperty("sum:crashes:doubled", std::to_string(findings.doubled));
  testing::Test::RecordProperty("sum:crashes:wrongly deleted", std::to_string(findings.wrongly_deleted));
  testing::Test::RecordProperty("sum:crashes:otherwise different", std::to_string(findings.different));
  testing::Test::RecordProperty("max:crashes:re-runs", std::to_string(findings.re_runs));
}

const Ending::Thing& thing(const std::string& name) {
  static const Ending::Thing nothing;
  const auto& things = workshop().expected().things;
  const auto found = things.find("test/Box/default/" + name);
  return found == things.end() ? nothing : found->second;
}

// Every kill is judged by this end, so it is looked at itself.
TEST(Scenario, EndsAsItIsDeclared) {
  const Ledger& ledger = workshop().expected().ledger;
  for (const char* name : {"moved0", "adopted0", "taken0", "others0", "intended0"}) {
    ASSERT_EQ(thing(name).objects.size(), 1u) << name;
    EXPECT_FALSE(ledger.made.contains("test/Box/default/" + std::string(name)));
    EXPECT_FALSE(ledger.unmade.contains("test/Box/default/" + std::string(name)));
  }
  EXPECT_TRUE(thing("moving0").objects.empty() && thing("moving0").row.is_null());
  EXPECT_EQ(thing("moved0").objects.front().at("marked as"), "test/Box/default/moved0");
  EXPECT_TRUE(thing("adopted0").objects.front().at("ours"));
  EXPECT_EQ(thing("adopted0").objects.front().at("spec").at("tier"), "plain");
  EXPECT_TRUE(thing("intended0").row.is_null());
  EXPECT_FALSE(thing("intended0").objects.front().at("ours"));
  EXPECT_EQ(thing("others0").row.value("set", ""), kOthers);
  EXPECT_EQ(thing("taken0").row.value("set", ""), "");
  EXPECT_EQ(thing("unwritten0").objects.front().at("spec").at("tier"), "plain");
  EXPECT_EQ(thing("written0").objects.front().at("spec").at("tier"), "gold");
  EXPECT_EQ(thing("updated0").objects.front().at("spec").at("tier"), "thin");
  EXPECT_EQ(thing("created0").objects.front().at("spec").at("tier"), "plain");
}

class Crash : public testing::TestWithParam<int> {
 protected:
  void TearDown() override { tell(all_); }

  void kill(const Attempt& attempt) {
    const Findings one = workshop().kill(attempt);
    EXPECT_TRUE(one.good()) << to_string(one) << "\n" << one.story;
    all_.add(one);
  }

  // Those of one part.
  static int64_t at_steps() { return workshop().steps() / (kParts * kStride); }

  Findings all_;
};

TEST_P(Crash, AtEveryStepIsHealedByOneReRun) {
  ASSERT_GT(workshop().steps(), 200 * 5);
  for (int64_t step = 1 + GetParam(); step <= workshop().steps(); step += kParts * kStride)
    kill({.kill = {.step = step}});
  EXPECT_GE(all_.kills, at_steps());
}

TEST_P(Crash, AnywhereWithFaultsIsHealedByOneReRun) {
  const int64_t wanted = (kKills + kParts - 1) / kParts - at_steps();
  // Some find the run over already.
  for (int64_t n = 0; all_.kills < wanted && n < 2 * wanted; ++n)
    kill(workshop().any(static_cast<uint64_t>(n * kParts + GetParam())));
  EXPECT_GE(all_.kills, wanted);
}

INSTANTIATE_TEST_SUITE_P(Parts, Crash, testing::Range(0, kParts));

}  // namespace
}  // namespace tenon::faults
