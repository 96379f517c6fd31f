#include "plugins/local/claims.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <thread>

#include "framework/base/digest.h"
#include "framework/base/files.h"
#include "framework/base/quantity.h"
#include "framework/plugin/formats.h"
#include "framework/plugin/place.h"

namespace tenon::local {
namespace {

namespace fs = std::filesystem;

// Who only looks whether the contents are locked holds the lock for a moment.
constexpr std::chrono::milliseconds kLook{200};

// How the name of a claim that is being made begins.
constexpr char kUnfinished[] = ".new-";

// How the names of what an importer writes begin until it is whole.
constexpr char kImporters[] = ".import-";

std::string mark_path(const std::string& directory) { return directory + "/claim.json"; }

std::string to_text(const ClaimMark& mark) {
  Json json = {{"version", kClaimMarkVersion}, {"inventory", mark.inventory},   {"address", mark.address},
               {"nonce", mark.nonce},          {"generation", mark.generation}, {"spec", mark.spec}};
  if (!mark.record.is_null()) json["record"] = mark.record;
  return json.dump(2) + "\n";
}

Result<ClaimMark> parse_mark(const std::string& path, const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (const Status known = refuse_newer(path, json, kClaimMarkVersion); !known) return known.error();
  if (!json.is_object() || json.value("version", Json()) != kClaimMarkVersion)
    return Error{Code::failed_precondition, path + " is not a claim's mark of version 1"};
  ClaimMark mark;
  const std::pair<const char*, std::string*> members[] = {{"inventory", &mark.inventory},
                                                          {"address", &mark.address},
                                                          {"nonce", &mark.nonce},
                                                          {"generation", &mark.generation}};
  for (const auto& [key, member] : members) {
    const Json value = json.value(key, Json());
    if (!value.is_string()) return Error{Code::failed_precondition, path + " has no " + key};
    *member = value.get<std::string>();
  }
  mark.spec = json.value("spec", Json::object());
  mark.record = json.value("record", Json());
  return mark;
}

// The directory itself is the lock file: nothing is left behind when the last claim is gone.
Result<FileDescriptor> lock_directory(const std::string& path, std::chrono::milliseconds patience) {
  FileDescriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return errno_error("opening", path, errno);
  const auto end = std::chrono::steady_clock::now() + patience;
  while (flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return errno_error("locking", path, errno);
    if (std::chrono::steady_clock::now() >= end)
      return Error{Code::aborted, "another process is changing claims in " + path};
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return directory;
}

Status remove_tree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return Error{Code::unavailable, "removing " + path + ": " + error.message()};
  return {};
}

// What a create that was killed left behind. Only under the lock.
Status remove_leftovers(const std::string& directory) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().filename().string().starts_with(kUnfinished))
      if (const Status removed = remove_tree(entry->path()); !removed) return removed;
  return {};
}

// What a disk that nobody declared is, in the words of a claim; null without one.
Json spec_of_disk(const Claim& claim) {
  struct stat disk {};
  if (stat(claim.disk_path().c_str(), &disk) != 0 || !S_ISREG(disk.st_mode) || disk.st_size == 0) return {};
  return {{"accessModes", {"ReadWriteOnce"}},
          {"resources", {{"requests", {{"storage", std::to_string(disk.st_size)}}}}}};
}

Status read_contents(Claim& claim) {
  auto seen = look_at_contents(claim.directory, claim.disk_path(), claim.mark.nonce);
  if (!seen) return seen.error();
  claim.contents = seen->state;
  if (contents_state(seen->mark, claim.mark.nonce) == "populated") claim.filled = *std::move(seen->mark);
  return {};
}

// So that no importer counts as done any more while its disk goes; that it goes was decided.
Status mark_incomplete(const std::string& directory) {
  const auto told = read_contents_mark(directory);
  if (!told) return told.error();
  if (!*told || (*told)->contents != "populated") return {};
  ContentsMark mark = **told;
  mark.contents = "incomplete";
  mark.own_disk = true;
  mark.digest.clear();
  return write_contents_mark(directory, mark);
}

// None of what is no directory.
fs::directory_iterator entries(const fs::directory_entry& entry, std::error_code& error) {
  return entry.is_directory() ? fs::directory_iterator(entry.path(), error) : fs::directory_iterator();
}

std::optional<struct statx> look_at_directory(const std::string& path) {
  struct statx seen {};
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &seen) != 0) return std::nullopt;
  return seen;
}

std::pair<unsigned, unsigned> device_of(const struct statx& seen) {
  return {seen.stx_dev_major, seen.stx_dev_minor};
}

// Its inode and, where the file system knows it, its birth.
std::string to_text(const struct statx& seen) {
  const std::string inode = std::to_string(seen.stx_ino);
  if (!(seen.stx_mask & STATX_BTIME)) return inode;
  return inode + "-" + std::to_string(seen.stx_btime.tv_sec) + "-" + std::to_string(seen.stx_btime.tv_nsec);
}

Error foreign(const Claim& claim, Code code) {
  if (!claim.marked)
    return {code, claim.directory + " is there already and carries no mark of Tenon: move it away"};
  return {code,
          claim.directory + " belongs to " + claim.mark.address + " of inventory " + claim.mark.inventory};
}

// QEMU keeps open file description locks on the disks of running machines.
bool locked_by_a_program(const std::string& disk) {
  FileDescriptor file(open(disk.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return false;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

// Of a claim's own files: its marks and lock, its disk, and what an importer or a write leaves when killed.
bool is_own(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename();
  if (!entry.is_regular_file() && !entry.is_symlink()) return false;
  return name == "disk.img" || name == "lock" || name == "claim.json" || name == "contents.json" ||
         name.starts_with("claim.json.") || name.starts_with("contents.json.") ||
         name.starts_with(kImporters);
}

// Somebody put it there: it may be data, of which no mark tells.
Status refuse_strangers(const std::string& directory) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
    if (!is_own(*entry))
      return Error{Code::failed_precondition,
                   entry->path().string() + " is not the claim's own, and would be lost: move it away first"};
  if (error) return Error{Code::unavailable, "looking through " + directory + ": " + error.message()};
  return {};
}

Result<FileDescriptor> lock_for_removal(const Claim& claim) {
  auto lock = lock_contents(claim.directory, kLook);
  if (lock) return lock;
  if (lock.error().code != Code::aborted) return lock.error();
  const auto mark = read_contents_mark(claim.directory);
  const std::string importer = mark && *mark ? (*mark)->importer : "an importer";
  return Error{Code::failed_precondition,
               claim.directory + " is being filled by " + importer + ": delete that first"};
}

}  // namespace

Result<ClaimName> ClaimName::make(const std::string& name_space, const std::string& name) {
  for (const std::string& part : {name_space, name})
    if (part.empty() || part.starts_with('.') || part.find('/') != std::string::npos ||
        part.find('\0') != std::string::npos)
      return Error{Code::invalid_argument, "'" + part + "' cannot name a claim's directory"};
  return ClaimName{name_space, name};
}

std::string Claim::why_not_claimed() const {
  return directory +
         " carries no mark and holds no disk.img with anything in it, so it is not taken for a claim: put "
         "the "
         "disk there under that name, or move the directory away";
}

Result<int64_t> requested_size(const Json& spec) {
  const Json::json_pointer path("/resources/requests/storage");
  if (!spec.contains(path))
    return Error{Code::invalid_argument, "spec.resources.requests.storage is missing"};
  const auto size = Quantity::from_json(spec.at(path));
  if (!size) return with_context("spec.resources.requests.storage", size.error());
  if (!size->is_positive())
    return Error{Code::invalid_argument, "spec.resources.requests.storage: a size must be positive"};
  if (*size > Quantity::from_json(std::numeric_limits<int64_t>::max()).value())
    return Error{Code::invalid_argument,
                 "spec.resources.requests.storage: no file has more than 9223372036854775807 bytes"};
  return size->value();
}

std::string Claims::directory_id(const ClaimName& name) const {
  const auto root = look_at_directory(root_), space = look_at_directory(namespace_directory(name));
  if (!root) return "";
  return to_text(*root) + (space && device_of(*space) != device_of(*root) ? "/" + to_text(*space) : "");
}

Status Claims::look_at_root(const ClaimName& name, const std::string& directory_id) const {
  std::error_code error;
  const fs::file_type type = fs::status(root_, error).type();
  const bool is_directory = type == fs::file_type::directory;
  if (is_directory && (directory_id.empty() || directory_id == this->directory_id(name))) return {};
  const std::string wrong = type == fs::file_type::not_found ? " is missing"
                            : type == fs::file_type::none    ? " cannot be looked at: " + error.message()
                            : is_directory                   ? " is another directory than before"
                                                             : " is no directory";
  return Error{Code::failed_precondition,
               root_ + wrong +
                   ", and claims were made in it: mount it or put it back; if it is gone for good, "
                   "`tenon forget --record-only` gives them up"};
}

bool Claims::can_hold(int64_t size) const {
  fs::path directory = root_;
  std::error_code error;
  while (!fs::is_directory(directory, error) && directory.has_relative_path())
    directory = directory.parent_path();
  const FileDescriptor file(open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  return !file || ftruncate(file.get(), size) == 0 || (errno != EFBIG && errno != EINVAL);
}

Result<Claim> Claims::find(const ClaimName& name) const {
  Claim claim{.name = name, .directory = namespace_directory(name) + "/" + name.name};
  struct stat status {};
  if (lstat(claim.directory.c_str(), &status) != 0) {
    if (errno == ENOENT) return claim;
    return errno_error("looking at", claim.directory, errno);
  }
  const auto text = read_file(mark_path(claim.directory));
  claim.exists = true;
  if (!text && (text.error().code == Code::not_found || !S_ISDIR(status.st_mode))) {
    // Deleted in between, the rest of a delete that was killed (empty), or never ours.
    std::error_code gone;
    claim.exists = !S_ISDIR(status.st_mode) || (!fs::is_empty(claim.directory, gone) && !gone);
    claim.mark.spec = spec_of_disk(claim);
    claim.contents = claim.mark.spec.is_null() ? "none" : "populated";
    return claim;
  }
  if (!text) return text.error();
  auto mark = parse_mark(mark_path(claim.directory), *text);
  if (!mark) return mark.error();
  claim.marked = !mark->inventory.empty();
  claim.mark = std::move(*mark);
  if (const Status read = read_contents(claim); !read) return read.error();
  return claim;
}

Status Claims::create(const ClaimName& name, const ClaimMark& mark, std::chrono::milliseconds patience) {
  if (const auto size = requested_size(mark.spec); !size) return size.error();
  if (const Status made = make_directories(root_); !made) return made;
  const auto lock = lock_directory(root_, patience);
  if (!lock) return lock.error();
  if (const Status made = make_directories(namespace_directory(name)); !made) return made;
  if (const Status cleaned = remove_leftovers(namespace_directory(name)); !cleaned) return cleaned;
  const auto claim = find(name);
  if (!claim) return claim.error();
  if (!claim->exists) return make(name, mark);
  if (!claim->marked || !claim->mark.same_owner(mark) || claim->mark.nonce != mark.nonce)
    return foreign(*claim, Code::already_exists);
  return claim->mark.generation == mark.generation ? Status() : rewrite(*claim, mark);
}

Status Claims::update(const ClaimName& name, const ClaimMark& mark, std::chrono::milliseconds patience) {
  const auto lock = lock_directory(root_, patience);
  if (!lock) return lock.error();
  const auto claim = find(name);
  if (!claim) return claim.error();
  if (!claim->exists) return Error{Code::not_found, claim->directory + " does not exist"};
  if (!claim->marked || !claim->mark.same_owner(mark)) return foreign(*claim, Code::failed_precondition);
  return rewrite(*claim, mark);
}

Status Claims::remove(const ClaimName& name, const ClaimMark& owner, std::chrono::milliseconds patience) {
  const auto lock = lock_directory(root_, patience);
  if (!lock) return lock.error().code == Code::not_found ? Status() : Status(lock.error());
  const auto claim = find(name);
  if (!claim) return claim.error();
  if (claim->exists && (!claim->marked || !claim->mark.same_owner(owner)))
    return foreign(*claim, Code::failed_precondition);
  if (claim->exists)
    if (const Status erased = erase(*claim, name); !erased) return erased;
  if (const Status cleaned = remove_leftovers(namespace_directory(name)); !cleaned) return cleaned;
  rmdir(claim->directory.c_str());
  // Stays while it has other claims.
  rmdir(namespace_directory(name).c_str());
  return {};
}

Status Claims::change_mark(const ClaimName& name, std::chrono::milliseconds patience,
                           const std::function<Result<ClaimMark>(const Claim&)>& change) const {
  const auto lock = lock_directory(root_, patience);
  if (!lock) return lock.error();
  const auto claim = find(name);
  if (!claim) return claim.error();
  if (!claim->exists) return Error{Code::not_found, claim->directory + " does not exist"};
  auto mark = change(*claim);
  if (!mark) return mark.error();
  if (mark->nonce != claim->mark.nonce) {
    // The contents are those of the claim, whatever nonce it has.
    const auto busy = lock_contents(claim->directory);
    if (!busy) return busy.error();
    auto contents = read_contents_mark(claim->directory);
    if (!contents) return contents.error();
    if (claim->contents == "populated" && (!*contents || (*contents)->contents != "populated"))
      *contents = ContentsMark{.contents = "populated"};
    if (*contents) {
      (*contents)->nonce = mark->nonce;
      if (const Status kept = write_contents_mark(claim->directory, **contents); !kept) return kept;
    }
  }
  return write_file_atomically(mark_path(claim->directory), to_text(*mark));
}

Status Claims::adopt(const ClaimName& name, const ClaimMark& mark, std::chrono::milliseconds patience) {
  return change_mark(name, patience, [&mark](const Claim& claim) -> Result<ClaimMark> {
    if (claim.marked && !claim.mark.same_owner(mark)) return foreign(claim, Code::failed_precondition);
    if (!claim.can_be_claimed()) return Error{Code::failed_precondition, claim.why_not_claimed()};
    ClaimMark next = mark;
    for (const auto& item : claim.mark.spec.items())
      if (!next.spec.contains(item.key())) next.spec[item.key()] = item.value();
    if (const auto size = requested_size(next.spec); !size) return size.error();
    return next;
  });
}

Status Claims::move(const ClaimName& name, const ClaimMark& mark, const std::string& from,
                    std::chrono::milliseconds patience) {
  return change_mark(name, patience, [&](const Claim& claim) -> Result<ClaimMark> {
    ClaimMark before = mark;
    before.address = from;
    if (!claim.marked || (!claim.mark.same_owner(before) && !claim.mark.same_owner(mark)))
      return foreign(claim, Code::failed_precondition);
    ClaimMark next = claim.mark;
    next.address = mark.address;
    next.record = mark.record;
    return next;
  });
}

Status Claims::forget(const ClaimName& name, const ClaimMark& owner, std::chrono::milliseconds patience) {
  return change_mark(name, patience, [&owner](const Claim& claim) -> Result<ClaimMark> {
    if (!claim.marked) return claim.mark;
    if (!claim.mark.same_owner(owner)) return foreign(claim, Code::failed_precondition);
    return ClaimMark{.nonce = claim.mark.nonce, .spec = claim.mark.spec};
  });
}

Result<std::optional<ClaimName>> Claims::place_of(const std::string& identity,
                                                  const std::string& directory_id) const {
  if (identity.empty()) return std::optional<ClaimName>();
  const auto place = place_below(root_, identity);
  if (!place) return place.error();
  const auto name = ClaimName::make(place->name_space, place->name);
  if (!name) return name.error();
  const Status root = look_at_root(*name, directory_id);
  struct stat status {};
  if (lstat(identity.c_str(), &status) == 0) return std::optional(*name);
  const int why = errno;
  if (!root) return root.error();
  return why == ENOENT ? Result<std::optional<ClaimName>>(std::nullopt)
                       : errno_error("looking at", identity, why);
}

Result<std::vector<Claim>> Claims::marked() const {
  std::vector<Claim> claims;
  std::error_code error;
  for (fs::directory_iterator space(root_, error), end; !error && space != end; space.increment(error))
    for (fs::directory_iterator entry = entries(*space, error); !error && entry != end;
         entry.increment(error)) {
      const auto name = ClaimName::make(space->path().filename(), entry->path().filename());
      if (!name) continue;  // what a killed create left
      auto claim = find(*name);
      if (!claim) return claim.error();
      if (claim->marked) claims.push_back(std::move(*claim));
    }
  if (error && error != std::errc::no_such_file_or_directory)
    return Error{Code::unavailable, "looking through " + root_ + ": " + error.message()};
  std::sort(claims.begin(), claims.end(),
            [](const Claim& a, const Claim& b) { return a.directory < b.directory; });
  return claims;
}

Status Claims::make(const ClaimName& name, const ClaimMark& mark) const {
  const std::string parent = namespace_directory(name);
  const std::string temporary = parent + "/" + kUnfinished + random_uuid();
  // A hypervisor that runs its machines as somebody else must get through to the disk.
  if (mkdir(temporary.c_str(), 0711) != 0) return errno_error("creating", temporary, errno);
  if (const Status written = write_file_atomically(mark_path(temporary), to_text(mark)); !written)
    return written;
  const std::string final = parent + "/" + name.name;
  rmdir(final.c_str());  // an empty one is nobody's
  if (renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, final.c_str(), RENAME_NOREPLACE) != 0)
    return errno_error("renaming to", final, errno);
  if (const Status synced = sync_directory(parent); !synced) return synced;
  return sync_directory(root_);
}

Status Claims::rewrite(const Claim& claim, const ClaimMark& mark) const {
  const auto size = requested_size(mark.spec);
  if (!size) return size.error();
  const auto before = requested_size(claim.mark.spec);
  if (before && *size < *before)
    return Error{Code::invalid_argument, claim.directory + " cannot shrink: its disk may be full of data"};
  // An importer writes a disk of the size it was told; a claim must not outgrow it meanwhile.
  const auto lock = lock_contents(claim.directory);
  if (!lock) return lock.error();
  struct stat disk {};
  if (claim.contents == "populated" && stat(claim.disk_path().c_str(), &disk) == 0 && disk.st_size < *size &&
      truncate(claim.disk_path().c_str(), *size) != 0)
    return errno_error("growing", claim.disk_path(), errno);
  ClaimMark next = mark;
  next.nonce = claim.mark.nonce;
  return write_file_atomically(mark_path(claim.directory), to_text(next));
}

Status Claims::erase(const Claim& claim, const ClaimName& name) const {
  const auto lock = lock_for_removal(claim);
  if (!lock) return lock.error();
  if (locked_by_a_program(claim.disk_path()))
    return Error{Code::failed_precondition,
                 claim.disk_path() + " is in use by a running program: stop that first"};
  if (const Status own = refuse_strangers(claim.directory); !own) return own;
  // The disk goes before the mark that tells of it, and the claim's own mark goes last: a kill leaves a
  // smaller claim, which the next delete finds, and never a disk that passes for none.
  if (const Status marked = mark_incomplete(claim.directory); !marked) return marked;
  if (const Status removed = remove_tree(claim.disk_path()); !removed) return removed;
  if (const Status synced = sync_directory(claim.directory); !synced) return synced;
  const fs::path mark(mark_path(claim.directory));
  std::error_code error;
  for (fs::directory_iterator entry(claim.directory, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path() != mark)
      if (const Status removed = remove_tree(entry->path()); !removed) return removed;
  if (const Status synced = sync_directory(claim.directory); !synced) return synced;
  if (const Status removed = remove_tree(mark); !removed) return removed;
  if (rmdir(claim.directory.c_str()) != 0) return errno_error("removing", claim.directory, errno);
  return sync_directory(namespace_directory(name));
}

}  // namespace tenon::local
