#include "framework/plugin/contents_mark.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "framework/base/json.h"
#include "framework/base/temporary_directory.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

class ContentsMarks : public testing::Test {
 protected:
  TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.path();
};

TEST_F(ContentsMarks, AClaimThatNobodyBeganToFillHasNone) {
  const auto mark = read_contents_mark(directory_);
  ASSERT_TRUE(mark);
  EXPECT_FALSE(mark->has_value());
  EXPECT_EQ(contents_state(*mark, "n1"), "none");
}

TEST_F(ContentsMarks, AWrittenMarkIsReadBackWhole) {
  ASSERT_TRUE(write_contents_mark(directory_, {"populated", "n1", "g/K/ns/dv", "g1", "sha256:00"}));
  const auto mark = read_contents_mark(directory_);
  ASSERT_TRUE(mark && *mark);
  EXPECT_EQ((*mark)->contents, "populated");
  EXPECT_EQ((*mark)->importer, "g/K/ns/dv");
  EXPECT_EQ((*mark)->generation, "g1");
  EXPECT_EQ((*mark)->digest, "sha256:00");
}

TEST_F(ContentsMarks, AMarkOfAnotherClaimIsNoMark) {
  ASSERT_TRUE(write_contents_mark(directory_, {"populated", "n1", "g/K/ns/dv", "g1", ""}));
  EXPECT_EQ(contents_state(read_contents_mark(directory_).value(), "n1"), "populated");
  EXPECT_EQ(contents_state(read_contents_mark(directory_).value(), "n2"), "none");
}

TEST_F(ContentsMarks, ADiskOfWhichNoMarkTellsIsData) {
  const std::string disk = directory_ + "/disk.img";
  const ContentsMark others{"populated", "n2", "g/K/ns/dv", "g1", ""};
  const ContentsMark incomplete{"incomplete", "n1", "g/K/ns/dv", "g1", ""};
  ContentsMark placing = incomplete;
  placing.own_disk = true;
  const auto seen = [&] { return look_at_contents(directory_, disk, "n1").value().state; };
  const auto with = [&](const ContentsMark& mark) {
    EXPECT_TRUE(write_contents_mark(directory_, mark));
    return seen();
  };
  EXPECT_EQ(seen(), "none");
  EXPECT_EQ(with(others), "none");
  EXPECT_EQ(look_at_contents(directory_, disk, std::nullopt).value().state, "populated") << "by any mark";
  EXPECT_EQ(with(incomplete), "incomplete");
  ASSERT_TRUE(write_file_atomically(disk, ""));
  EXPECT_EQ(with(others), "none") << "there is nothing in it";
  EXPECT_EQ(with(incomplete), "incomplete");
  ASSERT_TRUE(write_file_atomically(disk, "copied by hand"));
  EXPECT_EQ(with(others), "populated");
  EXPECT_EQ(with(incomplete), "populated") << "an importer that has failed, say, did not bring it";
  EXPECT_EQ(with(placing), "incomplete") << "the importer's own";
  EXPECT_TRUE(read_contents_mark(directory_).value()->own_disk);
  fs::remove(directory_ + "/contents.json");
  EXPECT_EQ(seen(), "populated");
  fs::remove(disk);
  fs::create_symlink("/nowhere/now", disk);
  EXPECT_EQ(seen(), "populated") << "it is elsewhere, and not there now";
}

// As an importer and a removal do it, again and again: nobody takes their disk for somebody's.
TEST_F(ContentsMarks, WhoLooksWhileADiskComesOrGoesNeverTakesItForSomebodys) {
  const std::string disk = directory_ + "/disk.img";
  std::atomic<int> rounds = 0;
  std::jthread importer([&](const std::stop_token& stop) {
    ContentsMark mark{"incomplete", "n1", "g/K/ns/dv", "", ""};
    for (; !stop.stop_requested(); ++rounds) {
      mark.generation = std::to_string(rounds);
      for (const bool own : {false, true}) {
        mark.own_disk = own;
        EXPECT_TRUE(write_contents_mark(directory_, mark));
      }
      std::ofstream(disk) << "whole";
      fs::remove(disk);
      fs::remove(directory_ + "/contents.json");
    }
  });
  for (int looks = 0; looks < 20000 || rounds < 20; ++looks) {
    const auto seen = look_at_contents(directory_, disk, "n1");
    ASSERT_TRUE(seen) << seen.error().message;
    ASSERT_NE(seen->state, "populated") << "after " << rounds << " rounds";
  }
}

TEST_F(ContentsMarks, AMalformedMarkIsAnErrorAndNotNone) {
  for (const char* text :
       {"", "{", "[]", R"({"version":2,"contents":"populated"})", R"({"version":1})",
        R"({"version":1,"contents":"done"})", R"({"version":1,"contents":"populated","nonce":1})"}) {
    ASSERT_TRUE(write_file_atomically(directory_ + "/contents.json", text));
    EXPECT_FALSE(read_contents_mark(directory_)) << text;
  }
}

TEST_F(ContentsMarks, AMarkOfANewerVersionIsAnErrorThatSaysSo) {
  ASSERT_TRUE(write_contents_mark(directory_, {"populated", "n1", "g/K/ns/dv", "g1", ""}));
  Json mark = Json::parse(read_file(directory_ + "/contents.json").value());
  mark["version"] = mark["version"].get<int>() + 1;
  ASSERT_TRUE(write_file_atomically(directory_ + "/contents.json", mark.dump()));
  const auto read = read_contents_mark(directory_);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, directory_ +
                                      "/contents.json is of version 2, written by a newer tenon; this one "
                                      "reads 1: use a newer tenon");
}

TEST_F(ContentsMarks, WhatAKilledWriterLeftIsRemovedByTheNext) {
  ASSERT_TRUE(write_file_atomically(directory_ + "/contents.json.a1B2c3", "{"));
  ASSERT_TRUE(write_contents_mark(directory_, {"incomplete", "n1", "g/K/ns/dv", "g1", ""}));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 1);
}

TEST_F(ContentsMarks, TheLockIsSeenAndExcludesASecondImporter) {
  EXPECT_FALSE(contents_locked(directory_));
  const auto lock = lock_contents(directory_);
  ASSERT_TRUE(lock);
  EXPECT_TRUE(contents_locked(directory_));
  EXPECT_EQ(lock_contents(directory_).error().code, Code::aborted);
}

TEST_F(ContentsMarks, ALockOfARemovedClaimHoldsNothing) {
  const auto lock = lock_contents(directory_);
  ASSERT_TRUE(lock);
  fs::remove_all(directory_);
  EXPECT_FALSE(holds_contents(*lock, directory_));
  EXPECT_EQ(lock_contents(directory_).error().code, Code::not_found);
  fs::create_directories(directory_);
  const auto other = lock_contents(directory_);
  ASSERT_TRUE(other);
  EXPECT_FALSE(holds_contents(*lock, directory_));
}

}  // namespace
}  // namespace tenon
