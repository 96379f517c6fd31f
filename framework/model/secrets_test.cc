#include "framework/model/secrets.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

std::string text_of(const Json& handle) { return handle.at("tenon.dev/secret"); }

TEST(Handle, IsEqualAsLongAsValueAndKeyAre) {
  const Vault one("one"), same("one"), other("other");
  EXPECT_EQ(one.handle_of("x"), same.handle_of("x"));
  EXPECT_NE(one.handle_of("x"), one.handle_of("y"));
  EXPECT_NE(text_of(one.handle_of("x")), text_of(other.handle_of("x")));
  EXPECT_EQ(key_of_handle(one.handle_of("x")), key_of_handle(one.handle_of("y")));
  EXPECT_NE(key_of_handle(one.handle_of("x")), key_of_handle(other.handle_of("x")));
  EXPECT_EQ(key_of_handle({{"tenon.dev/secret", "hmac-sha256:00"}}), "");
}

TEST(Handle, IsFoundAnywhereInAValue) {
  const Json handle = {{"tenon.dev/secret", "hmac-sha256:0:0"}};
  EXPECT_EQ(find_handle({{"a", 1}, {"b/c", {0, {{"d", handle}}}}}), "/b~1c/1/d");
  EXPECT_EQ(find_handle(handle), "");
  EXPECT_FALSE(find_handle({{"tenon.dev/secret", 5}, {"a", {"tenon.dev/secret"}}}));
}

class Redeem : public testing::Test {
 protected:
  std::string redeem(const Json& request) {
    const auto value = vault_.redeem(request, {{"handle", text_of(handle_)}});
    return value ? value->dump() : std::string(to_string(value.error().code));
  }

  Vault vault_{"key"};
  const Json handle_ = vault_.seal("x", {});
};

TEST_F(Redeem, WhatAResourceOfTheRequestIsToldItself) {
  const std::string value = R"({"value":"x"})";
  for (const char* member : {"desired", "applied", "private"})
    EXPECT_EQ(redeem({{"address", "g/K/n/a"}, {member, {{"deep", {handle_}}}}}), value) << member;
  EXPECT_EQ(redeem({{"dependencies", {{"g/K/n/b", {{"outputs", {{"secret", handle_}}}}}}}}), value);
  EXPECT_EQ(redeem({{"resources", {{{"desired", {{"a", 1}}}}, {{"desired", {{"a", handle_}}}}}}}), value);
  EXPECT_EQ(redeem({{"changes", {{{"desired", {{"a", handle_}}}}}}}), value);
  EXPECT_EQ(redeem({{"configuration", {{"password", handle_}}}}), value);
}

TEST_F(Redeem, NotWhatOthersHaveOrWhatSomebodySays) {
  EXPECT_EQ(redeem({{"resources", {{{"children", {{"g/K/n/b", {{"actual", {{"a", handle_}}}}}}}}}}}),
            "permission_denied");
  EXPECT_EQ(redeem({{"resources", {{{"observation", {{"actual", handle_}}}}}}}), "permission_denied");
  EXPECT_EQ(redeem({{"address", "g/K/n/a"}, {"arguments", {{"a", handle_}}}}), "permission_denied");
  EXPECT_EQ(redeem({{"desired", {{"a", text_of(handle_)}}}}), "permission_denied");
}

TEST_F(Redeem, OnlyByAQuestionOfTheDocumentedShape) {
  const Json request = {{"address", "g/K/n/a"}, {"desired", {{"a", handle_}}}};
  for (const Json& ask :
       {Json::object(), Json{{"handle", 5}}, Json{{"secretRef", "x"}},
        Json{{"secretRef", "x"}, {"address", 5}}, Json{{"secretRef", {"x"}}, {"address", "g/K/n/a"}}}) {
    const auto answer = vault_.redeem(request, ask);
    ASSERT_FALSE(answer) << ask;
    EXPECT_EQ(answer.error().code, Code::invalid_argument) << ask;
  }
}

}  // namespace
}  // namespace tenon
