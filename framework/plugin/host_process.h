// One running tenon-plugin-host: started, spoken to, and its end noticed. It never starts again; supervisor.h
// makes the next one. What the plugin left in the host's session ends with it, unless this process was
// killed; a worker that is to outlive it has a session of its own.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "framework/backend/backend.h"
#include "framework/base/clock.h"
#include "framework/base/files.h"
#include "framework/base/json.h"
#include "framework/base/result.h"
#include "framework/plugin/secret_desk.h"
#include "framework/plugin/wire.h"

namespace tenon {

struct HostOptions {
  std::string program;   // tenon-plugin-host, absolute path
  std::string plugin;    // the shared object, absolute path
  std::string instance;  // for messages
  std::string log;       // the host's stdout and stderr are appended to this file; "": dropped
  int parallel = 1;
  int lock = -1;           // descriptor of the run's lock, which the host inherits; -1: none
  uint64_t memory = 0;     // bytes that the host, and each program it starts, may fill; 0: unlimited
  Vault* vault = nullptr;  // of the secrets that the plugin may redeem; null: it has none
  // Hears what the plugin notifies of, on the host's own thread; null: nobody does.
  std::function<void(std::string_view json)> event = {};
  // After a deadline or a request to stop, how long the host may take before it is killed or left behind.
  Duration grace = std::chrono::seconds(2);
};

// Thread-safe. One thread of its own forks the host, moves its frames and reaps it, so the host lives exactly
// as long as that thread (PR_SET_PDEATHSIG follows the forking thread).
class HostProcess {
 public:
  static Result<std::unique_ptr<HostProcess>> start(const HostOptions& options);
  // Closes the connection, upon which the host finishes its calls and leaves; after the grace it is killed.
  ~HostProcess();
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;

  // Blocks. As Channel::call; unavailable: the host had already ended.
  Result<Json> call(const std::string& method, const Json& request, const CallContext& context);
  bool alive() const;
  // Of a host that is not alive: blocks until its process is gone and reaped, at most the grace and a kill.
  void await_end();
  pid_t pid() const { return pid_; }

 private:
  struct Pending {
    std::string subject;                        // "create of core/Pod/default/x"
    std::optional<Result<std::string>> answer;  // JSON text
    std::condition_variable changed;            // of its caller alone: an answer wakes nobody else
  };
  using Lock = std::unique_lock<std::mutex>;

  explicit HostProcess(HostOptions options) : options_(std::move(options)), desk_(options_.vault) {}
  Status launch();
  Result<FileDescriptor> open_desk();
  void wake();
  Result<Json> finish(uint64_t id, Lock& lock, const CallContext& context);
  Result<Json> give_up(uint64_t id, Lock& lock, bool stopped);
  Result<Json> take_answer(uint64_t id, Lock& lock);
  void send_soon(std::string_view bytes);
  void wake_caller(uint64_t id);

  // On the host's own thread.
  void run();
  void converse(int exit_event);
  bool read_some();
  bool write_some();
  Status deliver(std::string_view frame);
  void reap(int exit_event);
  std::string describe_end(int status) const;

  const HostOptions options_;
  pid_t pid_ = 0;
  FileDescriptor socket_, wake_;
  SecretDesk desk_;
  FileDescriptor desk_socket_;
  std::jthread clerk_;    // answers at the desk
  FrameDecoder decoder_;  // of the own thread

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Status launched_;
  bool ready_ = false;    // launched_ is known
  bool alive_ = false;    // calls may be added
  bool reaped_ = false;   // its process is gone
  bool closing_ = false;  // leave when the calls are done
  std::string kill_;      // why the host must be killed
  std::string outgoing_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Pending> pending_;

  std::jthread thread_;  // last: it ends first
};

}  // namespace tenon
