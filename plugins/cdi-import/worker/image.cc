#include "plugins/cdi-import/worker/image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <vector>

#include "framework/base/files.h"
#include "plugins/cdi-import/worker/sparse_file.h"

namespace tenon::cdi {
namespace {

using std::literals::string_view_literals::operator""sv;

struct Magic {
  size_t offset;
  std::string_view bytes;
  const char* format;
};

constexpr Magic kMagics[] = {
    {0, "QFI\xfb\0\0\0\x02"sv, "qcow2"},
    {0, "QFI\xfb\0\0\0\x03"sv, "qcow2"},
    {0, "QFI\xfb\0\0\0\x01"sv, "qcow"},
    {0, "\x1f\x8b\x08"sv, "gz"},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     "xz"},
    {0, "\x28\xb5\x2f\xfd"sv, "zstd"},
    {0, "BZh"sv, "bzip2"},
    {0, "PK\x03\x04"sv, "zip"},
    {0, "KDMV"sv, "vmdk"},
    {0, "COWD"sv, "vmdk"},
    {0, "# Disk Descriptor"sv, "vmdk"},
    {0x40, "\x7f\x10\xda\xbe"sv, "vdi"},
    {0, "conectix"sv, "vhd"},
    {0, "vhdxfile"sv, "vhdx"},
};

class Inflater {
 public:
  // 15 window bits, plus 16: a gzip header is expected.
  Inflater() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream_{};
  bool ready_ = false;
};

class Unpacker {
 public:
  Unpacker(const std::string& name, SparseFile file, int64_t most_bytes, int64_t claim_size)
      : name_(name), file_(std::move(file)), most_bytes_(most_bytes), claim_size_(claim_size) {}

  // A piece of the packed file, in order.
  MaybeFailure feed(std::string_view bytes);
  MaybeFailure finish(int64_t& size);

 private:
  MaybeFailure step();
  MaybeFailure corrupt(const std::string& what) {
    return Failure{"CorruptImage", "the gzip file is damaged: " + what};
  }

  const std::string name_;
  SparseFile file_;
  const int64_t most_bytes_, claim_size_;
  Inflater inflater_;
  bool ended_ = false;  // a member has ended and no other has begun
  std::vector<char> block_ = std::vector<char>(1 << 18);
};

MaybeFailure Unpacker::feed(std::string_view bytes) {
  if (!inflater_.ready_) return Failure{"ImportFailed", "zlib cannot start"};
  z_stream& stream = inflater_.stream_;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  while (stream.avail_in > 0) {
    if (ended_) {
      // Members may follow each other; after the last one tape blocks are filled up with zeros.
      if (*stream.next_in == 0) {
        ++stream.next_in;
        --stream.avail_in;
        continue;
      }
      inflateReset(&stream);
      ended_ = false;
    }
    if (MaybeFailure failure = step()) return failure;
  }
  return std::nullopt;
}

MaybeFailure Unpacker::step() {
  z_stream& stream = inflater_.stream_;
  int code = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(block_.data());
    stream.avail_out = static_cast<uInt>(block_.size());
    code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      return corrupt(stream.msg ? stream.msg : "no gzip data");
    const size_t count = block_.size() - stream.avail_out;
    if (file_.size() + static_cast<int64_t>(count) > most_bytes_)
      return too_large("the unpacked image", most_bytes_, claim_size_, true);
    if (const Status written = file_.append({block_.data(), count}); !written)
      return local_failure(written.error());
  } while (code == Z_OK && stream.avail_out == 0);
  ended_ = code == Z_STREAM_END;
  return std::nullopt;
}

MaybeFailure Unpacker::finish(int64_t& size) {
  if (!ended_) return corrupt("it ends early");
  if (const Status finished = file_.finish(); !finished) return local_failure(finished.error());
  size = file_.size();
  return std::nullopt;
}

}  // namespace

std::string detect_format(std::string_view head) {
  for (const Magic& magic : kMagics)
    if (head.size() >= magic.offset && head.substr(magic.offset).starts_with(magic.bytes))
      return magic.format;
  return "raw";
}

MaybeFailure detect_file(const std::string& path, std::string& format) {
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return local_failure(errno_error("opening", path, errno));
  char head[512];
  const ssize_t count = pread(file.get(), head, sizeof head, 0);
  if (count < 0) return local_failure(errno_error("reading", path, errno));
  format = detect_format({head, static_cast<size_t>(count)});
  return std::nullopt;
}

MaybeFailure unpack_gz(const std::string& from, const std::string& to, int64_t most_bytes, int64_t claim_size,
                       Monitor& monitor, int64_t& size) {
  FileDescriptor source(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!source || fstat(source.get(), &status) != 0) return local_failure(errno_error("opening", from, errno));
  auto file = SparseFile::create(to);
  if (!file) return local_failure(file.error());
  Unpacker unpacker(from, std::move(*file), most_bytes, claim_size);
  std::vector<char> block(1 << 18);
  for (int64_t done = 0;;) {
    if (monitor.stopped()) return stopped();
    const ssize_t count = read(source.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return local_failure(errno_error("reading", from, errno));
    if (count == 0) return unpacker.finish(size);
    if (MaybeFailure failure = unpacker.feed({block.data(), static_cast<size_t>(count)})) return failure;
    monitor.advance(done += count, status.st_size);
  }
}

}  // namespace tenon::cdi
