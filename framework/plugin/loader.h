// One plugin opened in this process: dlopen, the host services it is given, and its calls.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "framework/base/result.h"
#include "framework/plugin/plugin_abi.h"

namespace tenon {

// The version of the plugin interface: the number at the end of the entry's name.
inline constexpr int kPluginAbi = TENON_PLUGIN_ENTRY_NAME[sizeof TENON_PLUGIN_ENTRY_NAME - 2] - '0';
static_assert(kPluginAbi == 1, "a new version is a new page of docs/plugin-abi.md");

// failed_precondition: the file or its directory can be written by others than its owner or root, or belongs
// to somebody else than this user or root. invalid_argument: not an absolute path of a file. not_found.
Status check_plugin_file(const std::string& path);

// Thread-safe. The shared object stays mapped until the process ends, since threads of the plugin may outlive
// it; the plugin itself is destroyed with this object, which must not happen while a call runs.
class LoadedPlugin {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  // One JSON object {"message", ...}; level as in plugin_abi.h. Called from any thread.
  using Log = std::function<void(int level, std::string_view json)>;

  // The answer to what a plugin asks for a secret, as text.
  using Redeem = std::function<std::string(uint64_t call, std::string_view ask)>;
  // What a plugin says has changed. Called from any thread.
  using Notify = std::function<void(std::string_view json)>;

  // failed_precondition also when the object cannot be linked, has not the entry point, or refuses this host.
  static Result<std::unique_ptr<LoadedPlugin>> load(const std::string& path, Log log, Redeem redeem = {},
                                                    Notify notify = {});
  ~LoadedPlugin();
  LoadedPlugin(const LoadedPlugin&) = delete;
  LoadedPlugin& operator=(const LoadedPlugin&) = delete;

  // JSON text.
  std::string manifest() const;

  // A call is begun before it is invoked, so that cancel always finds it. The id is new.
  void begin(uint64_t call, Deadline deadline);
  // Blocks until the plugin has returned and answered: its answer as it wrote it, not known to be JSON. No
  // text at all, an exception and a deadline that passes without an answer become errors in the shape of one.
  std::string invoke(uint64_t call, const std::string& method, std::string_view request);
  // The plugin is told when it asks; a call that has not begun yet is not made. Unknown ids are ignored.
  void cancel(uint64_t call);

 private:
  struct Call {
    Deadline deadline;
    bool cancelled = false;
    std::optional<std::string> answer;
  };

  LoadedPlugin(std::string path, Log log, Redeem redeem, Notify notify);
  static LoadedPlugin& self(void* context) { return *static_cast<LoadedPlugin*>(context); }
  void reply(uint64_t call, std::string_view json);
  bool is_cancelled(uint64_t call) const;
  int64_t remaining_ms(uint64_t call) const;
  std::string redeem(uint64_t call, std::string_view ask) const;
  std::string wait_for_answer(uint64_t call);

  const std::string path_;
  const Log log_;
  const Redeem redeem_;
  const Notify notify_;
  tenon_host host_{};
  tenon_plugin plugin_{};
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  std::map<uint64_t, Call> calls_;
};

}  // namespace tenon
