#include "framework/cli/selection.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

std::shared_ptr<const Manifest> serving(const std::string& group, const std::string& kind,
                                        const std::string& short_name) {
  const Json manifest = {{"manifestVersion", 1},
                         {"name", group},
                         {"version", "1"},
                         {"kinds", Json::array({{{"group", group},
                                                 {"kind", kind},
                                                 {"plural", "things"},
                                                 {"shortNames", {short_name}},
                                                 {"versions", {"v1"}},
                                                 {"schema", {{"type", "object"}}}}})}};
  return std::make_shared<Manifest>(*parse_manifest(manifest.dump()));
}

Catalog catalog() {
  return Catalog({{"one", serving("one.io", "VirtualMachine", "vm")},
                  {"two", serving("two.io", "VirtualMachine", "vm")},
                  {"dv", serving("cdi.io", "DataVolume", "dv")}},
                 {});
}

TEST(Selection, AShortNameThatFitsSeveralKindsIsRefusedWithAll) {  // D5
  const auto selector = parse_selector("vm/a", {}, catalog());
  ASSERT_FALSE(selector);
  EXPECT_EQ(
      selector.error().message,
      "'vm/a' can mean several kinds; say which:\n  VirtualMachine.one.io/a\n  VirtualMachine.two.io/a");
}

TEST(Selection, AKindWithItsGroupIsExact) {  // D5
  const auto selector = parse_selector("VirtualMachine.two.io/a", {}, catalog());
  ASSERT_TRUE(selector) << selector.error().message;
  EXPECT_TRUE(selector->matches({"two.io", "VirtualMachine", "default", "a"}));
  EXPECT_FALSE(selector->matches({"one.io", "VirtualMachine", "default", "a"}));
}

TEST(Selection, AnAddressMeansItself) {
  const auto selector = parse_selector("cdi.io/DataVolume/other/a", {}, catalog());
  ASSERT_TRUE(selector);
  EXPECT_TRUE(selector->matches({"cdi.io", "DataVolume", "other", "a"}));
  EXPECT_FALSE(selector->matches({"cdi.io", "DataVolume", "default", "a"}));
}

TEST(Selection, WhatNamesOneResourceMayBeItsName) {
  EXPECT_EQ(parse_address_or_name("dv/a.b", {}, catalog()).value(),
            (Address{"cdi.io", "DataVolume", "default", "a.b"}));
  for (const char* text : {"dv/a/b", "dv/A", "cdi.io/DataVolume/Other/a", "cdi.io/DataVolume/default/a_b"}) {
    const auto address = parse_address_or_name(text, {}, catalog());
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, Code::invalid_argument);
    EXPECT_NE(address.error().message.find("lower-case letters"), std::string::npos)
        << address.error().message;
  }
}

TEST(Selection, AnUnknownKindNamesTheNearest) {
  const auto selector = parse_selector("DataVolum", {}, catalog());
  ASSERT_FALSE(selector);
  EXPECT_EQ(selector.error().message, "no instance serves a kind 'DataVolum'; did you mean 'DataVolume'?");
  EXPECT_EQ(parse_selector("frobnicates", {}, catalog()).error().message,
            "no instance serves a kind 'frobnicates'; served are DataVolume.cdi.io, VirtualMachine.one.io, "
            "VirtualMachine.two.io");
}

TEST(Selection, IsBoundToTheNamespaceUnlessAllAreMeant) {
  const Address other{"cdi.io", "DataVolume", "other", "a"};
  EXPECT_FALSE(Selection::parse({.targets = {"dv"}}, catalog())->matches(other));
  EXPECT_TRUE(Selection::parse({.targets = {"dv"}, .name_space = "other"}, catalog())->matches(other));
  EXPECT_TRUE(Selection::parse({.targets = {"dv"}, .all_namespaces = true}, catalog())->matches(other));
}

TEST(Selection, ManyTargetsMeanWhatEachOfThemMeans) {
  const auto selection = Selection::parse(
      {.targets = {"dv/a", "cdi.io/DataVolume/other/b", "VirtualMachine.one.io"}}, catalog());
  const auto matches = [&](const char* group, const char* kind, const char* name_space, const char* name) {
    return selection->matches({group, kind, name_space, name});
  };
  EXPECT_TRUE(matches("cdi.io", "DataVolume", "default", "a"));
  EXPECT_TRUE(matches("cdi.io", "DataVolume", "other", "b"));
  EXPECT_TRUE(matches("one.io", "VirtualMachine", "default", "a"));
  EXPECT_TRUE(matches("one.io", "VirtualMachine", "default", "c"));
  EXPECT_FALSE(matches("cdi.io", "DataVolume", "default", "b"));
  EXPECT_FALSE(matches("cdi.io", "DataVolume", "other", "a"));
  EXPECT_FALSE(matches("two.io", "VirtualMachine", "default", "a"));
  EXPECT_FALSE(matches("one.io", "VirtualMachine", "other", "c"));
}

TEST(Selection, TellsWhichNamedResourceIsNotThere) {
  const auto selection = Selection::parse({.targets = {"dv/a", "dv/b"}}, catalog());
  EXPECT_EQ(selection->missing({{"cdi.io", "DataVolume", "default", "a"}}), "dv/b");
  EXPECT_EQ(selection->missing({{"cdi.io", "DataVolume", "default", "b"}}), "dv/a");
  EXPECT_FALSE(selection->missing(
      {{"cdi.io", "DataVolume", "default", "b"}, {"cdi.io", "DataVolume", "default", "a"}}));
  EXPECT_FALSE(Selection::parse({.targets = {"dv"}}, catalog())->missing({})) << "a kind may have none";
}

}  // namespace
}  // namespace tenon
