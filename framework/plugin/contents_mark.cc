#include "framework/plugin/contents_mark.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "framework/base/json.h"
#include "framework/plugin/formats.h"

namespace tenon {
namespace {

std::string mark_path(const std::string& directory) { return directory + "/contents.json"; }
std::string lock_path(const std::string& directory) { return directory + "/lock"; }

Error malformed(const std::string& directory) {
  return {Code::failed_precondition, mark_path(directory) + " is not a contents mark of version 1"};
}

Result<std::optional<ContentsMark>> parse(const std::string& directory, const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (const Status known = refuse_newer(mark_path(directory), json, kContentsMarkVersion); !known)
    return known.error();
  if (!json.is_object() || json.value("version", Json()) != kContentsMarkVersion) return malformed(directory);
  ContentsMark mark;
  const std::pair<const char*, std::string*> members[] = {{"contents", &mark.contents},
                                                          {"nonce", &mark.nonce},
                                                          {"importer", &mark.importer},
                                                          {"generation", &mark.generation},
                                                          {"digest", &mark.digest}};
  for (const auto& [key, member] : members) {
    const Json value = json.value(key, Json(""));
    if (!value.is_string()) return malformed(directory);
    *member = value.get<std::string>();
  }
  mark.released = json.value("released", Json()) == true;
  mark.own_disk = json.value("ownDisk", Json()) == true;
  if (mark.contents != "incomplete" && mark.contents != "populated") return malformed(directory);
  return std::optional(mark);
}

// A writer that was killed leaves its temporary file; under the lock there is no other writer.
void remove_interrupted_writes(const std::string& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().filename().string().starts_with("contents.json.")) unlink(entry->path().c_str());
}

// Whoever put it there. What is no plain file may lead to some.
Result<bool> holds_data(const std::string& disk) {
  struct stat status {};
  if (lstat(disk.c_str(), &status) == 0) return !S_ISREG(status.st_mode) || status.st_size > 0;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return errno_error("looking at", disk, errno);
}

}  // namespace

Result<std::optional<ContentsMark>> read_contents_mark(const std::string& directory) {
  const auto text = read_file(mark_path(directory));
  if (text) return parse(directory, *text);
  if (text.error().code == Code::not_found) return std::optional<ContentsMark>();
  return text.error();
}

Status write_contents_mark(const std::string& directory, const ContentsMark& mark) {
  remove_interrupted_writes(directory);
  Json json = {{"version", kContentsMarkVersion}, {"contents", mark.contents},     {"nonce", mark.nonce},
               {"importer", mark.importer},       {"generation", mark.generation}, {"digest", mark.digest}};
  if (mark.released) json["released"] = true;
  if (mark.own_disk) json["ownDisk"] = true;
  return write_file_atomically(mark_path(directory), json.dump(2) + "\n");
}

std::string contents_state(const std::optional<ContentsMark>& mark, std::string_view claim_nonce) {
  return mark && mark->nonce == claim_nonce ? mark->contents : "none";
}

Result<ClaimContents> look_at_contents(const std::string& directory, const std::string& disk,
                                       const std::optional<std::string>& claim_nonce) {
  for (;;) {
    auto mark = read_contents_mark(directory);
    if (!mark) return mark.error();
    const std::string nonce = claim_nonce || !*mark ? claim_nonce.value_or("") : (*mark)->nonce;
    const std::string told = contents_state(*mark, nonce);
    if (told == "populated" || (told == "incomplete" && (*mark)->own_disk))
      return ClaimContents{told, *std::move(mark)};
    const auto data = holds_data(disk);
    if (!data) return data.error();
    const auto again = read_contents_mark(directory);
    if (!again) return again.error();
    // Otherwise an importer or a removal goes on just now, and the disk may be theirs.
    if (*again == *mark) return ClaimContents{*data ? "populated" : told, *std::move(mark)};
  }
}

Result<FileDescriptor> lock_contents(const std::string& directory, std::chrono::milliseconds wait) {
  auto lock = lock_file(lock_path(directory), false, wait);
  if (!lock) return lock.error();
  // Who waited for a deletion now holds the lock of a claim that is gone.
  if (!holds_contents(*lock, directory)) return Error{Code::not_found, directory + " was removed"};
  return lock;
}

bool holds_contents(const FileDescriptor& lock, const std::string& directory) {
  struct stat held {
  }, named{};
  return fstat(lock.get(), &held) == 0 && stat(lock_path(directory).c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

bool contents_locked(const std::string& directory) { return is_locked(lock_path(directory)); }

}  // namespace tenon
