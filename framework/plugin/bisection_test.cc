#include "framework/plugin/bisection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace tenon {
namespace {

// A plugin that some items crash; it counts how often.
struct Plugin {
  std::set<size_t> deadly;
  int crashes = 0;
  std::vector<Range> tried;

  Trial operator()(Range range) {
    tried.push_back(range);
    const auto first = deadly.lower_bound(range.begin);
    if (first == deadly.end() || *first >= range.end) return Trial::answered;
    ++crashes;
    return Trial::crashed;
  }
};

std::vector<Verdict> bisect_with(Plugin& plugin, size_t count, int starts = 64) {
  return bisect(count, starts, [&plugin](Range range) { return plugin(range); });
}

std::set<size_t> all(const std::vector<Verdict>& verdicts, Verdict wanted) {
  std::set<size_t> found;
  for (size_t i = 0; i < verdicts.size(); ++i)
    if (verdicts[i] == wanted) found.insert(i);
  return found;
}

TEST(Bisection, NothingIsTriedForNothing) {
  Plugin plugin;
  EXPECT_TRUE(bisect_with(plugin, 0).empty());
  EXPECT_TRUE(plugin.tried.empty());
}

TEST(Bisection, ABatchThatDoesNotCrashAgainIsAnsweredAtOnce) {
  Plugin plugin;
  EXPECT_EQ(all(bisect_with(plugin, 100), Verdict::answered).size(), 100u);
  EXPECT_EQ(plugin.tried, (std::vector<Range>{{0, 100}}));
}

TEST(Bisection, OneOfAThousandIsFoundWithElevenCrashes) {
  Plugin plugin{.deadly = {617}};
  const auto verdicts = bisect_with(plugin, 1000);
  EXPECT_EQ(all(verdicts, Verdict::crashes), (std::set<size_t>{617}));
  EXPECT_EQ(all(verdicts, Verdict::answered).size(), 999u);
  EXPECT_LE(plugin.crashes, 11);
}

TEST(Bisection, FindsExactlyThoseThatCrashWhereverTheyAre) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    const size_t count = 1 + random() % 40;
    Plugin plugin;
    for (size_t i = 0; i < count; ++i)
      if (random() % 4 == 0) plugin.deadly.insert(i);
    const auto verdicts = bisect_with(plugin, count, 1000);
    EXPECT_EQ(all(verdicts, Verdict::crashes), plugin.deadly);
    EXPECT_TRUE(all(verdicts, Verdict::unknown).empty());
  }
}

TEST(Bisection, AfterTheLastStartTheRestIsUnknown) {
  Plugin plugin;
  for (size_t i = 500; i < 1000; ++i) plugin.deadly.insert(i);
  const auto verdicts = bisect_with(plugin, 1000, 64);
  EXPECT_EQ(plugin.crashes, 64);
  for (size_t i = 0; i < 500; ++i) EXPECT_EQ(verdicts[i], Verdict::answered) << i;
  EXPECT_FALSE(all(verdicts, Verdict::crashes).empty());
  EXPECT_EQ(verdicts[999], Verdict::unknown);
}

TEST(Bisection, WhatCannotBeTriedLeavesTheRestUnknown) {
  int trials = 0;
  const auto verdicts = bisect(8, 64, [&trials](Range range) {
    if (++trials == 4) return Trial::impossible;
    return range.size() > 2 ? Trial::crashed : Trial::answered;
  });
  EXPECT_EQ(all(verdicts, Verdict::answered), (std::set<size_t>{0, 1}));
  EXPECT_EQ(all(verdicts, Verdict::unknown).size(), 6u);
  EXPECT_EQ(trials, 4);
}

}  // namespace
}  // namespace tenon
