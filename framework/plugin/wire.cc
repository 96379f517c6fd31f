#include "framework/plugin/wire.h"

namespace tenon {
namespace {

constexpr size_t kHeader = 4;

Result<std::string> with_length(std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (std::string_view part : parts) size += part.size();
  if (size > kMaximalFrame)
    return Error{Code::resource_exhausted,
                 "a message of " + std::to_string(size) + " bytes is larger than a frame may be"};
  std::string frame;
  frame.reserve(kHeader + size);
  for (size_t i = 0; i < kHeader; ++i) frame += static_cast<char>(size >> (8 * i) & 0xff);
  for (std::string_view part : parts) frame += part;
  return frame;
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
  return with_length({object.dump(-1, ' ', false, Json::error_handler_t::replace)});
}

Result<std::string> encode_call(uint64_t call, const std::string& method, std::optional<int64_t> remaining_ms,
                                std::string_view request) {
  std::string head = "{\"call\":" + std::to_string(call) + ",\"method\":" + Json(method).dump();
  if (remaining_ms) head += ",\"remaining_ms\":" + std::to_string(*remaining_ms);
  return with_length({head, ",\"request\":", request, "}"});
}

Result<std::string> encode_answer(uint64_t call, std::string_view answer) {
  return with_length({"{\"call\":", std::to_string(call), ",\"answer\":", answer, "}"});
}

Result<std::string> encode_event(std::string_view event) {
  const Result<Json> json = parse_object(event);
  if (!json) return json.error();
  const auto address = json->find("address");
  if (address == json->end() || !address->is_string())
    return Error{Code::internal, "an event has an address"};
  return encode_frame({{"event", {{"address", *address}}}});
}

Result<Envelope> open_envelope(std::string_view payload, std::string_view member) {
  // Within a string the quotes would be escaped, so the first one is the member's.
  const std::string mark = ",\"" + std::string(member) + "\":";
  const size_t at = payload.find(mark);
  const bool whole = at == std::string_view::npos || !payload.ends_with('}');
  Result<Json> head = parse_object(whole ? payload : std::string(payload.substr(0, at)) + "}");
  if (!head) return head.error();
  if (whole) return Envelope{*std::move(head), ""};
  payload.remove_suffix(1);
  return Envelope{*std::move(head), payload.substr(at + mark.size())};
}

Result<Json> parse_object(std::string_view text) {
  if (nested_too_deeply(text)) return Error{Code::internal, "JSON that is nested too deeply"};
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Error{Code::internal, "not a JSON object"};
  return json;
}

Result<std::optional<std::string_view>> FrameDecoder::next_text() {
  if (begin_ == buffer_.size() || begin_ > (size_t{1} << 20)) buffer_.erase(0, std::exchange(begin_, 0));
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  if (rest.size() < kHeader) return std::optional<std::string_view>();
  const size_t length = read_length(rest);
  if (length > kMaximalFrame) return Error{Code::internal, "a frame of " + std::to_string(length) + " bytes"};
  if (rest.size() - kHeader < length) return std::optional<std::string_view>();
  begin_ += kHeader + length;
  return std::optional(rest.substr(kHeader, length));
}

Result<std::optional<Json>> FrameDecoder::next() {
  const auto text = next_text();
  if (!text) return text.error();
  if (!*text) return std::optional<Json>();
  Result<Json> json = parse_object(**text);
  if (!json) return with_context("a frame", json.error());
  return std::optional<Json>(*std::move(json));
}

Result<Json> open_answer(Json answer) {
  if (!answer.is_object()) return Error{Code::internal, "the plugin's answer is not an object"};
  if (const auto result = answer.find("result"); result != answer.end()) return std::move(*result);
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
