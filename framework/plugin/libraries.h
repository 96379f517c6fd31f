// The shared libraries that a shared object asks for, and whether the dynamic linker finds them: what `tenon
// doctor` says about a plugin that cannot be loaded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon {

// One that the file names itself; `problem` also tells of one that it needs in turn.
struct Library {
  std::string name;     // "libvirt.so.0"
  std::string path;     // where the linker found it; empty: it did not
  std::string problem;  // the linker's words; empty: none
};

// What the dynamic section of a 64-bit ELF file says. Pure.
struct DynamicSection {
  std::vector<std::string> needed;
  std::vector<std::string> directories;  // DT_RUNPATH or DT_RPATH, with $ORIGIN as written
};
// invalid_argument: no ELF file of this machine's kind, or a damaged one.
Result<DynamicSection> read_dynamic_section(std::string_view file);

// Opens each library that the file needs in this process, which runs their initialisers: for a process that
// ends soon. The file itself is not opened. Errors as of check_plugin_file.
Result<std::vector<Library>> find_libraries(const std::string& file);

// The same in a tenon-plugin-host, which is `program`.
Result<std::vector<Library>> find_libraries_in_host(const std::string& program, const std::string& file);

Json to_json(const std::vector<Library>& libraries);

}  // namespace tenon
