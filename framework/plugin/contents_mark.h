// What a claim holds, and whether somebody is filling it: the lock and the mark that docs/plugin-abi.md
// describes ("Contents marks"). For plugins that make claims, fill them or use them; all of them see the
// same files.
//
// directory is always a claim's outputs.contents.directory. Every call does I/O; thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "framework/base/files.h"
#include "framework/base/result.h"

namespace tenon {

struct ContentsMark {
  std::string contents;    // "incomplete" or "populated"
  std::string nonce;       // the claim's
  std::string importer;    // address of the resource that fills it
  std::string generation;  // the importer's
  std::string digest;  // "sha256:…" of the image as it was served; empty while incomplete or without an image
  // The importer was deleted since: what the claim holds stays, but the same importer may replace it.
  bool released = false;
  // While incomplete: a disk that is there is the importer's or the remover's own, on its way in or out;
  // otherwise it is somebody's data.
  bool own_disk = false;

  friend bool operator==(const ContentsMark&, const ContentsMark&) = default;
};

// nullopt: nobody has begun to fill the claim. An unreadable or malformed mark is an error, never "none".
Result<std::optional<ContentsMark>> read_contents_mark(const std::string& directory);

// Durable and atomic. Only under the lock.
Status write_contents_mark(const std::string& directory, const ContentsMark& mark);

// "none", "incomplete" or "populated", for a claim with this nonce: a mark with another is none. What the
// mark alone says, which is all that counts for who was the importer.
std::string contents_state(const std::optional<ContentsMark>& mark, std::string_view claim_nonce);

struct ClaimContents {
  std::string state;  // "none", "incomplete" or "populated"
  std::optional<ContentsMark> mark;
};

// What the claim holds, by its mark and its disk together, also while an importer or a removal is at it. A
// disk of which no mark tells is somebody's data: the claim is populated. disk: its path; an empty file holds
// nothing, and what is no plain file may lead to data. claim_nonce: nothing where it is not known.
Result<ClaimContents> look_at_contents(const std::string& directory, const std::string& disk,
                                       const std::optional<std::string>& claim_nonce);

// The lock that means "an importer is at work". aborted: somebody else holds it; not_found: the claim is
// gone.
Result<FileDescriptor> lock_contents(const std::string& directory, std::chrono::milliseconds wait = {});

// True while the lock is still the claim's: false once the claim was deleted or made anew.
bool holds_contents(const FileDescriptor& lock, const std::string& directory);

// True while an importer is at work.
bool contents_locked(const std::string& directory);

}  // namespace tenon
