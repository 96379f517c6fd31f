// tenon-plugin-host: carries one plugin for one instance. Started by tenon; of use by hand only with
// --manifest and --libraries.
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <new>
#include <string>

#include "framework/base/files.h"
#include "framework/plugin/host.h"
#include "framework/plugin/libraries.h"
#include "framework/plugin/loader.h"
#include "framework/plugin/log_line.h"
#include "framework/plugin/secret_desk.h"
#include "framework/plugin/wire.h"

namespace tenon {
namespace {

constexpr char kUsage[] =
    "usage: tenon-plugin-host --manifest FILE\n"
    "       tenon-plugin-host --libraries FILE\n"
    "       tenon-plugin-host --plugin FILE --fd NUMBER [--parallel NUMBER] [--secrets NUMBER]\n"
    "                         [--lock NUMBER] [--memory BYTES]\n";

// For a handler that takes no context: the calls, the secrets and the run's lock.
int private_descriptors[3] = {-1, -1, -1};

int fail(const Error& error) {
  std::fprintf(stderr, "tenon-plugin-host: %s\n", error.message.c_str());
  return 1;
}

// What the plugin prints must not get into the manifest: standard output is standard error from here on.
FILE* take_stdout() {
  const int own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  return own < 0 ? nullptr : fdopen(own, "w");
}

// What `ask` gives of the file.
int print(const std::string& file, Result<std::string> (*ask)(const std::string&)) {
  FILE* const out = take_stdout();
  if (!out) return fail(errno_error("duplicating", "standard output", errno));
  const Result<std::string> text = ask(file);
  if (!text) return fail(text.error());
  return std::fwrite(text->data(), 1, text->size(), out) == text->size() && std::fflush(out) == 0 ? 0 : 1;
}

Result<std::string> manifest_of(const std::string& file) {
  const auto plugin = LoadedPlugin::load(file, write_log_line);
  if (!plugin) return plugin.error();
  return (*plugin)->manifest();
}

Result<std::string> libraries_of(const std::string& file) {
  const auto libraries = find_libraries(file);
  if (!libraries) return libraries.error();
  return to_json(*libraries).dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename Number>
Number number(const std::map<std::string, std::string>& options, const std::string& name, Number otherwise) {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : static_cast<Number>(std::atoll(found->second.c_str()));
}

// Programs that the plugin starts get none of them, and neither do forks of this one.
void keep_private(int fd, int secrets, int lock) {
  private_descriptors[0] = fd;
  private_descriptors[1] = secrets;
  private_descriptors[2] = lock;
  for (const int descriptor : private_descriptors)
    if (descriptor >= 3) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  pthread_atfork(nullptr, nullptr, [] {
    for (const int descriptor : private_descriptors)
      if (descriptor >= 3) close(descriptor);
  });
}

// The kernel counts the whole stack of a thread, of which little is filled: those of the host's threads, and
// of a few that a plugin starts, are not taken from what it may fill.
uint64_t stacks(int parallel) {
  constexpr int kOfPlugin = 8;
  pthread_attr_t attributes;
  size_t size = 0;
  if (pthread_getattr_default_np(&attributes) != 0) return 0;
  pthread_attr_getstacksize(&attributes, &size);
  pthread_attr_destroy(&attributes);
  return static_cast<uint64_t>(parallel + kOfPlugin) * size;
}

// At the limit the host ends, since a plugin that goes on without memory it asked for is not to be trusted.
void limit_memory(uint64_t bytes, int parallel) {
  if (bytes == 0) return;
  bytes += stacks(parallel);
  const rlimit bound{bytes, bytes};
  setrlimit(RLIMIT_DATA, &bound);
  std::set_new_handler([] {
    static constexpr char kText[] =
        "tenon-plugin-host: out of memory, see limits.memory of the instance or of its plugin's manifest\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kText, sizeof kText - 1);
    _exit(kOutOfMemory);
  });
}

int serve_plugin(const std::map<std::string, std::string>& options) {
  // Each large block that is given back would go through all small ones that are free: a fifth of a plan's
  // time for a plugin that keeps much in memory.
  mallopt(M_MXFAST, 0);
  const int fd = number(options, "--fd", -1), parallel = number(options, "--parallel", 1);
  const auto file = options.find("--plugin");
  if (fd < 3 || parallel < 1 || file == options.end()) return std::fputs(kUsage, stderr), 2;
  SecretSocket secrets(number(options, "--secrets", -1));
  keep_private(fd, number(options, "--secrets", -1), number(options, "--lock", -1));
  limit_memory(number(options, "--memory", uint64_t{0}), parallel);
  FrameWriter out(fd);
  auto plugin = LoadedPlugin::load(
      file->second, write_log_line,
      [&secrets](uint64_t call, std::string_view ask) { return secrets.ask(call, ask); },
      [&out](std::string_view event) {
        if (const auto frame = encode_event(event)) out.write(*frame);
      });
  if (!plugin) return refuse(fd, plugin.error()), fail(plugin.error());
  const Status served = serve(fd, out, **plugin, parallel);
  return served ? 0 : fail(served.error());
}

}  // namespace
}  // namespace tenon

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  if (argc % 2 == 0 || options.empty()) return std::fputs(tenon::kUsage, stderr), 2;
  if (const auto file = options.find("--manifest"); file != options.end())
    return tenon::print(file->second, tenon::manifest_of);
  if (const auto file = options.find("--libraries"); file != options.end())
    return tenon::print(file->second, tenon::libraries_of);
  return tenon::serve_plugin(options);
}
