// Files and locks: the few operations whose durability the rest depends on. All calls block; thread-safe.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "framework/base/result.h"

namespace tenon {

// Closes on destruction. Movable.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { reset(); }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

// not_found: no such file; permission_denied; otherwise unavailable. The message names the path.
Result<std::string> read_file(const std::string& path);

// Replaces the file as one act: temporary name in the same directory, fsync, rename, fsync of the directory.
// After an error or a crash the old content is there, whole. mode as for open(2).
Status write_file_atomically(const std::string& path, std::string_view content, unsigned mode = 0600);

// fsync of a directory, so that names made or removed in it survive a power cut.
Status sync_directory(const std::string& path);

// mkdir -p with 0711 for what is new: others may pass through to what was opened to them (QEMU to its disk),
// and see no names.
Status make_directories(const std::string& path);

// An flock(2) on a file that is made if missing. The lock lives as long as any descriptor that shares it,
// children's included, so the kernel releases it when the last holder is gone, however it ended.
//
// shared: many at once. wait 0: try once. aborted: somebody else holds it.
Result<FileDescriptor> lock_file(const std::string& path, bool shared = false,
                                 std::chrono::milliseconds wait = {});

// True if somebody holds an exclusive flock on the file now. A missing file is not locked.
bool is_locked(const std::string& path);

// "opening /x: No such file or directory", with the code for errno.
Error errno_error(std::string_view what, const std::string& path, int error);

}  // namespace tenon
