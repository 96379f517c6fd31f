// One running tenon-plugin-host: started, spoken to, and its end noticed. It never starts again; supervisor.h
// makes the next one. What the plugin left in the host's session ends with it, unless this process was
// killed; a worker that is to outlive it has a session of its own.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "framework/backend/backend.h"
#include "framework/base/files.h"
#include "framework/base/json.h"
#include "framework/base/result.h"
#include "framework/plugin/brief_wait.h"
#include "framework/plugin/doorbell.h"
#include "framework/plugin/host_launch.h"
#include "framework/plugin/secret_desk.h"
#include "framework/plugin/wire.h"

namespace tenon {

// Thread-safe. One thread of its own forks the host and reaps it, so the host lives exactly as long as that
// thread (PR_SET_PDEATHSIG follows the forking thread). Frames are read by one of the callers who wait for an
// answer, so that most answers come to whom they are for without another thread; by the own thread where no
// caller reads.
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
    const std::string& method;
    const Json& request;
    std::optional<Result<std::string>> answer;  // JSON text
    std::condition_variable changed;            // of its caller alone: an answer wakes nobody else

    std::string subject() const;  // "create of core/Pod/default/x"
  };
  using Lock = std::unique_lock<std::mutex>;
  using Moment = std::chrono::steady_clock::time_point;

  explicit HostProcess(HostOptions options) : options_(std::move(options)), desk_(options_.vault) {}
  Status launch();
  Result<FileDescriptor> open_desk();
  Result<Json> finish(uint64_t id, Lock& lock, const CallContext& context);
  Result<Json> give_up(uint64_t id, Lock& lock, bool stopped);
  Result<Json> take_answer(uint64_t id, Lock& lock);
  void send_soon(std::string_view bytes);
  void wake_caller(uint64_t id);
  void await(Pending& pending, Lock& lock, Moment until, const std::stop_token& stop);

  // Of whoever reads.
  void lead(Pending& pending, Lock& lock, Moment until, const std::stop_token& stop);
  void end_reading();
  void await_frames(Moment until);
  enum class Read { some, nothing, no_more };
  Read read_some();
  Status deliver_all();
  Status deliver(std::string_view frame);

  // On the host's own thread.
  void run();
  void converse(int exit_event);
  void read_unless_led();
  void read_the_rest();
  void write_some();
  void reap(int exit_event);
  std::string describe_end(int status) const;

  const HostOptions options_;
  pid_t pid_ = 0;
  FileDescriptor socket_;
  std::optional<Doorbell> bell_;  // of the own thread; hangs while no caller reads
  FileDescriptor nudge_;          // of the caller who reads: look again
  SecretDesk desk_;
  FileDescriptor desk_socket_;
  std::jthread clerk_;    // answers at the desk
  FrameDecoder decoder_;  // of whoever reads, as awake_
  BriefWait awake_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  Status launched_;
  bool ready_ = false;               // launched_ is known
  bool alive_ = false;               // calls may be added
  bool open_ = false;                // callers may read
  bool reading_ = false;             // somebody does
  const Pending* leader_ = nullptr;  // the caller who does
  bool reaped_ = false;              // its process is gone
  bool closing_ = false;             // the own thread leaves at once; the host has the grace to finish
  std::string kill_;                 // why the host must be killed
  std::string outgoing_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Pending> pending_;

  std::jthread thread_;  // last: it ends first
};

}  // namespace tenon
