#include "framework/plugin/contents_mark.h"

#include <gtest/gtest.h>

#include <filesystem>

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

TEST_F(ContentsMarks, AMalformedMarkIsAnErrorAndNotNone) {
  for (const char* text :
       {"", "{", "[]", R"({"version":2,"contents":"populated"})", R"({"version":1})",
        R"({"version":1,"contents":"done"})", R"({"version":1,"contents":"populated","nonce":1})"}) {
    ASSERT_TRUE(write_file_atomically(directory_ + "/contents.json", text));
    EXPECT_FALSE(read_contents_mark(directory_)) << text;
  }
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
