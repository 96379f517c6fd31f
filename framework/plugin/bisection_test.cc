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

std::vector<Finding> bisect_with(Plugin& plugin, size_t count, int starts = 64) {
  return bisect(count, starts, [&plugin](Range range) { return plugin(range); });
}

std::set<size_t> all(const std::vector<Finding>& findings, Finding wanted) {
  std::set<size_t> found;
  for (size_t i = 0; i < findings.size(); ++i)
    if (findings[i] == wanted) found.insert(i);
  return found;
}

TEST(Bisection, NothingIsTriedForNothing) {
  Plugin plugin;
  EXPECT_TRUE(bisect_with(plugin, 0).empty());
  EXPECT_TRUE(plugin.tried.empty());
}

TEST(Bisection, ABatchThatDoesNotCrashAgainIsAnsweredAtOnce) {
  Plugin plugin;
  EXPECT_EQ(all(bisect_with(plugin, 100), Finding::answered).size(), 100u);
  EXPECT_EQ(plugin.tried, (std::vector<Range>{{0, 100}}));
}

TEST(Bisection, OneOfAThousandIsFoundWithElevenCrashes) {
  Plugin plugin{.deadly = {617}};
  const auto findings = bisect_with(plugin, 1000);
  EXPECT_EQ(all(findings, Finding::crashes), (std::set<size_t>{617}));
  EXPECT_EQ(all(findings, Finding::answered).size(), 999u);
  EXPECT_LE(plugin.crashes, 11);
}

TEST(Bisection, FindsExactlyThoseThatCrashWhereverTheyAre) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    const size_t count = 1 + random() % 40;
    Plugin plugin;
    for (size_t i = 0; i < count; ++i)
      if (random() % 4 == 0) plugin.deadly.insert(i);
    const auto findings = bisect_with(plugin, count, 1000);
    EXPECT_EQ(all(findings, Finding::crashes), plugin.deadly);
    EXPECT_TRUE(all(findings, Finding::unknown).empty());
  }
}

TEST(Bisection, AfterTheLastStartTheRestIsUnknown) {
  Plugin plugin;
  for (size_t i = 500; i < 1000; ++i) plugin.deadly.insert(i);
  const auto findings = bisect_with(plugin, 1000, 64);
  EXPECT_EQ(plugin.crashes, 64);
  for (size_t i = 0; i < 500; ++i) EXPECT_EQ(findings[i], Finding::answered) << i;
  EXPECT_FALSE(all(findings, Finding::crashes).empty());
  EXPECT_EQ(findings[999], Finding::unknown);
}

TEST(Bisection, WhatCannotBeTriedLeavesTheRestUnknown) {
  int trials = 0;
  const auto findings = bisect(8, 64, [&trials](Range range) {
    if (++trials == 4) return Trial::impossible;
    return range.size() > 2 ? Trial::crashed : Trial::answered;
  });
  EXPECT_EQ(all(findings, Finding::answered), (std::set<size_t>{0, 1}));
  EXPECT_EQ(all(findings, Finding::unknown).size(), 6u);
  EXPECT_EQ(trials, 4);
}

}  // namespace
}  // namespace tenon
