#include "framework/model/pointer.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(Pointer, WhatIsNoneIsAnErrorThatQuotesIt) {
  for (const char* text : {"template", "/value~9", "/a~"}) {
    const auto pointer = parse_pointer(text);
    ASSERT_FALSE(pointer) << text;
    EXPECT_EQ(pointer.error().code, Code::invalid_argument);
    EXPECT_NE(pointer.error().message.find("'" + std::string(text) + "'"), std::string::npos);
  }
  EXPECT_TRUE(parse_pointer(""));
  EXPECT_EQ(parse_pointer("/a~1b/0").value().to_string(), "/a~1b/0");
}

TEST(Pointer, FindsAValueOrNothing) {
  const Json json = {{"a/b", {1, 2}}};
  EXPECT_EQ(*find_value(json, "/a~1b/1"), 2);
  EXPECT_EQ(find_value(json, ""), &json);
  for (const char* place :
       {"/a~1b/2", "/a~1b/-", "/a~1b/01", "/a~1b/", "/a~1b/99999999999999999999", "/a~1b/0/x", "a", "/a~9"})
    EXPECT_EQ(find_value(json, place), nullptr) << place;
}

}  // namespace
}  // namespace tenon
