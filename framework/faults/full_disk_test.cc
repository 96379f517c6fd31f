// The inventory cannot be written any more, from every write on: the run says so, what is recorded stays
// whole, and the next run brings everything to its end.
#include <gtest/gtest.h>

#include "framework/faults/workshop.h"
#include "framework/inventory/sqlite.h"

namespace tenon::faults {
namespace {

class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    auto made = Workshop::make(26);
    ASSERT_TRUE(made) << made.error().message;
    workshop_ = std::move(*made);
  }

  // At every write of a run; how many runs ended early.
  int fail_everywhere(Failure failure, const std::string& word) {
    int failed = 0;
    for (int64_t write = 1; write <= workshop_->writes(); ++write) {
      SCOPED_TRACE("from write " + std::to_string(write));
      const Attempt attempt{.failure = failure, .from = write};
      const End end = workshop_->run(attempt);
      EXPECT_FALSE(end.killed());
      failed += !end.done();
      if (!end.done()) expect_clear(end, word);
      EXPECT_TRUE(open_inventory(workshop_->inventory(), OpenMode::read));
      const Findings findings = workshop_->recover(attempt);
      EXPECT_TRUE(findings.good()) << to_string(findings) << "\n" << findings.story;
      if (HasFailure()) break;
    }
    return failed;
  }

  void expect_clear(const End& end, const std::string& word) {
    EXPECT_NE(end.message.find(workshop_->inventory()), std::string::npos) << end.message;
    EXPECT_NE(end.message.find(word), std::string::npos) << end.message;
  }

  std::unique_ptr<Workshop> workshop_;
};

TEST_F(FullDisk, EndsTheRunAndTheNextOneGoesOn) {
  EXPECT_GT(fail_everywhere(Failure::no_space, "free some space"), workshop_->writes() / 2);
}

TEST_F(FullDisk, AFailedWriteDoesTheSame) {
  EXPECT_GT(fail_everywhere(Failure::io_error, "Input/output error"), workshop_->writes() / 2);
}

// A run opens its inventory's files when it begins, and none afterwards: from then on it needs none.
TEST_F(FullDisk, SoDoesALimitOfOpenFilesWhileFilesAreOpened) {
  EXPECT_GE(workshop_->last_open(), 3);
  EXPECT_EQ(fail_everywhere(Failure::no_descriptors, "ulimit -n"), workshop_->last_open());
}

}  // namespace
}  // namespace tenon::faults
