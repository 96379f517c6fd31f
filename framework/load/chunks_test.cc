#include "framework/load/chunks.h"

#include <gtest/gtest.h>

#include <string>

namespace tenon {
namespace {

// "line:text" of each document, joined by "|"; newlines shown as ";".
std::string chunks(std::string_view text) {
  std::string joined;
  for (const Chunk& chunk : split_documents(text)) {
    joined += (joined.empty() ? "" : "|") + std::to_string(chunk.line) + ":";
    for (char c : text.substr(chunk.begin, chunk.end - chunk.begin)) joined += c == '\n' ? ';' : c;
  }
  return joined;
}

TEST(SplitDocuments, SplitsAtSeparatorLines) {
  EXPECT_EQ(chunks("a: 1\n---\nb: 2\n--- # c\nd: 3"), "1:a: 1;|2:---;b: 2;|4:--- # c;d: 3");
  EXPECT_EQ(chunks("--- {a: 1}\n---\t\nb: 2\r\n---\r\nc: 3\r\n"),
            "1:--- {a: 1};|2:---\t;b: 2\r;|4:---\r;c: 3\r;");
  EXPECT_EQ(chunks("a: 1\n...\nb: 2\n"), "1:a: 1;...;|3:b: 2;");
}

TEST(SplitDocuments, SplitsInsideOfBlockScalarsAsYamlDoes) {
  EXPECT_EQ(chunks("a: |\n  x\n---\nb: 2\n"), "1:a: |;  x;|3:---;b: 2;");
  EXPECT_EQ(chunks("a: |\n  ---\n  x\n----\n---x\n"), "1:a: |;  ---;  x;----;---x;");
}

TEST(SplitDocuments, LeavesOutWhatHasNoContent) {
  EXPECT_EQ(chunks(""), "");
  EXPECT_EQ(chunks("\n# only a comment\n"), "");
  EXPECT_EQ(chunks("# head\n--- \na: 1\n"), "2:--- ;a: 1;");
}

TEST(SplitDocuments, KeepsDirectivesWithTheirDocument) {
  EXPECT_EQ(chunks("%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n"),
            "1:%YAML 1.2;---;a: 1;...;|5:%YAML 1.2;---;b: 2;");
}

TEST(SplitDocuments, SeesASeparatorAfterAByteOrderMark) {
  EXPECT_EQ(split_documents("a: 1\n\xEF\xBB\xBF---\nb: 2\n").size(), 2u);
}

TEST(FindBadByte, AcceptsUtf8AndRefusesTheRest) {
  EXPECT_FALSE(find_bad_byte("plain\tü€😀\r\n"));
  const std::pair<std::string, size_t> cases[] = {
      {"ab\xFF", 2},    {"\xC0\x80", 0},     {"x\xED\xA0\x80", 1},        {"\xF4\x90\x80\x80", 0},
      {"é\xE2\x82", 2}, {"\xE0\x80\x80", 0}, {std::string("a\0b", 3), 1}, {"a\x1B", 1},
      {"\x80", 0}};
  for (const auto& [text, offset] : cases) {
    const auto bad = find_bad_byte(text);
    ASSERT_TRUE(bad) << text;
    EXPECT_EQ(bad->offset, offset) << text;
  }
}

}  // namespace
}  // namespace tenon
