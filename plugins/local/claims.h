// Claims as directories: <root>/<namespace>/<name>/ with claim.json (whose it is, its spec), the contents
// mark and lock (framework/plugin/contents_mark.h), and the disk itself.
//
// A claim is born by a rename and loses its mark last, so that it is there with its mark or not at all.
// Changing calls exclude each other, in all processes, by an flock on the root directory itself; what a
// killed one left (.new-…) is removed by the next. Thread-safe; every call does I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "framework/base/json.h"
#include "framework/base/result.h"
#include "framework/plugin/contents_mark.h"

namespace tenon::local {

// Where a claim is. make refuses names that would leave the root.
struct ClaimName {
  std::string name_space, name;

  static Result<ClaimName> make(const std::string& name_space, const std::string& name);
};

struct ClaimMark {
  std::string inventory, address, nonce, generation;
  Json spec;
  Json record;  // of the inventory's row; null: none

  bool same_owner(const ClaimMark& other) const {
    return inventory == other.inventory && address == other.address;
  }
};

struct Claim {
  ClaimName name;
  bool exists = false;
  bool marked = false;  // false: a directory that is nobody's; `mark` has at most a spec
  std::string directory;
  ClaimMark mark;
  std::string contents;  // none, incomplete, populated
  ContentsMark filled;   // while populated: by whom

  std::string disk_path() const { return directory + "/disk.img"; }
  // Whether it may be adopted: it is a claim, was one until it was forgotten, or holds a disk.
  bool can_be_claimed() const { return mark.spec.is_object(); }
  std::string why_not_claimed() const;
};

// Bytes asked for by a claim's spec. invalid_argument: more than a file can have.
Result<int64_t> requested_size(const Json& spec);

class Claims {
 public:
  // root: absolute. Made when the first claim is.
  explicit Claims(std::string root) : root_(std::move(root)) {}
  const std::string& root() const { return root_; }

  // Tells the root, and the claim's namespace where that is on a disk of its own, from another directory in
  // its place, as where a disk is not mounted, or another one is. "": there is none. To be kept with each
  // claim that is made, changed or removed.
  std::string directory_id(const ClaimName& name) const;

  // For who knows of a claim that was made here, in the directory of that id ("" is any), and does not see
  // it. failed_precondition: that directory is not there, so nothing is known of it.
  Status look_at_root(const ClaimName& name, const std::string& directory_id) const;

  // False: the file system never has a file of this size. It is not about free space: a disk grows as it is
  // written. Leaves nothing behind.
  bool can_hold(int64_t size) const;

  // Changes nothing. An error: it is not known whether the claim exists. A disk of which no mark tells counts
  // as populated.
  Result<Claim> find(const ClaimName& name) const;

  // The same owner and nonce again: brought to this generation and spec, made only once. already_exists names
  // another owner.
  Status create(const ClaimName& name, const ClaimMark& mark, std::chrono::milliseconds patience);

  // New spec and generation; a populated disk grows with its claim. aborted: it is being filled just now.
  Status update(const ClaimName& name, const ClaimMark& mark, std::chrono::milliseconds patience);

  // A new mark and nothing else. adopt: of one that is nobody's or this owner's; a directory that holds no
  // disk is refused. move: of one that carries `from`. forget: spec and contents are kept.
  Status adopt(const ClaimName& name, const ClaimMark& mark, std::chrono::milliseconds patience);
  Status move(const ClaimName& name, const ClaimMark& mark, const std::string& from,
              std::chrono::milliseconds patience);
  Status forget(const ClaimName& name, const ClaimMark& owner, std::chrono::milliseconds patience);

  // Where the claim with this identity is; nothing: there is none any more. failed_precondition: it is not
  // below this root, or as look_at_root says.
  Result<std::optional<ClaimName>> place_of(const std::string& identity,
                                            const std::string& directory_id) const;
  // Of all claims with a mark, by name. An error: one of them cannot be looked at.
  Result<std::vector<Claim>> marked() const;

  // Absent succeeds. failed_precondition: another owner, an importer at work, a program that has the disk
  // open, or a file that is not the claim's own, which is named; then nothing is removed.
  Status remove(const ClaimName& name, const ClaimMark& owner, std::chrono::milliseconds patience);

 private:
  std::string namespace_directory(const ClaimName& name) const { return root_ + "/" + name.name_space; }
  Status make(const ClaimName& name, const ClaimMark& mark) const;
  Status rewrite(const Claim& claim, const ClaimMark& mark) const;
  Status change_mark(const ClaimName& name, std::chrono::milliseconds patience,
                     const std::function<Result<ClaimMark>(const Claim&)>& change) const;
  Status erase(const Claim& claim, const ClaimName& name) const;

  std::string root_;
};

}  // namespace tenon::local
