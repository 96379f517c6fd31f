#include "framework/model/resource.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(Address, IsItsText) {
  const Result<Address> address = parse_address("core/PersistentVolume/-/pv");
  ASSERT_TRUE(address);
  EXPECT_EQ(*address, (Address{"core", "PersistentVolume", "-", "pv"}));
  EXPECT_EQ(to_string(*address), "core/PersistentVolume/-/pv");
  for (const char* text : {"", "a/b/c", "a/b/c/", "a/b/c/d/e", "/b/c/d", "a//c/d"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(KindName, IsGroupAndKind) {
  EXPECT_EQ(*parse_kind_name("core/Pod"), (KindName{"core", "Pod"}));
  for (const char* text : {"Pod", "core/", "/Pod", "a/b/c"}) EXPECT_FALSE(parse_kind_name(text)) << text;
}

TEST(References, AreFoundInTheOrderOfTheirPointers) {
  const auto references = references_in(Json::parse(R"({
    "b": [{"tenon.dev/ref": "core/Pod/default/x", "path": "/ip"}],
    "a/1": {"tenon.dev/ref": "core/Pod/default/y", "path": "/ip"}, "c": 1})"));
  ASSERT_TRUE(references);
  EXPECT_EQ(*references, (std::vector<ValueReference>{{"/a~11", {"core", "Pod", "default", "y"}, "/ip"},
                                                      {"/b/0", {"core", "Pod", "default", "x"}, "/ip"}}));
}

TEST(References, ThatAreMalformedAreRefusedWithTheirPlace) {
  for (const char* text :
       {R"({"a": {"tenon.dev/ref": 1, "path": "/x"}})", R"({"a": {"tenon.dev/ref": "x", "path": "/x"}})",
        R"({"a": {"tenon.dev/ref": "a/B/c/d"}})", R"({"a": {"tenon.dev/ref": "a/B/c/d", "path": ""}})",
        R"({"a": {"tenon.dev/ref": "a/B/c/d", "path": "x"}})",
        R"({"a": {"tenon.dev/ref": "a/B/c/d", "path": "/value~9"}})",
        R"({"a": {"tenon.dev/ref": "a/B/c/d", "path": "/x", "more": 1}})"}) {
    const auto references = references_in(Json::parse(text));
    ASSERT_FALSE(references) << text;
    EXPECT_EQ(references.error().code, Code::invalid_argument);
    EXPECT_EQ(references.error().message.substr(0, 4), "/a: ");
  }
}

}  // namespace
}  // namespace tenon
