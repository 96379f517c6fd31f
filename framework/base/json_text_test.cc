#include "framework/base/json_text.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

std::string text_of(const Json& json) {
  JsonText text;
  text.value(json);
  return std::move(text).take();
}

TEST(JsonText, WritesWhatJsonDumps) {
  for (const char* written : {R"({"a":1,"b":[true,null,{"c":-2.5}],"d":{}})", "[]", "null", R"("text")",
                              R"([[],[{}],18446744073709551615])"})
    EXPECT_EQ(text_of(Json::parse(written)), written);
}

TEST(JsonText, EscapesWhatCannotStandInAText) {
  for (const char* text : {"\"", "\\", "line\nline", "\x01", "\x7f", "ü", "a\"b"})
    EXPECT_EQ(text_of(text), Json(text).dump());
  EXPECT_EQ(text_of(Json{{"a\"b", 1}}), R"({"a\"b":1})");
}

TEST(JsonText, ReplacesWhatIsNoText) { EXPECT_EQ(text_of("a\xff"), "\"a\xEF\xBF\xBD\""); }

TEST(JsonText, PutsMembersAndItemsTogether) {
  JsonText text;
  text.begin_object();
  text.member("a", std::vector<std::string>{"x", "y"});
  text.member("b", std::map<std::string, std::string>{{"k", "v"}, {"l", ""}});
  text.key("c");
  text.begin_list();
  text.raw("{}");
  text.value(7);
  text.end_list();
  text.member("d", false);
  text.end_object();
  EXPECT_EQ(std::move(text).take(), R"({"a":["x","y"],"b":{"k":"v","l":""},"c":[{},7],"d":false})");
}

}  // namespace
}  // namespace tenon
