#include "framework/cli/labels.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

bool selects(const std::string& text, const std::map<std::string, std::string>& labels) {
  const auto selector = LabelSelector::parse(text);
  EXPECT_TRUE(selector) << text;
  return selector && selector->matches(labels);
}

TEST(LabelSelector, EveryConditionMustHold) {
  const std::map<std::string, std::string> labels = {{"tier", "web"}, {"kubevirt.io/vm", "a"}};
  for (const char* text : {"", "tier=web", "tier==web", "kubevirt.io/vm=a", "tier", "!gone", "tier!=db",
                           "gone!=x", " tier = web , !gone "})
    EXPECT_TRUE(selects(text, labels)) << text;
  for (const char* text : {"tier=db", "tier!=web", "gone", "!tier", "tier=web,gone", "tier="})
    EXPECT_FALSE(selects(text, labels)) << text;
}

TEST(LabelSelector, WhatIsNoConditionIsRefusedAsWritten) {
  for (const char* text : {"=web", "tier in (web)", "a=b=c", "tier=web,,x", "!"}) {
    const auto selector = LabelSelector::parse(text);
    ASSERT_FALSE(selector) << text;
    EXPECT_EQ(selector.error().code, Code::invalid_argument);
    EXPECT_NE(selector.error().message.find("key=value"), std::string::npos);
  }
}

}  // namespace
}  // namespace tenon
