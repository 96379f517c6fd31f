#include "framework/model/name.h"

#include <gtest/gtest.h>

#include <unordered_set>

#include "framework/model/address.h"

namespace tenon {
namespace {

TEST(Name, IsTheTextThatItIs) {
  const Name name = "disk";
  const std::string& text = name;
  EXPECT_EQ(text, "disk");
  EXPECT_EQ(name + "-" + std::string("0"), "disk-0");
  EXPECT_EQ("a " + name, "a disk");
  EXPECT_EQ(name, "disk");
  EXPECT_NE(name, std::string("dis"));
  EXPECT_TRUE(Name().empty());
  EXPECT_TRUE(Name("").empty());
  EXPECT_EQ(Name(), "");
}

TEST(Name, EqualTextsAreEqualNamesHoweverTheyCameAbout) {
  const Name copied = "disk", made = std::string("disk");
  EXPECT_EQ(copied, Name(copied));
  EXPECT_EQ(copied, made);
  EXPECT_EQ(std::hash<Name>{}(copied), std::hash<Name>{}(made));
  EXPECT_EQ(Name(), Name(""));
}

TEST(Name, StandsInTheOrderOfItsText) {
  EXPECT_LT(Name("a"), Name("b"));
  EXPECT_LT(Name(), Name("a"));
  EXPECT_EQ(Name("a") <=> Name("a"), std::strong_ordering::equal);
}

TEST(Address, SharesWhatItHasInCommonWithAnother) {
  const Address like{"g", "Kind", "default", "a"};
  Address address{"g", "Other", "default", "b"};
  share_names(like, address);
  EXPECT_EQ(address, (Address{"g", "Other", "default", "b"}));
  EXPECT_EQ(&address.group.str(), &like.group.str());
  EXPECT_EQ(&address.name_space.str(), &like.name_space.str());
  EXPECT_NE(&address.kind.str(), &like.kind.str());
}

TEST(Address, IsFoundByItsHash) {
  const std::unordered_set<Address> known = {{"g", "Kind", "default", "a"}, {"g", "Kind", "default", "b"}};
  EXPECT_TRUE(known.contains(*parse_address("g/Kind/default/b")));
  EXPECT_FALSE(known.contains(*parse_address("g/Kind/b/default")));
}

}  // namespace
}  // namespace tenon
