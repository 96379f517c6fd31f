#include "framework/inventory/watched_vfs.h"

#include <sqlite3.h>

#include <cstring>
#include <utility>

namespace tenon {
namespace {

// SQLite knows its file systems by name and for the whole process.
struct Watched {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  FileWatch watch;
};

Watched& watched() {
  static Watched instance;
  return instance;
}

int told(FileChange change, const std::string& path) {
  const FileWatch& watch = watched().watch;
  return watch ? watch(change, path) : SQLITE_OK;
}

// What SQLite sees as a file; the real one lies behind it.
struct File {
  sqlite3_file base{};
  std::string* path = nullptr;
  bool mapped = false;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* file_of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real_of(sqlite3_file* file) { return file_of(file)->real(); }
const std::string& path_of(sqlite3_file* file) { return *file_of(file)->path; }

int close_file(sqlite3_file* file) {
  const int result = real_of(file)->pMethods->xClose(real_of(file));
  delete std::exchange(file_of(file)->path, nullptr);
  return result;
}

int write_file(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  sqlite3_file* real = real_of(file);
  const int half = size / 2;
  if (const int result = real->pMethods->xWrite(real, bytes, half, offset); result != SQLITE_OK)
    return result;
  if (const int result = told(FileChange::write, path_of(file)); result != SQLITE_OK) return result;
  return real->pMethods->xWrite(real, static_cast<const char*>(bytes) + half, size - half, offset + half);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (const int result = told(FileChange::truncate, path_of(file)); result != SQLITE_OK) return result;
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

int sync_file(sqlite3_file* file, int flags) {
  if (const int result = told(FileChange::sync, path_of(file)); result != SQLITE_OK) return result;
  return real_of(file)->pMethods->xSync(real_of(file), flags);
}

// The shared index is a file of its own, opened when it is first mapped.
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
  if (!std::exchange(file_of(file)->mapped, true))
    if (const int result = told(FileChange::open, path_of(file) + "-shm"); result != SQLITE_OK) return result;
  if (extend)
    if (const int result = told(FileChange::map, path_of(file)); result != SQLITE_OK) return result;
  return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, memory);
}

// Everything that changes no file.
const sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = [](sqlite3_file* f, void* to, int size,
                sqlite3_int64 at) { return real_of(f)->pMethods->xRead(real_of(f), to, size, at); },
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = [](sqlite3_file* f,
                    sqlite3_int64* size) { return real_of(f)->pMethods->xFileSize(real_of(f), size); },
    .xLock = [](sqlite3_file* f, int lock) { return real_of(f)->pMethods->xLock(real_of(f), lock); },
    .xUnlock = [](sqlite3_file* f, int lock) { return real_of(f)->pMethods->xUnlock(real_of(f), lock); },
    .xCheckReservedLock =
        [](sqlite3_file* f, int* held) { return real_of(f)->pMethods->xCheckReservedLock(real_of(f), held); },
    .xFileControl =
        [](sqlite3_file* f, int what, void* argument) {
          return real_of(f)->pMethods->xFileControl(real_of(f), what, argument);
        },
    .xSectorSize = [](sqlite3_file* f) { return real_of(f)->pMethods->xSectorSize(real_of(f)); },
    .xDeviceCharacteristics =
        [](sqlite3_file* f) { return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)); },
    .xShmMap = map_shared,
    .xShmLock = [](sqlite3_file* f, int offset, int count,
                   int flags) { return real_of(f)->pMethods->xShmLock(real_of(f), offset, count, flags); },
    .xShmBarrier = [](sqlite3_file* f) { real_of(f)->pMethods->xShmBarrier(real_of(f)); },
    .xShmUnmap =
        [](sqlite3_file* f, int remove) {
          file_of(f)->mapped = false;
          return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
        },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  const std::string path = name ? name : "";
  if (const int result = told(FileChange::open, path); result != SQLITE_OK) return result;
  sqlite3_vfs* real = watched().real;
  const int result = real->xOpen(real, name, real_of(file), flags, out_flags);
  if (!real_of(file)->pMethods) return result;
  file_of(file)->path = new std::string(path);
  file_of(file)->mapped = false;
  file->pMethods = &kMethods;
  return result;
}

int remove_file(sqlite3_vfs*, const char* name, int sync) {
  if (const int result = told(FileChange::remove, name); result != SQLITE_OK) return result;
  return watched().real->xDelete(watched().real, name, sync);
}

void install() {
  Watched& all = watched();
  all.real = sqlite3_vfs_find("unix");
  all.vfs = *all.real;
  all.vfs.zName = "watched";
  all.vfs.szOsFile = static_cast<int>(sizeof(File)) + all.real->szOsFile;
  all.vfs.xOpen = open_file;
  all.vfs.xDelete = remove_file;
  sqlite3_vfs_register(&all.vfs, 1);
}

}  // namespace

std::string_view to_string(FileChange change) {
  switch (change) {
    case FileChange::open: return "open";
    case FileChange::write: return "write";
    case FileChange::truncate: return "truncate";
    case FileChange::sync: return "sync";
    case FileChange::map: return "map";
    case FileChange::remove: return "remove";
  }
  return "";
}

void watch_files(FileWatch watch) {
  if (!watched().real) install();
  watched().watch = std::move(watch);
}

}  // namespace tenon
