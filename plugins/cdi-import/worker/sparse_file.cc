#include "plugins/cdi-import/worker/sparse_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tenon::cdi {
namespace {

constexpr int64_t kBlock = 4096;

bool is_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

}  // namespace

Result<SparseFile> SparseFile::create(const std::string& path) {
  FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return errno_error("creating", path, errno);
  return SparseFile(path, std::move(file));
}

Status SparseFile::append(std::string_view bytes) {
  // Runs of blocks that hold data are written in one go.
  std::string_view run;
  int64_t run_at = size_;
  while (!bytes.empty()) {
    const size_t length = std::min<size_t>(bytes.size(), kBlock - size_ % kBlock);
    const std::string_view piece = bytes.substr(0, length);
    if (!is_zero(piece)) {
      if (run.empty()) run_at = size_;
      run = run.empty() ? piece : std::string_view(run.data(), run.size() + length);
    } else {
      if (const Status written = write_at(run, run_at); !written) return written;
      run = {};
    }
    size_ += static_cast<int64_t>(length);
    bytes.remove_prefix(length);
  }
  return write_at(run, run_at);
}

Status SparseFile::start_over() {
  size_ = 0;
  if (ftruncate(file_.get(), 0) != 0) return errno_error("truncating", path_, errno);
  return {};
}

Status SparseFile::finish() {
  if (ftruncate(file_.get(), size_) != 0) return errno_error("setting the size of", path_, errno);
  return {};
}

Status SparseFile::write_at(std::string_view bytes, int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(file_.get(), bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error("writing", path_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
  return {};
}

Status seal_file(const std::string& path, int64_t size) {
  FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return errno_error("opening", path, errno);
  if (ftruncate(file.get(), size) != 0) return errno_error("setting the size of", path, errno);
  if (fsync(file.get()) != 0) return errno_error("syncing", path, errno);
  return {};
}

}  // namespace tenon::cdi
