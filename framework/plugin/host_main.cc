// tenon-plugin-host: carries one plugin for one instance. Started by tenon; of use by hand only with
// --manifest.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

#include "framework/plugin/host.h"
#include "framework/plugin/loader.h"
#include "framework/plugin/log_line.h"

namespace tenon {
namespace {

constexpr char kUsage[] =
    "usage: tenon-plugin-host --manifest FILE\n"
    "       tenon-plugin-host --plugin FILE --fd NUMBER [--parallel NUMBER] [--lock NUMBER]\n";

int fail(const Error& error) {
  std::fprintf(stderr, "tenon-plugin-host: %s\n", error.message.c_str());
  return 1;
}

int print_manifest(const std::string& file) {
  auto plugin = LoadedPlugin::load(file, write_log_line);
  if (!plugin) return fail(plugin.error());
  const std::string text = (*plugin)->manifest();
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0 ? 0 : 1;
}

int number(const std::map<std::string, std::string>& options, const std::string& name, int otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : std::atoi(found->second.c_str());
}

int serve_plugin(const std::map<std::string, std::string>& options) {
  const int fd = number(options, "--fd", -1), parallel = number(options, "--parallel", 1);
  const auto file = options.find("--plugin");
  if (fd < 3 || parallel < 1 || file == options.end()) return std::fputs(kUsage, stderr), 2;
  // Programs that the plugin starts get neither the calls nor the run's lock.
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (const int lock = number(options, "--lock", -1); lock >= 3) fcntl(lock, F_SETFD, FD_CLOEXEC);
  auto plugin = LoadedPlugin::load(file->second, write_log_line);
  if (!plugin) return refuse(fd, plugin.error()), fail(plugin.error());
  const Status served = serve(fd, **plugin, parallel);
  return served ? 0 : fail(served.error());
}

}  // namespace
}  // namespace tenon

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  if (argc % 2 == 0 || options.empty()) return std::fputs(tenon::kUsage, stderr), 2;
  if (const auto file = options.find("--manifest"); file != options.end())
    return tenon::print_manifest(file->second);
  return tenon::serve_plugin(options);
}
