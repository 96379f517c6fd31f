#include "plugins/cdi-import/summary.h"

#include <gtest/gtest.h>

namespace tenon::cdi {
namespace {

using sdk::Json;

sdk::Observation summary_of(const Json& own, const Json& claim) {
  sdk::Family family{.observation = own, .children = Json::object()};
  if (!claim.is_null()) family.children["core/PersistentVolumeClaim/default/dv"] = claim;
  return summarize(family);
}

std::string status(const sdk::Observation& summary, const std::string& type) {
  for (const Json& condition : summary.conditions)
    if (condition["type"] == type)
      return condition["status"].get<std::string>() + " " + condition["reason"].get<std::string>();
  return "";
}

TEST(Summary, OfAnImportAtWorkIsRunningAndBound) {
  const auto summary = summary_of({{"phase", "ImportInProgress"}, {"busy", true}}, {{"phase", "Bound"}});
  EXPECT_EQ(status(summary, "Bound"), "True Bound");
  EXPECT_EQ(status(summary, "Running"), "True ImportInProgress");
  EXPECT_EQ(status(summary, "Ready"), "False ImportInProgress");
  EXPECT_EQ(summary.message, "");
}

TEST(Summary, OfAFinishedImportIsReady) {
  const auto summary = summary_of({{"phase", "Succeeded"}}, {{"phase", "Bound"}});
  EXPECT_EQ(status(summary, "Ready"), "True Succeeded");
  EXPECT_EQ(status(summary, "Running"), "False Succeeded");
}

TEST(Summary, OfAFailedImportSaysWhy) {
  const auto summary = summary_of({{"phase", "Failed"}, {"reason", "NotFound"}}, {{"phase", "Bound"}});
  EXPECT_EQ(status(summary, "Ready"), "False NotFound");
}

TEST(Summary, WhileItsClaimIsNotBoundTheClaimsReasonIsItsOwn) {
  const auto summary = summary_of(
      {{"phase", "Pending"}}, {{"phase", "Pending"}, {"reason", "NoRoom"}, {"message", "the disk is full"}});
  EXPECT_EQ(summary.reason, "NoRoom");
  EXPECT_EQ(summary.message, "its claim is Pending: the disk is full");
  EXPECT_EQ(status(summary, "Bound"), "False ClaimPending");
}

TEST(Summary, OfAClaimThatIsGoneSaysSo) {
  EXPECT_EQ(summary_of({{"phase", "PVCBound"}}, {{"existence", "absent"}}).message, "its claim is absent");
  EXPECT_EQ(summary_of({{"phase", "Succeeded"}}, {{"existence", "absent"}}).message, "");
  EXPECT_EQ(summary_of({{"phase", "PVCBound"}}, nullptr).message, "");
}

}  // namespace
}  // namespace tenon::cdi
