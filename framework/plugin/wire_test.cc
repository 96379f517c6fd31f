#include "framework/plugin/wire.h"

#include <gtest/gtest.h>

#include <random>

namespace tenon {
namespace {

std::string frame_of(std::string_view payload) {
  std::string frame;
  for (int i = 0; i < 4; ++i) frame += static_cast<char>(payload.size() >> (8 * i) & 0xff);
  return frame.append(payload);
}

TEST(Wire, AFrameIsALengthInFourLittleEndianBytesAndJson) {
  EXPECT_EQ(encode_frame({{"a", 1}}).value(), std::string("\x07\0\0\0{\"a\":1}", 11));
}

TEST(Wire, FramesComeOutWholeHoweverTheBytesArrive) {
  const std::string bytes = *encode_frame({{"call", 1}}) + *encode_frame({{"call", 2}});
  FrameDecoder decoder;
  std::vector<Json> frames;
  for (const char byte : bytes) {
    decoder.push({&byte, 1});
    auto frame = decoder.next();
    ASSERT_TRUE(frame);
    if (*frame) frames.push_back(**frame);
  }
  EXPECT_EQ(frames, (std::vector<Json>{{{"call", 1}}, {{"call", 2}}}));
}

TEST(Wire, ATruncatedFrameIsNotYetAFrame) {
  const std::string bytes = *encode_frame({{"call", 1}});
  for (size_t length = 0; length < bytes.size(); ++length) {
    FrameDecoder decoder;
    decoder.push(std::string_view(bytes).substr(0, length));
    const auto frame = decoder.next();
    ASSERT_TRUE(frame);
    EXPECT_FALSE(frame->has_value());
  }
}

// A member named like one of the envelope would end it early.
TEST(Wire, AnEventIsItsAddressWhateverElseItSays) {
  FrameDecoder decoder;
  decoder.push(encode_event(R"({"address":"g/K/n/\",\"answer\":x","answer":{"result":1},"call":5})").value());
  const auto text = decoder.next_text();
  ASSERT_TRUE(text && *text);
  const auto envelope = open_envelope(**text, "answer");
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->head, Json({{"event", {{"address", "g/K/n/\",\"answer\":x"}}}}));
  for (const char* event : {"{}", R"({"address":5})", "[]", "x"}) EXPECT_FALSE(encode_event(event)) << event;
}

TEST(Wire, RefusesWhatIsNoObject) {
  for (const char* payload : {"", "x", "[]", "1", "null", "{\"a\":", "{} {}", "\xff\xfe"}) {
    FrameDecoder decoder;
    decoder.push(frame_of(payload));
    EXPECT_FALSE(decoder.next()) << payload;
  }
}

TEST(Wire, RefusesAFrameAboveTheBoundBeforeItArrives) {
  FrameDecoder decoder;
  decoder.push("\xff\xff\xff\x7f");
  EXPECT_FALSE(decoder.next());
  EXPECT_EQ(encode_answer(1, std::string(kMaximalFrame, ' ')).error().code, Code::resource_exhausted);
}

TEST(Wire, RefusesNestingThatWouldExhaustTheStack) {
  EXPECT_FALSE(parse_object("{\"a\":" + std::string(100000, '[') + std::string(100000, ']') + "}"));
  EXPECT_TRUE(parse_object("{\"a\":\"" + std::string(100000, '[') + "\\\"[\"}"));
}

TEST(Wire, SurvivesRandomBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    FrameDecoder decoder;
    std::string bytes(random() % 64, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (round % 2) bytes = frame_of(bytes);
    decoder.push(bytes);
    for (;;) {
      const auto frame = decoder.next();
      if (!frame || !*frame) break;
    }
  }
}

TEST(Wire, TextThatIsNoUtf8IsMendedNotThrown) { EXPECT_TRUE(encode_frame({{"a", "\xff"}})); }

TEST(Wire, AnswersOpenToTheirResultOrError) {
  EXPECT_EQ(open_answer({{"result", 1}}).value(), Json(1));
  EXPECT_EQ(open_answer({{"error", {{"code", "not_found"}, {"message", "m"}}}}).error(),
            (Error{Code::not_found, "m"}));
  for (const Json& wrong : {Json(1), Json::object(), Json{{"error", 1}}, Json{{"error", {{"code", 1}}}}})
    EXPECT_EQ(open_answer(wrong).error().code, Code::internal);
}

}  // namespace
}  // namespace tenon
