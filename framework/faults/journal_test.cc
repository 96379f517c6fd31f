// A killed run's journal is cut as well, so that the last turns are not recorded: what they made is found by
// its marks, and the next run ends as if nothing had happened.
//
// What is found by its nonce alone is not in it: with its intent nobody knows that nonce any more. Nor is
// what shows late under a name that is not unique: the next run sees nothing, and makes a second one.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "framework/faults/workshop.h"
#include "framework/inventory/sqlite.h"

namespace tenon::faults {
namespace {

std::vector<Owned> owned_in(const std::string& path) {
  const auto inventory = open_inventory(path, OpenMode::read);
  EXPECT_TRUE(inventory) << inventory.error().message;
  return inventory ? (*inventory)->owned().value() : std::vector<Owned>();
}

TEST(Journal, WhatACutOneForgetsIsFoundByItsMarks) {
  const auto made = Workshop::make(70, Tokens::by_mark);
  ASSERT_TRUE(made) << made.error().message;
  Workshop& workshop = **made;
  const std::string journal = workshop.inventory() + "-wal";
  std::mt19937_64 random(1);
  int forgotten = 0;
  for (int i = 0; i < 200; ++i) {
    const auto step = static_cast<int64_t>(1 + random() % static_cast<uint64_t>(workshop.steps()));
    const Attempt attempt{.kill = {.step = step}};
    ASSERT_TRUE(workshop.run(attempt).killed());
    const auto before = owned_in(workshop.inventory());
    const auto size = std::filesystem::exists(journal) ? std::filesystem::file_size(journal) : 0;
    if (size > 0) std::filesystem::resize_file(journal, random() % size);
    forgotten += owned_in(workshop.inventory()) != before;
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

}  // namespace
}  // namespace tenon::faults
