// What runs inside tenon-plugin-host: calls come in as frames, go to the plugin on a bounded number of
// threads, and their answers go out as frames.
#pragma once

#include <mutex>
#include <string_view>

#include "framework/base/result.h"
#include "framework/plugin/loader.h"

namespace tenon {

// The exit status of a host that needed more memory than it may have.
inline constexpr int kOutOfMemory = 86;
// Of one whose plugin has left no descriptor to be opened: after the answer of the call that shows it.
inline constexpr int kOutOfDescriptors = 87;

// The frames that go out on one socket. Thread-safe.
class FrameWriter {
 public:
  explicit FrameWriter(int fd) : fd_(fd) {}
  // Nobody is left to hear what cannot be written; the reader sees end-of-file.
  void write(std::string_view frame);

 private:
  const int fd_;
  std::mutex mutex_;
};

// Blocks until end-of-file on `fd` and until the calls that run then have returned. An error: the peer broke
// the protocol or went away. out: of the same socket.
Status serve(int fd, FrameWriter& out, LoadedPlugin& plugin, int parallel);

// Answers every call with the error until end-of-file: how the other side learns why there is no plugin.
void refuse(int fd, const Error& error);

}  // namespace tenon
