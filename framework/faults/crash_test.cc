// A run of 200 resources is killed at each of its steps once, and at others by chance; one more run, and
// world and inventory are as if nothing had happened. tools/faults does the same for longer, and repeats one
// kill.
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
constexpr int64_t kKills = 2150 / kStride;  // attempts in all parts; some come after the run's end

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

class Crash : public testing::TestWithParam<int> {
 protected:
  void TearDown() override { tell(all_); }

  void kill(const Attempt& attempt) {
    const Findings one = workshop().kill(attempt);
    EXPECT_TRUE(one.good()) << to_string(one) << "\n" << one.story;
    all_.add(one);
  }

  Findings all_;
};

TEST_P(Crash, AtEveryStepIsHealedByOneReRun) {
  ASSERT_GT(workshop().steps(), 200 * 5);
  for (int64_t step = 1 + GetParam(); step <= workshop().steps(); step += kParts * kStride)
    kill({.kill = {.step = step}});
  EXPECT_GE(all_.kills, workshop().steps() / (kParts * kStride));
}

TEST_P(Crash, AnywhereWithFaultsIsHealedByOneReRun) {
  const int64_t count = (kKills - workshop().steps() / kStride) / kParts;
  for (int64_t n = 0; n < count; ++n) kill(workshop().any(static_cast<uint64_t>(n * kParts + GetParam())));
  EXPECT_GT(all_.kills, count / 2);
}

INSTANTIATE_TEST_SUITE_P(Parts, Crash, testing::Range(0, kParts));

}  // namespace
}  // namespace tenon::faults
