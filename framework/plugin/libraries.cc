#include "framework/plugin/libraries.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cstring>
#include <filesystem>
#include <optional>

#include "framework/base/files.h"
#include "framework/base/process.h"
#include "framework/plugin/loader.h"

namespace tenon {
namespace {

// A damaged file must not be read beyond its end, so every look into it may find nothing.
class ElfFile {
 public:
  explicit ElfFile(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  std::optional<T> at(uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return {};
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }

  bool read_header() {
    const auto header = at<Elf64_Ehdr>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return false;
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_phentsize != sizeof(Elf64_Phdr)) return false;
    for (int i = 0; i < header->e_phnum; ++i) {
      const auto segment = at<Elf64_Phdr>(header->e_phoff + i * sizeof(Elf64_Phdr));
      if (!segment) return false;
      if (segment->p_type == PT_LOAD) loaded_.push_back(*segment);
      if (segment->p_type == PT_DYNAMIC) dynamic_ = *segment;
    }
    return dynamic_.p_filesz > 0;
  }

  std::vector<Elf64_Dyn> dynamic_entries() const {
    std::vector<Elf64_Dyn> entries;
    for (uint64_t read = 0; read < dynamic_.p_filesz; read += sizeof(Elf64_Dyn)) {
      const auto entry = at<Elf64_Dyn>(dynamic_.p_offset + read);
      if (!entry || entry->d_tag == DT_NULL) break;
      entries.push_back(*entry);
    }
    return entries;
  }

  // The text at an address of the loaded image.
  std::optional<std::string> text(uint64_t address) const {
    for (const Elf64_Phdr& segment : loaded_) {
      if (address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz) continue;
      const uint64_t offset = segment.p_offset + (address - segment.p_vaddr);
      if (offset >= bytes_.size()) return {};
      const size_t end = bytes_.find('\0', offset);
      if (end == std::string_view::npos) return {};
      return std::string(bytes_.substr(offset, end - offset));
    }
    return {};
  }

 private:
  std::string_view bytes_;
  std::vector<Elf64_Phdr> loaded_;
  Elf64_Phdr dynamic_{};  // of no size: there is none
};

std::vector<std::string> split_path(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(':', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string without_origin(std::string directory, const std::string& origin) {
  for (const std::string word : {"${ORIGIN}", "$ORIGIN"})
    for (size_t at; (at = directory.find(word)) != std::string::npos;)
      directory.replace(at, word.size(), origin);
  return directory;
}

std::string path_of(void* opened) {
  link_map* map = nullptr;
  return dlinfo(opened, RTLD_DI_LINKMAP, &map) == 0 && map ? map->l_name : "";
}

Library find(const std::string& name, const std::vector<std::string>& directories) {
  std::vector<std::string> places;
  std::error_code error;
  for (const std::string& directory : directories)
    if (const std::string place = directory + "/" + name; std::filesystem::exists(place, error))
      places.push_back(place);
  places.push_back(name);  // where the linker looks by itself
  Library library{.name = name};
  for (const std::string& place : places) {
    if (void* opened = dlopen(place.c_str(), RTLD_LAZY | RTLD_LOCAL))
      return {.name = name, .path = path_of(opened)};
    const char* said = dlerror();
    library.problem = said ? said : "it cannot be opened";
  }
  return library;
}

}  // namespace

Result<DynamicSection> read_dynamic_section(std::string_view bytes) {
  const auto damaged = [] {
    return Error{Code::invalid_argument, "it is no shared object of this machine's kind"};
  };
  ElfFile file(bytes);
  if (!file.read_header()) return damaged();
  const std::vector<Elf64_Dyn> entries = file.dynamic_entries();
  uint64_t texts = 0;
  for (const Elf64_Dyn& entry : entries)
    if (entry.d_tag == DT_STRTAB) texts = entry.d_un.d_ptr;
  DynamicSection section;
  for (const Elf64_Dyn& entry : entries) {
    const bool path = entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH;
    if (!path && entry.d_tag != DT_NEEDED) continue;
    const auto text = file.text(texts + entry.d_un.d_val);
    if (!text) return damaged();
    if (path)
      section.directories = split_path(*text);
    else
      section.needed.push_back(*text);
  }
  return section;
}

Result<std::vector<Library>> find_libraries(const std::string& file) {
  if (Status safe = check_plugin_file(file); !safe) return safe.error();
  const Result<std::string> bytes = read_file(file);
  if (!bytes) return bytes.error();
  Result<DynamicSection> section = read_dynamic_section(*bytes);
  if (!section) return with_context(file, section.error());
  const std::string origin = std::filesystem::path(file).parent_path();
  for (std::string& directory : section->directories) directory = without_origin(directory, origin);
  std::vector<Library> libraries;
  for (const std::string& name : section->needed) libraries.push_back(find(name, section->directories));
  return libraries;
}

Result<std::vector<Library>> find_libraries_in_host(const std::string& program, const std::string& file) {
  const Result<RunOutput> ran = run({program, "--libraries", file}, {.timeout = std::chrono::seconds(5)});
  if (!ran) return with_context("looking for the libraries of " + file, ran.error());
  const Json listed = Json::parse(ran->out, nullptr, false);
  if (!ran->ok() || !listed.is_array())
    return Error{Code::failed_precondition,
                 ran->err.empty() ? describe_status(ran->status) : ran->err.substr(0, ran->err.find('\n'))};
  std::vector<Library> libraries;
  for (const Json& one : listed)
    libraries.push_back({one.value("name", ""), one.value("path", ""), one.value("problem", "")});
  return libraries;
}

Json to_json(const std::vector<Library>& libraries) {
  Json list = Json::array();
  for (const Library& library : libraries) {
    Json one = {{"name", library.name}};
    if (!library.path.empty()) one["path"] = library.path;
    if (!library.problem.empty()) one["problem"] = library.problem;
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace tenon
