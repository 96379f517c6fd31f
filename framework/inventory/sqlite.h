// The inventory of the command line: one SQLite file, by default ./.tenon/inventory.db.
//
// WAL with synchronous FULL, mode 0600, one transaction per commit. Tables resources, run and steps hold JSON
// texts, each with its SHA-256; meta holds the format's version, the UUID, the key of secrets, the places of
// instances with a digest of their own, and the exclusive or of all the rows' digests and of one over the
// rest of meta.
#pragma once

#include <memory>
#include <string>

#include "framework/inventory/inventory.h"

namespace tenon {

// 2 added set and labels to rows, and adopt, forget and move to the recorded plan; 3 handles in the place of
// secrets, and their key; 4 the places of instances to the sum. An older program would lose them, or take the
// sum for wrong, so it refuses.
inline constexpr int kInventoryFormatVersion = 4;

// read: for who holds no lock. Works while another process writes, makes no file (a missing one reads as
// empty with a new UUID), and refuses to commit. write: makes the file and its directory if missing; hold the
// run's lock.
enum class OpenMode { read, write };

// uuid: of one that is made; "": a new one. An older format is read as it is, and raised when opened for
// writing.
//
// failed_precondition: the file is damaged (any byte that counts, a row that is missing, no table, a journal
// without its file) or of a newer format; nothing of it is used. permission_denied, resource_exhausted,
// unavailable: as the file system says. The message names the file and says what to do.
//
// A file of this name was whole once: it is made under another one. What a kill or a cut leaves in its
// journal counts up to the last whole transaction.
Result<std::unique_ptr<Inventory>> open_inventory(const std::string& path, OpenMode mode,
                                                  const std::string& uuid = "");

// Writes what was found by its marks, and where: all rows or nothing. A file that is missing, or has no rows,
// is that inventory afterwards; what it knew of a last run is gone. key: of the secrets in the rows, for a
// file that has none yet. Hold the run's lock. Errors as above; failed_precondition: it has rows and is
// another inventory.
Status restore_inventory(const std::string& path, const std::string& uuid, const std::string& key,
                         const std::vector<Owned>& rows, const Places& places = {});

}  // namespace tenon
