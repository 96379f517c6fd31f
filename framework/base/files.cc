#include "framework/base/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

namespace tenon {
namespace {

Code code_of(int error) {
  switch (error) {
    case ENOENT: return Code::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return Code::permission_denied;
    case EEXIST: return Code::already_exists;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE: return Code::resource_exhausted;
    case EINVAL:
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG: return Code::invalid_argument;
    default: return Code::unavailable;
  }
}

Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error("writing", path, errno);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

std::string parent_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

}  // namespace

void FileDescriptor::reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

Error errno_error(std::string_view what, const std::string& path, int error) {
  return {code_of(error), std::string(what) + " " + path + ": " + std::strerror(error)};
}

Result<std::string> read_file(const std::string& path) {
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return errno_error("opening", path, errno);
  std::string content;
  char block[65536];
  for (;;) {
    const ssize_t count = read(file.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("reading", path, errno);
    if (count == 0) return content;
    content.append(block, static_cast<size_t>(count));
  }
}

Status write_file_atomically(const std::string& path, std::string_view content, unsigned mode) {
  // Its name means nothing to whoever reads an error.
  std::string temporary = path + ".XXXXXX";
  FileDescriptor file(mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return errno_error("creating", path, errno);
  Status written = write_all(file.get(), content, path);
  if (written && fchmod(file.get(), mode) != 0) written = errno_error("chmod of", path, errno);
  if (written && fsync(file.get()) != 0) written = errno_error("syncing", path, errno);
  if (written && rename(temporary.c_str(), path.c_str()) != 0)
    written = errno_error("renaming to", path, errno);
  if (!written) {
    unlink(temporary.c_str());
    return written;
  }
  return sync_directory(parent_of(path));
}

Status sync_directory(const std::string& path) {
  FileDescriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return errno_error("opening", path, errno);
  if (fsync(directory.get()) != 0) return errno_error("syncing", path, errno);
  return {};
}

Status make_directories(const std::string& path) {
  std::filesystem::path prefix;
  for (const auto& part : std::filesystem::path(path)) {
    prefix /= part;
    if (mkdir(prefix.c_str(), 0711) != 0 && errno != EEXIST && errno != EISDIR)
      return errno_error("creating directory", prefix.string(), errno);
  }
  if (!std::filesystem::is_directory(path))
    return Error{Code::invalid_argument, path + " is not a directory"};
  return {};
}

Result<FileDescriptor> lock_file(const std::string& path, bool shared, std::chrono::milliseconds wait) {
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return errno_error("opening", path, errno);
  const auto end = std::chrono::steady_clock::now() + wait;
  while (flock(file.get(), (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return errno_error("locking", path, errno);
    if (std::chrono::steady_clock::now() >= end)
      return Error{Code::aborted, path + " is locked by another process"};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return file;
}

bool is_locked(const std::string& path) {
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file && flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace tenon
