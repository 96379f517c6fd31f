// A killed run's journal is cut as well, so that the last turns are not recorded: what they made is found by
// its marks, and the next run ends as if nothing had happened.
//
// What is found by its nonce alone is made a second time, for with its intent nobody knows that nonce any
// more; so is what shows late under a name that is not unique. Both are then reported by a rebuild.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "framework/faults/workshop.h"
#include "framework/inventory/sqlite.h"

namespace tenon::faults {
namespace {

std::vector<Owned> owned_in(const std::string& path) {
  const auto inventory = open_inventory(path, OpenMode::read);
  EXPECT_TRUE(inventory) << inventory.error().message;
  return inventory ? (*inventory)->owned().value() : std::vector<Owned>();
}

// Kills the run, and cuts its journal anywhere; whether something was forgotten.
bool kill_and_cut(Workshop& workshop, const Attempt& attempt, std::mt19937_64& random) {
  EXPECT_TRUE(workshop.run(attempt).killed());
  const std::string journal = workshop.inventory() + "-wal";
  const auto before = owned_in(workshop.inventory());
  const auto size = std::filesystem::exists(journal) ? std::filesystem::file_size(journal) : 0;
  if (size > 0) std::filesystem::resize_file(journal, random() % size);
  return owned_in(workshop.inventory()) != before;
}

Attempt anywhere(const Workshop& workshop, std::mt19937_64& random) {
  return {.kill = {.step = static_cast<int64_t>(1 + random() % static_cast<uint64_t>(workshop.steps()))}};
}

TEST(Journal, WhatACutOneForgetsIsFoundByItsMarks) {
  const auto made = Workshop::make(70, Tokens::by_mark);
  ASSERT_TRUE(made) << made.error().message;
  Workshop& workshop = **made;
  std::mt19937_64 random(1);
  int forgotten = 0;
  for (int i = 0; i < 200; ++i) {
    const Attempt attempt = anywhere(workshop, random);
    forgotten += kill_and_cut(workshop, attempt, random);
    Findings findings = workshop.recover(attempt);
    // What shows late and is not recorded is not seen by the first run: its create finds the name taken and
    // fails. The second run sees it.
    EXPECT_LE(findings.re_runs, 2);
    findings.re_runs = 0;
    EXPECT_TRUE(findings.good()) << to_string(attempt) << ": " << to_string(findings) << "\n"
                                 << findings.story;
  }
  EXPECT_GT(forgotten, 50);
}

// Identities of the objects that carry this inventory's mark, by the address in it.
std::map<std::string, std::vector<std::string>> marked_in(const Workshop& workshop) {
  const auto inventory = open_inventory(workshop.inventory(), OpenMode::read);
  EXPECT_TRUE(inventory) << inventory.error().message;
  std::map<std::string, std::vector<std::string>> marked;
  for (const auto& [id, object] : workshop.world().objects())
    if (object.mark.inventory == (*inventory)->uuid()) marked[object.mark.address].push_back(id);
  return marked;
}

TEST(Journal, WhatACutOneDoublesIsReportedByRebuildWithBothIdentities) {
  const auto made = Workshop::make(70, Tokens::by_nonce);
  ASSERT_TRUE(made) << made.error().message;
  Workshop& workshop = **made;
  std::mt19937_64 random(1);
  int doubled = 0;
  for (int i = 0; i < 100; ++i) {
    const Attempt attempt = anywhere(workshop, random);
    kill_and_cut(workshop, attempt, random);
    workshop.recover(attempt);
    Diagnostics diagnostics;
    const auto rows = workshop.rebuild(diagnostics);
    ASSERT_TRUE(rows) << rows.error().message;
    std::set<std::string> reported;
    for (const Diagnostic& diagnostic : diagnostics) reported.insert(diagnostic.address);
    const auto marked = marked_in(workshop);
    for (const auto& [address, ids] : marked) {
      EXPECT_EQ(reported.contains(address), ids.size() > 1) << address << " after " << to_string(attempt);
      doubled += ids.size() > 1;
    }
    for (const Diagnostic& diagnostic : diagnostics)
      for (const std::string& id : marked.at(diagnostic.address))
        EXPECT_NE(diagnostic.detail.find(id), std::string::npos) << diagnostic.detail;
    EXPECT_EQ(rows->size(), marked.size());
  }
  EXPECT_GT(doubled, 10);
}

}  // namespace
}  // namespace tenon::faults
