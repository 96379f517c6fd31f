#include "plugins/cdi-import/worker/import.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "framework/plugin/contents_mark.h"
#include "plugins/cdi-import/leftovers.h"
#include "plugins/cdi-import/phase.h"
#include "plugins/cdi-import/source.h"
#include "plugins/cdi-import/worker/download.h"
#include "plugins/cdi-import/worker/image.h"
#include "plugins/cdi-import/worker/qemu_img.h"
#include "plugins/cdi-import/worker/sparse_file.h"

namespace tenon::cdi {
namespace {

// The part of the whole import that each step is, as a user sees it pass.
constexpr double kDownloaded = 0.9;
constexpr double kUnpacked = 0.95;

constexpr int64_t kSector = 512;  // bytes

// Any bytes are a raw image, a server's page of apology too: what cannot be a disk, or should be of another
// format, is not taken for one.
MaybeFailure doubt_raw(const std::string& url, int64_t size) {
  const std::string name = printable_url(url);
  const auto fails = [&](const std::string& why) {
    return Failure{"NotAnImage", name + why + "; see what the server sends for it"};
  };
  if (size < kSector) return fails(" has " + std::to_string(size) + " bytes, less than a sector of a disk");
  if (name.ends_with(".qcow2") || name.ends_with(".qcow2.gz"))
    return fails(" is no qcow2 image, as its name says it is");
  return std::nullopt;
}

Failure not_empty(const std::string& disk) {
  return {"ClaimNotEmpty", disk + " is there already: an import never overwrites a disk"};
}

// Never over what somebody has put there meanwhile: EEXIST. As rename otherwise.
int move_to_nothing(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  // Some file systems, NFS among them, cannot.
  return errno == EINVAL && link(from.c_str(), to.c_str()) == 0 ? unlink(from.c_str()) : -1;
}

class Import {
 public:
  Import(const Ledger& ledger, const FileDescriptor& lock, const Credentials& credentials, Monitor& monitor)
      : ledger_(ledger),
        lock_(lock),
        credentials_(credentials),
        monitor_(monitor),
        directory_(std::filesystem::path(ledger.claim.disk_path).parent_path().string()) {}

  MaybeFailure run();

 private:
  MaybeFailure begin(bool& done);
  MaybeFailure obtain(const Source& source);
  MaybeFailure fetch(const Source& source);
  MaybeFailure unpack();
  MaybeFailure convert();
  MaybeFailure place();
  Status clear(const std::string& disk);
  Status mark(const std::string& contents, bool own_disk = false);

  // Images carry more than the disk's bytes: tables, headers. More than that is no image for this claim.
  int64_t most_bytes() const { return ledger_.claim.size + ledger_.claim.size / 8 + (int64_t{16} << 20); }
  std::string temporary(const std::string& what) const { return temporary_path(directory_, what); }

  const Ledger& ledger_;
  const FileDescriptor& lock_;
  const Credentials& credentials_;
  Monitor& monitor_;
  const std::string directory_;
  std::string image_;   // the file that the last step made
  std::string format_;  // of it
  std::string digest_;  // of the served bytes
};

MaybeFailure Import::run() {
  const auto source = parse_source(ledger_.spec);
  if (!source) return Failure{"ImportFailed", source.error().message};
  bool done = false;
  if (MaybeFailure failure = begin(done)) return failure;
  if (done) return std::nullopt;
  MaybeFailure failure = obtain(*source);
  if (!failure) failure = place();
  const Status removed = remove_leftovers(directory_);
  if (failure) return failure;
  if (!removed) return local_failure(removed.error());
  if (const Status marked = mark("populated"); !marked) return local_failure(marked.error());
  return std::nullopt;
}

MaybeFailure Import::begin(bool& done) {
  const std::string& nonce = ledger_.claim.nonce;
  const std::string& disk = ledger_.claim.disk_path;
  const auto before = look_at_contents(ledger_.claim.directory, disk, nonce);
  if (!before) return local_failure(before.error());
  done = is_populated_by(before->mark, nonce, ledger_.address, ledger_.import_generation);
  if (done) return std::nullopt;
  const bool somebodys = before->state != contents_state(before->mark, nonce);
  if (somebodys || !may_fill(before->mark, nonce, ledger_.address)) return not_empty(disk);
  if (const Status removed = remove_leftovers(directory_); !removed) return local_failure(removed.error());
  // Of an earlier import that was deleted, or of a worker that was killed before it could tell.
  if (const Status cleared = clear(disk); !cleared) return local_failure(cleared.error());
  if (const Status marked = mark("incomplete"); !marked) return local_failure(marked.error());
  return std::nullopt;
}

Status Import::clear(const std::string& disk) {
  if (access(disk.c_str(), F_OK) != 0 && errno == ENOENT) return {};
  if (const Status marked = mark("incomplete", true); !marked) return marked;
  if (unlink(disk.c_str()) != 0 && errno != ENOENT) return errno_error("removing", disk, errno);
  return sync_directory(directory_);
}

MaybeFailure Import::obtain(const Source& source) {
  if (source.blank) {
    image_ = temporary("disk");
    return std::nullopt;
  }
  if (MaybeFailure failure = fetch(source)) return failure;
  if (format_ == "gz")
    if (MaybeFailure failure = unpack()) return failure;
  if (format_ == "qcow2") return convert();
  if (format_ != "raw")
    return Failure{"UnsupportedFormat",
                   "the image is " + format_ + "; raw, qcow2 and gzip of these are supported"};
  struct stat image {};
  if (stat(image_.c_str(), &image) != 0) return local_failure(errno_error("looking at", image_, errno));
  if (image.st_size == 0) return Failure{"EmptyImage", printable_url(source.url) + " is empty"};
  if (MaybeFailure failure = doubt_raw(source.url, image.st_size)) return failure;
  if (image.st_size > ledger_.claim.size) return too_large("the image", image.st_size, ledger_.claim.size);
  return std::nullopt;
}

MaybeFailure Import::fetch(const Source& source) {
  DownloadLimits limits = DownloadLimits::from_settings(ledger_.settings.value("download", Json::object()));
  limits.most_bytes = most_bytes();
  limits.claim_size = ledger_.claim.size;
  monitor_.begin("downloading", 0, kDownloaded);
  image_ = temporary("download");
  Download result;
  if (MaybeFailure failure = download({source.url, credentials_}, image_, limits, monitor_, result))
    return failure;
  if (!source.checksum.empty() && source.checksum != result.digest)
    return Failure{"ChecksumMismatch",
                   printable_url(source.url) + " has " + result.digest + ", expected was " + source.checksum};
  digest_ = result.digest;
  return detect_file(image_, format_);
}

MaybeFailure Import::unpack() {
  monitor_.begin("unpacking", kDownloaded, kUnpacked);
  const std::string packed = image_;
  image_ = temporary("unpacked");
  int64_t size = 0;
  if (MaybeFailure failure = unpack_gz(packed, image_, most_bytes(), ledger_.claim.size, monitor_, size))
    return failure;
  unlink(packed.c_str());
  return detect_file(image_, format_);
}

MaybeFailure Import::convert() {
  monitor_.begin("converting", kUnpacked, 1);
  const QemuImg tool(ledger_.settings.value("qemuImg", "qemu-img"),
                     std::chrono::seconds(ledger_.settings.value("convertSeconds", 3600)));
  int64_t virtual_size = 0;
  if (MaybeFailure failure = tool.inspect(image_, ledger_.claim.size, monitor_, virtual_size)) return failure;
  const std::string qcow2 = image_;
  image_ = temporary("disk");
  return tool.convert(qcow2, image_, ledger_.claim.size, monitor_);
}

MaybeFailure Import::place() {
  if (const Status sealed = seal_file(image_, ledger_.claim.size); !sealed)
    return local_failure(sealed.error());
  // The last look before the disk appears: a claim that was made anew meanwhile is not this import's.
  if (monitor_.stopped() || !holds_contents(lock_, ledger_.claim.directory)) return stopped();
  const std::string& disk = ledger_.claim.disk_path;
  if (access(disk.c_str(), F_OK) == 0) return not_empty(disk);
  if (const Status marked = mark("incomplete", true); !marked) return local_failure(marked.error());
  if (move_to_nothing(image_, disk) != 0) {
    const int error = errno;
    if (const Status marked = mark("incomplete"); !marked) return local_failure(marked.error());
    if (error == EEXIST) return not_empty(disk);
    return local_failure(errno_error("renaming to", disk, error));
  }
  if (const Status synced = sync_directory(directory_); !synced) return local_failure(synced.error());
  return std::nullopt;
}

Status Import::mark(const std::string& contents, bool own_disk) {
  return write_contents_mark(ledger_.claim.directory, {.contents = contents,
                                                       .nonce = ledger_.claim.nonce,
                                                       .importer = ledger_.address,
                                                       .generation = ledger_.import_generation,
                                                       .digest = contents == "populated" ? digest_ : "",
                                                       .own_disk = own_disk});
}

}  // namespace

MaybeFailure run_import(const Ledger& ledger, const FileDescriptor& lock, const Credentials& credentials,
                        Monitor& monitor) {
  return Import(ledger, lock, credentials, monitor).run();
}

}  // namespace tenon::cdi
