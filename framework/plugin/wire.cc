#include "framework/plugin/wire.h"

namespace tenon {
namespace {

constexpr size_t kHeader = 4;

Result<std::string> with_length(std::string_view payload) {
  if (payload.size() > kMaximalFrame)
    return Error{Code::resource_exhausted,
                 "a message of " + std::to_string(payload.size()) + " bytes is larger than a frame may be"};
  std::string frame;
  frame.reserve(kHeader + payload.size());
  for (size_t i = 0; i < kHeader; ++i) frame += static_cast<char>(payload.size() >> (8 * i) & 0xff);
  return frame.append(payload);
}

size_t read_length(std::string_view header) {
  size_t length = 0;
  for (size_t i = 0; i < kHeader; ++i)
    length |= static_cast<size_t>(static_cast<uint8_t>(header[i])) << (8 * i);
  return length;
}

bool nested_too_deeply(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaximalNesting) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<std::string> encode_frame(const Json& object) {
  return with_length(object.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<std::string> encode_answer(uint64_t call, std::string_view answer) {
  std::string payload = "{\"call\":" + std::to_string(call) + ",\"answer\":";
  return with_length(payload.append(answer).append("}"));
}

Result<Json> parse_object(std::string_view text) {
  if (nested_too_deeply(text)) return Error{Code::internal, "JSON that is nested too deeply"};
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Error{Code::internal, "not a JSON object"};
  return json;
}

Result<std::optional<Json>> FrameDecoder::next() {
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  if (rest.size() < kHeader) return std::optional<Json>();
  const size_t length = read_length(rest);
  if (length > kMaximalFrame) return Error{Code::internal, "a frame of " + std::to_string(length) + " bytes"};
  if (rest.size() - kHeader < length) return std::optional<Json>();
  Result<Json> json = parse_object(rest.substr(kHeader, length));
  if (!json) return with_context("a frame", json.error());
  begin_ += kHeader + length;
  if (begin_ == buffer_.size() || begin_ > (size_t{1} << 20)) buffer_.erase(0, std::exchange(begin_, 0));
  return std::optional<Json>(*std::move(json));
}

Result<Json> open_answer(const Json& answer) {
  if (!answer.is_object()) return Error{Code::internal, "the plugin's answer is not an object"};
  if (const auto result = answer.find("result"); result != answer.end()) return *result;
  const auto error = answer.find("error");
  if (error == answer.end() || !error->is_object())
    return Error{Code::internal, "the plugin's answer has neither result nor error"};
  const auto text = [&error](const char* key) {
    const auto member = error->find(key);
    return member != error->end() && member->is_string() ? member->get<std::string>() : std::string();
  };
  return Error{parse_code(text("code")), text("message")};
}

std::string error_answer(const Error& error) {
  const Json answer = {{"error", {{"code", to_string(error.code)}, {"message", error.message}}}};
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tenon
