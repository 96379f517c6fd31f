#include "framework/plugin/loader.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <utility>

#include "framework/base/files.h"
#include "framework/base/secret.h"
#include "framework/plugin/wire.h"

namespace tenon {
namespace {

using Clock = std::chrono::steady_clock;

Status check_owner_and_mode(const std::string& path, mode_t type) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return errno_error("looking at plugin", path, errno);
  if ((status.st_mode & S_IFMT) != type)
    return Error{Code::invalid_argument, "plugin " + path + " is not a regular file"};
  // A sticky directory does not let others replace a file that is not theirs.
  const bool sticky = type == S_IFDIR && (status.st_mode & S_ISVTX);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) && !sticky)
    return Error{Code::failed_precondition,
                 path + " can be written by others, so no plugin is loaded from it: run chmod go-w " + path};
  if (status.st_uid != 0 && status.st_uid != geteuid())
    return Error{
        Code::failed_precondition,
        path + " belongs to another user, so no plugin is loaded from it: make it your own or root's"};
  return {};
}

Error cannot_load(const std::string& path, const std::string& why) {
  return {Code::failed_precondition, "loading plugin " + path + ": " + why};
}

// A newer interface is one that this Tenon can name and not speak.
std::string why_no_entry(void* object) {
  const std::string entry = TENON_PLUGIN_ENTRY_NAME;
  for (int version = kPluginAbi + 1; version <= 9; ++version)
    if (dlsym(object, (entry.substr(0, entry.size() - 1) + std::to_string(version)).c_str()))
      return "it speaks version " + std::to_string(version) +
             " of the plugin interface, and this Tenon version " + std::to_string(kPluginAbi) +
             ": install the plugin for this Tenon, or a newer Tenon";
  return "it exports no " + entry + ", so it is no plugin for Tenon";
}

}  // namespace

Status check_plugin_file(const std::string& path) {
  if (path.empty() || path[0] != '/')
    return Error{Code::invalid_argument, "a plugin needs an absolute path, not '" + path + "'"};
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  if (error) return errno_error("looking at plugin", path, error.value());
  if (Status file = check_owner_and_mode(real.string(), S_IFREG); !file) return file;
  return check_owner_and_mode(real.parent_path().string(), S_IFDIR);
}

LoadedPlugin::LoadedPlugin(std::string path, Log log, Redeem redeem, Notify notify)
    : path_(std::move(path)), log_(std::move(log)), redeem_(std::move(redeem)), notify_(std::move(notify)) {
  host_.size = sizeof host_;
  host_.context = this;
  host_.reply = [](void* context, uint64_t call, const char* json, size_t length) {
    self(context).reply(call, {json, length});
  };
  host_.log = [](void* context, int level, const char* json, size_t length) {
    self(context).log_(level, {json, length});
  };
  host_.cancelled = [](void* context, uint64_t call) { return self(context).is_cancelled(call) ? 1 : 0; };
  host_.remaining_ms = [](void* context, uint64_t call) { return self(context).remaining_ms(call); };
  host_.secret = [](void* context, uint64_t call, const char* ask, size_t length,
                    void (*take)(void*, const char*, size_t), void* taker) {
    std::string answer = self(context).redeem(call, {ask, length});
    take(taker, answer.data(), answer.size());
    wipe(answer);
  };
  host_.notify = [](void* context, const char* json, size_t length) {
    if (self(context).notify_) self(context).notify_({json, length});
  };
}

LoadedPlugin::~LoadedPlugin() {
  if (plugin_.destroy) plugin_.destroy(plugin_.self);
}

Result<std::unique_ptr<LoadedPlugin>> LoadedPlugin::load(const std::string& path, Log log, Redeem redeem,
                                                         Notify notify) {
  if (Status safe = check_plugin_file(path); !safe)
    return with_context("loading plugin " + path, safe.error());
  void* object = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!object) return cannot_load(path, dlerror());
  const auto entry = reinterpret_cast<tenon_plugin_entry>(dlsym(object, TENON_PLUGIN_ENTRY_NAME));
  if (!entry) return cannot_load(path, why_no_entry(object));
  std::unique_ptr<LoadedPlugin> loaded(
      new LoadedPlugin(path, std::move(log), std::move(redeem), std::move(notify)));
  tenon_plugin plugin{};
  plugin.size = sizeof plugin;
  try {
    if (entry(&loaded->host_, &plugin) != 0)
      return cannot_load(path, "it cannot work with this version of Tenon");
  } catch (...) {
    return cannot_load(path, "its " TENON_PLUGIN_ENTRY_NAME " threw across the C boundary");
  }
  if (plugin.size < sizeof plugin || !plugin.manifest || !plugin.invoke || !plugin.destroy)
    return cannot_load(path, "it lacks one of the functions of version " + std::to_string(kPluginAbi));
  loaded->plugin_ = plugin;
  return loaded;
}

std::string LoadedPlugin::manifest() const {
  size_t length = 0;
  const char* text = plugin_.manifest(plugin_.self, &length);
  return text ? std::string(text, length) : "";
}

void LoadedPlugin::begin(uint64_t call, Deadline deadline) {
  const std::lock_guard lock(mutex_);
  calls_[call] = {.deadline = deadline};
}

std::string LoadedPlugin::invoke(uint64_t call, const std::string& method, std::string_view request) {
  if (is_cancelled(call)) {
    reply(call, error_answer({Code::cancelled, "cancelled before it began"}));
    return wait_for_answer(call);
  }
  const auto failed = [&](const std::string& what) {
    reply(call, error_answer({Code::internal, "the plugin threw across the C boundary: " + what}));
  };
  try {
    plugin_.invoke(plugin_.self, call, method.c_str(), request.data(), request.size());
  } catch (const std::exception& thrown) {
    failed(thrown.what());
  } catch (...) {
    failed("not a std::exception");
  }
  return wait_for_answer(call);
}

std::string LoadedPlugin::wait_for_answer(uint64_t call) {
  std::unique_lock lock(mutex_);
  Call& waiting = calls_.at(call);
  const auto answered = [&waiting] { return waiting.answer.has_value(); };
  if (waiting.deadline == Deadline::max())
    answered_.wait(lock, answered);
  else
    answered_.wait_until(lock, waiting.deadline, answered);
  auto answer = std::move(waiting.answer);
  calls_.erase(call);
  lock.unlock();
  if (!answer)
    return error_answer({Code::deadline_exceeded, "the plugin did not answer before the deadline"});
  if (answer->empty()) return error_answer({Code::internal, "the plugin's answer is empty"});
  return *std::move(answer);
}

void LoadedPlugin::cancel(uint64_t call) {
  const std::lock_guard lock(mutex_);
  if (const auto found = calls_.find(call); found != calls_.end()) found->second.cancelled = true;
}

void LoadedPlugin::reply(uint64_t call, std::string_view json) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call);
    if (found != calls_.end() && !found->second.answer) {
      found->second.answer.emplace(json);
      answered_.notify_all();
      return;
    }
  }
  log_(TENON_LOG_WARNING,
       Json{{"message", "a reply that nobody waits for is dropped"}, {"call", call}}.dump());
}

// Of a call that the plugin still owes an answer.
std::string LoadedPlugin::redeem(uint64_t call, std::string_view ask) const {
  {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call);
    if (found == calls_.end() || found->second.answer)
      return error_answer({Code::permission_denied, "a call that is over asks for no secrets"});
  }
  return redeem_ ? redeem_(call, ask) : error_answer({Code::not_found, "there are no secrets here"});
}

bool LoadedPlugin::is_cancelled(uint64_t call) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(call);
  return found == calls_.end() || found->second.cancelled;
}

int64_t LoadedPlugin::remaining_ms(uint64_t call) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(call);
  if (found == calls_.end()) return -1;
  if (found->second.deadline == Deadline::max()) return INT64_MAX;
  return std::chrono::duration_cast<std::chrono::milliseconds>(found->second.deadline - Clock::now()).count();
}

}  // namespace tenon
