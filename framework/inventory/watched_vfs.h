// A VFS for SQLite that lets a test see, break off or fail whatever changes a file. For tests only.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace tenon {

enum class FileChange { open, write, truncate, sync, map, remove };

std::string_view to_string(FileChange change);

// Called before every change of a file; of a write after its first half, as a kill or a full disk may leave
// it. SQLITE_OK: it goes on; anything else is what the change fails with.
using FileWatch = std::function<int(FileChange change, const std::string& path)>;

// From now on, for every database that this process opens afterwards. An empty one watches nothing. One
// thread.
void watch_files(FileWatch watch);

}  // namespace tenon
