#include "framework/plugin/libraries.h"

#include <algorithm>

#include "framework/base/files.h"
#include "framework/plugin/test_plugins.h"

namespace tenon {
namespace {

class Libraries : public PluginTest {
 protected:
  // A copy of a plugin that needs `name` where it needed libc.
  std::string needing(const std::string& name) const {
    const std::string file = copy_of("plain");
    std::string bytes = read_file(file).value();
    const std::string libc = "libc.so.6";
    EXPECT_EQ(name.size(), libc.size());
    const size_t at = bytes.find(std::string(1, '\0') + libc + '\0');
    EXPECT_NE(at, std::string::npos);
    bytes.replace(at + 1, libc.size(), name);
    EXPECT_TRUE(write_file_atomically(file, bytes, 0755));
    return file;
  }
};

const Library* named(const Result<std::vector<Library>>& libraries, const std::string& name) {
  const auto found = std::find_if(libraries->begin(), libraries->end(),
                                  [&](const Library& library) { return library.name == name; });
  return found == libraries->end() ? nullptr : &*found;
}

TEST_F(Libraries, AreFoundWhereTheLinkerFindsThem) {
  const auto libraries = find_libraries_in_host(host_program(), copy_of("plain"));
  ASSERT_TRUE(libraries) << libraries.error().message;
  const Library* libc = named(libraries, "libc.so.6");
  ASSERT_NE(libc, nullptr);
  EXPECT_TRUE(std::filesystem::exists(libc->path)) << libc->path;
  EXPECT_EQ(libc->problem, "");
}

TEST_F(Libraries, ThatAreMissingAreNamed) {
  const auto libraries = find_libraries_in_host(host_program(), needing("libx.so.9"));
  ASSERT_TRUE(libraries) << libraries.error().message;
  const Library* missing = named(libraries, "libx.so.9");
  ASSERT_NE(missing, nullptr);
  EXPECT_EQ(missing->path, "");
  EXPECT_NE(missing->problem.find("libx.so.9"), std::string::npos) << missing->problem;
}

TEST_F(Libraries, OfAFileThatOthersCanWriteAreNotOpened) {
  const std::string file = copy_of("plain");
  chmod(file.c_str(), 0777);
  const auto libraries = find_libraries_in_host(host_program(), file);
  ASSERT_FALSE(libraries);
  EXPECT_NE(libraries.error().message.find("chmod go-w"), std::string::npos) << libraries.error().message;
}

TEST_F(Libraries, OfADamagedFileAreNotReadBeyondItsEnd) {
  const std::string whole = read_file(copy_of("plain")).value();
  ASSERT_TRUE(read_dynamic_section(whole));
  EXPECT_FALSE(read_dynamic_section("no ELF file at all"));
  size_t refused = 0;
  for (size_t length = 0; length < whole.size(); length += 97)
    refused += !read_dynamic_section(std::string_view(whole).substr(0, length));
  EXPECT_GT(refused, 0u);
}

}  // namespace
}  // namespace tenon
