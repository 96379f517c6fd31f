#include "framework/model/naming.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(Naming, AnAddressOfSoundPartsIsReadBack) {
  for (const Address& address : {Address{"core", "PersistentVolumeClaim", "default", "disk0"},
                                 Address{"kubevirt.io", "VirtualMachine", "lab-1", "a.b-c.9"},
                                 Address{"test.dev", "Host", "-", "h"}}) {
    const auto checked = checked_address(address);
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(*parse_address(to_string(*checked)), address);
    EXPECT_TRUE(reads_back(address));
  }
}

TEST(Naming, APartThatCannotBeOneIsNamedWithItsRule) {
  const auto refusal = [](Address address) { return checked_address(std::move(address)).error().message; };
  EXPECT_EQ(
      refusal({"core", "Disk", "default", "a/b"}),
      "'a/b' is not a name: lower-case letters, digits, '-' and '.', at most 253, with a letter or digit at "
      "both ends");
  EXPECT_EQ(refusal({"core", "Disk", "default", ""}).find("'' is not a name"), 0u);
  EXPECT_EQ(refusal({"core", "a/b", "default", "a"}),
            "'a/b' is not a kind: a kind is one word such as VirtualMachine");
  EXPECT_EQ(refusal({"", "Disk", "default", "a"}).find("'' is not a group"), 0u);
  EXPECT_EQ(refusal({"core", "Disk", "a.b", "a"}).find("'a.b' is not a namespace"), 0u);
  EXPECT_EQ(refusal({"core", "Disk", "default", std::string(254, 'a')}).find("'aaa"), 0u);
}

TEST(Naming, WhatWouldBeReadBackAsAnotherIsToldApart) {
  EXPECT_FALSE(reads_back({"core", "Disk", "default", "a/b"}));
  EXPECT_FALSE(reads_back({"core", "", "default", "a"}));
  EXPECT_TRUE(reads_back({"core", "disk", "default", "Old_Name"})) << "the rules may change";
}

}  // namespace
}  // namespace tenon
