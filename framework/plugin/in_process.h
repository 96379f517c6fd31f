// An instance of a plugin inside this process (--isolation=none): for debugging and for tests. A crash or a
// hang of the plugin is then ours.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "framework/plugin/channel.h"
#include "framework/plugin/events.h"
#include "framework/plugin/loader.h"
#include "framework/plugin/secret_desk.h"

namespace tenon {

// Thread-safe. Opened at the first call.
class InProcess final : public Channel {
 public:
  // plugin: absolute path of the shared object.
  InProcess(std::string plugin, std::string instance, Json configuration, LoadedPlugin::Log log,
            const Vault* vault = nullptr);

  Status open(const CallContext& context) override;
  Result<Json> call(const std::string& method, const Json& request, const CallContext& context) override;
  void listen(Events::Listener listener) override { events_.listen(std::move(listener)); }

 private:
  Result<Json> invoke(const std::string& method, const Json& request, const CallContext& context);

  const std::string path_, instance_;
  const Json configuration_;
  const LoadedPlugin::Log log_;
  SecretDesk desk_;
  Events events_;
  std::mutex opening_;
  bool opened_ = false;
  std::unique_ptr<LoadedPlugin> plugin_;
  std::atomic<uint64_t> last_id_ = 0;
};

}  // namespace tenon
