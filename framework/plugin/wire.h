// Frames between this process and a plugin host: a length in 4 bytes, little-endian, and that many bytes of
// JSON, always an object. Pure; no I/O.
//
//   to the host     {"call": ID, "method", "request", "remaining_ms"?}   {"cancel": ID}
//   from the host   {"call": ID, "answer": {"result": ...} or {"error": {"code", "message"}}}
//                   {"event": {"address"}}
//
// Secrets go over a socket of their own: {"call": ID, "method": "secret", "request"} from the host and an
// answer to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon {

inline constexpr size_t kMaximalFrame = size_t{64} << 20;
inline constexpr int kMaximalNesting = 256;

// resource_exhausted: larger than a frame may be.
Result<std::string> encode_frame(const Json& object);
// Frames whose request or answer is JSON text already; it comes last, so that open_envelope finds it.
// remaining_ms: nothing: there is no deadline.
Result<std::string> encode_call(uint64_t call, const std::string& method, std::optional<int64_t> remaining_ms,
                                std::string_view request);
Result<std::string> encode_answer(uint64_t call, std::string_view answer);
// internal: what the plugin notified is no object.
Result<std::string> encode_event(std::string_view event);

// A frame, with its large member as text that is not parsed, nor known to be JSON: whoever reads it does
// that.
struct Envelope {
  Json head;
  std::string_view body;  // "": the frame has no such member
};
// member: "request" or "answer". internal: not a frame.
Result<Envelope> open_envelope(std::string_view payload, std::string_view member);

// An object as JSON text, neither malformed nor nested deeper than anything of ours: what a plugin wrote must
// not exhaust our stack. internal: it is not.
Result<Json> parse_object(std::string_view text);

// Cuts a stream of bytes into frames. One thread at a time.
class FrameDecoder {
 public:
  void push(std::string_view bytes) { buffer_ += bytes; }
  // The next whole frame; nothing: more bytes are needed. internal: the peer broke the protocol, and nothing
  // after that can be read.
  Result<std::optional<Json>> next();
  // The same as text that is valid until the next call of anything here.
  Result<std::optional<std::string_view>> next_text();

 private:
  std::string buffer_;
  size_t begin_ = 0;  // of the next frame in buffer_
};

// The result or the error of an answer; internal where it is neither.
Result<Json> open_answer(Json answer);
// {"error": {"code", "message"}} as text.
std::string error_answer(const Error& error);

}  // namespace tenon
