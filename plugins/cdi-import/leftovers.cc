#include "plugins/cdi-import/leftovers.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "framework/base/digest.h"
#include "framework/base/files.h"

namespace tenon::cdi {
namespace {

constexpr char kPrefix[] = ".import-";

}  // namespace

std::string temporary_path(const std::string& directory, const std::string& what) {
  return directory + "/" + kPrefix + random_uuid() + "-" + what;
}

Status remove_leftovers(const std::string& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().filename().string().starts_with(kPrefix) && unlink(entry->path().c_str()) != 0 &&
        errno != ENOENT)
      return errno_error("removing", entry->path(), errno);
  if (error) return Error{Code::unavailable, "reading " + directory + ": " + error.message()};
  return {};
}

}  // namespace tenon::cdi
