#include "plugins/cdi-import/phase.h"

#include <gtest/gtest.h>

namespace tenon::cdi {
namespace {

const Ledger kLedger{.inventory = "inventory-a",
                     .address = "cdi.kubevirt.io/DataVolume/ns/dv",
                     .nonce = "n-dv",
                     .generation = "g2",
                     .import_generation = "g1",
                     .claim = {.nonce = "n-claim", .directory = "/c", .disk_path = "/c/disk.img", .size = 1}};

ContentsMark mark_of(const std::string& contents) {
  return {contents, "n-claim", "cdi.kubevirt.io/DataVolume/ns/dv", "g1", "sha256:0"};
}

ContentsMark with(ContentsMark mark, std::string ContentsMark::*member, const std::string& value) {
  mark.*member = value;
  return mark;
}

using Marks = Result<std::optional<ContentsMark>>;
const Marks kNone = std::optional<ContentsMark>();
const Marks kIncomplete = std::optional(mark_of("incomplete"));
const Marks kPopulated = std::optional(mark_of("populated"));
const Marks kOther = std::optional(with(mark_of("populated"), &ContentsMark::importer, "g/K/ns/other"));
const Marks kOtherAtWork =
    std::optional(with(mark_of("incomplete"), &ContentsMark::importer, "g/K/ns/other"));
const Marks kOtherClaim = std::optional(with(mark_of("populated"), &ContentsMark::nonce, "n-before"));
const Marks kOtherGeneration = std::optional(with(mark_of("populated"), &ContentsMark::generation, "g0"));
const Marks kUnreadable = Error{Code::permission_denied, "no"};

const std::optional<Progress> kScheduled = Progress{.phase = "ImportScheduled", .message = "starting"};
const std::optional<Progress> kHalf =
    Progress{.phase = "ImportInProgress", .message = "half", .fraction = 0.5};
const std::optional<Failure> kFailed = Failure{"NotFound", "404"};

struct Case {
  const char* name;
  ImportFacts facts;
  const char* phase;
  const char* reason;
  bool busy, resumable;
};

const Case kCases[] = {
    {"the claim does not exist", {}, "Pending", "WorkerNotStarted", false, true},
    {"the claim is not bound", {.claim_phase = "Pending"}, "Pending", "WorkerNotStarted", false, true},
    {"bound, no worker yet", {.claim_phase = "Bound"}, "PVCBound", "WorkerNotStarted", false, true},
    {"the worker starts",
     {.locked = true, .claim_phase = "Bound"},
     "ImportScheduled",
     "WorkerStarting",
     true,
     false},
    {"the worker says so", {.locked = true, .progress = kScheduled}, "ImportScheduled", "", true, false},
    {"the worker works",
     {.locked = true, .mark = kIncomplete, .progress = kHalf},
     "ImportInProgress",
     "",
     true,
     false},
    {"the worker is gone",
     {.mark = kIncomplete, .progress = kHalf},
     "ImportInProgress",
     "Interrupted",
     false,
     true},
    {"done", {.mark = kPopulated}, "Succeeded", "", false, false},
    {"done, the worker still ends",
     {.locked = true, .mark = kPopulated, .progress = kHalf},
     "Succeeded",
     "",
     false,
     false},
    {"failed",
     {.mark = kIncomplete, .progress = kHalf, .failure = kFailed},
     "Failed",
     "NotFound",
     false,
     false},
    {"failed, the worker still ends",
     {.locked = true, .failure = kFailed},
     "Failed",
     "NotFound",
     true,
     false},
    {"the ledger's claim was replaced",
     {.mark = kPopulated, .claim_nonce = "n-new"},
     "Pending",
     "ClaimReplaced",
     false,
     true},
    {"the mark is of an earlier claim",
     {.mark = kOtherClaim, .claim_phase = "Bound"},
     "PVCBound",
     "WorkerNotStarted",
     false,
     true},
    {"another filled the claim", {.mark = kOther}, "Pending", "ClaimTaken", false, false},
    {"another fills the claim", {.locked = true, .mark = kOtherAtWork}, "Pending", "ClaimTaken", true, false},
    {"another gave up",
     {.mark = kOtherAtWork, .claim_phase = "Bound"},
     "PVCBound",
     "WorkerNotStarted",
     false,
     true},
    {"an earlier generation filled it",
     {.mark = kOtherGeneration, .claim_phase = "Bound"},
     "PVCBound",
     "WorkerNotStarted",
     false,
     true},
    {"the mark cannot be read",
     {.locked = true, .mark = kUnreadable},
     "Unknown",
     "MarkUnreadable",
     false,
     false},
};

// S1-7, S1-8, S1-9 and S1-10 as far as imports go, S1-11, S1-12, S1-13
TEST(ImportPhase, FollowsFromTheFilesAlone) {
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.name);
    const ImportState state = derive_state(kLedger, test.facts);
    EXPECT_EQ(state.phase, test.phase);
    EXPECT_EQ(state.reason, test.reason);
    EXPECT_EQ(state.busy, test.busy);
    EXPECT_EQ(state.resumable, test.resumable);
  }
}

TEST(ImportPhase, ProgressAndMessageAreTheWorkers) {
  const ImportState state = derive_state(kLedger, {.locked = true, .progress = kHalf});
  EXPECT_EQ(state.progress, 0.5);
  EXPECT_EQ(state.message, "half");
}

// S1-3: nothing but the claim's own mark, whole, makes an import Succeeded.
TEST(ImportPhase, IsSucceededOnlyByAMarkThatMatchesWholly) {
  for (const Marks& mark : {kNone, kIncomplete, kOther, kOtherClaim, kOtherGeneration, kUnreadable})
    for (const bool locked : {false, true})
      for (const auto& progress : {std::optional<Progress>(), kHalf})
        EXPECT_NE(derive_state(kLedger, {.locked = locked, .mark = mark, .progress = progress}).phase,
                  "Succeeded");
}

}  // namespace
}  // namespace tenon::cdi
