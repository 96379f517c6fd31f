#include "framework/inventory/lock.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <filesystem>

#include "framework/base/json.h"

namespace tenon {
namespace {

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string utc(Time time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

std::string text_at(const Json& holder, const char* key) {
  const auto it = holder.find(key);
  return it != holder.end() && it->is_string() ? it->get<std::string>() : "unknown";
}

// The lock outlives a dead run while its hosts finish their last call.
bool has_ended(const Json& holder, int pid) {
  return text_at(holder, "host") == host_name() && kill(pid, 0) != 0 && errno == ESRCH;
}

LockHolder read_holder(const std::string& path) {
  const auto text = read_file(path);
  const Json holder = text ? Json::parse(*text, nullptr, false) : Json();
  // Half-written or not ours: the flock alone counts.
  if (!holder.is_object() || !holder.contains("pid") || !holder["pid"].is_number_integer())
    return {"another process"};
  const int pid = holder["pid"].get<int>();
  const bool ended = has_ended(holder, pid);
  return {"\"" + text_at(holder, "command") + "\" (pid " + std::to_string(pid) + " on " +
              text_at(holder, "host") + ") since " + text_at(holder, "since") +
              (ended ? ", which has ended but whose last call has not returned" : ""),
          ended};
}

// Failure is no reason to give the lock back: the text only informs.
void write_holder(int fd, const std::string& command, Time now) {
  const std::string text =
      Json{{"pid", getpid()}, {"host", host_name()}, {"since", utc(now)}, {"command", command}}.dump() + "\n";
  if (ftruncate(fd, 0) != 0) return;
  [[maybe_unused]] const ssize_t written = pwrite(fd, text.data(), text.size(), 0);
}

}  // namespace

Result<RunLock> RunLock::acquire(const std::string& path, const std::string& command, Time now,
                                 std::chrono::milliseconds wait) {
  const std::string directory = std::filesystem::path(path).parent_path();
  if (!directory.empty())
    if (Status made = make_directories(directory); !made) return made.error();
  const auto begin = std::chrono::steady_clock::now();
  Result<FileDescriptor> file = lock_file(path, false, wait);
  if (!file && file.error().code == Code::aborted)
    return Error{Code::aborted, path + " is held by " + read_holder(path).description};
  if (!file) return file.error();
  const auto waited = std::chrono::steady_clock::now() - begin;
  write_holder(file->get(), command, now + std::chrono::duration_cast<Duration>(waited));
  return RunLock(std::move(*file));
}

std::optional<LockHolder> lock_holder(const std::string& path) {
  if (!is_locked(path)) return std::nullopt;
  return read_holder(path);
}

}  // namespace tenon
