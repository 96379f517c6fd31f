// Frames between this process and a plugin host: a length in 4 bytes, little-endian, and that many bytes of
// JSON, always an object. Pure; no I/O.
//
//   to the host     {"call": ID, "method", "request", "remaining_ms"?}   {"cancel": ID}
//   from the host   {"call": ID, "answer": {"result": ...} or {"error": {"code", "message"}}}
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
// The same for an answer that is JSON text already.
Result<std::string> encode_answer(uint64_t call, std::string_view answer);

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

 private:
  std::string buffer_;
  size_t begin_ = 0;  // of the next frame in buffer_
};

// The result or the error of an answer; internal where it is neither.
Result<Json> open_answer(const Json& answer);
// {"error": {"code", "message"}} as text.
std::string error_answer(const Error& error);

}  // namespace tenon
