#include "framework/base/printable.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

TEST(Printable, LeavesWhatIsTextAsItIs) {
  for (const char* text :
       {"", "a \\u001b \"b\" ~", "Grüße, 東京 😀 …→", "שלום مرحبا", "\u00A0", "\u2029\u202F\u2065\u206A"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, EscapesWhatATerminalObeys) {
  using std::string_literals::operator""s;
  const std::pair<std::string, const char*> cases[] = {
      {"a\x1B[31mX", "a\\u001b[31mX"},                 // a colour
      {"\x1B]0;title\x07", "\\u001b]0;title\\u0007"},  // OSC
      {"a\0b"s, "a\\u0000b"},
      {"a\nb\rc\td\b", "a\\nb\\rc\\td\\u0008"},
      {"\x1F \x7F~", "\\u001f \\u007f~"},
      {"\u0080\u009B31m\u009F", "\\u0080\\u009b31m\\u009f"},
      {"\u202A\u202E-\u2066\u2069", "\\u202a\\u202e-\\u2066\\u2069"},
      {"\x9B"
       "31m\xC3",
       "\\x9b31m\\xc3"},  // C1 where a terminal is not UTF-8
      {"\xC0\x9B\xE2\x80", "\\xc0\\x9b\\xe2\\x80"},
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(printable(text), shown);
}

TEST(Printable, KeepsLinesWhereTheyAreMeant) {
  EXPECT_EQ(printable_lines("a\n  b\x1B\t\r\n"), "a\n  b\\u001b\t\\r\n");
}

}  // namespace
}  // namespace tenon
