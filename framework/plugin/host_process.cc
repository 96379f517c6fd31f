#include "framework/plugin/host_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "framework/base/process.h"
#include "framework/base/quantity.h"
#include "framework/plugin/channel.h"
#include "framework/plugin/host.h"
#include "framework/plugin/sockets.h"

namespace tenon {
namespace {

using Steady = std::chrono::steady_clock;

int poll_milliseconds(Duration duration) {
  return static_cast<int>(std::clamp<int64_t>(duration.count(), 0, 600000));
}

void push(const FileDescriptor& event) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(event.get(), &one, sizeof one);
}

}  // namespace

Result<std::unique_ptr<HostProcess>> HostProcess::start(const HostOptions& options) {
  std::unique_ptr<HostProcess> host(new HostProcess(options));
  host->thread_ = std::jthread([raw = host.get()] { raw->run(); });
  Lock lock(host->mutex_);
  host->changed_.wait(lock, [&host] { return host->ready_; });
  if (!host->launched_) return host->launched_.error();
  lock.unlock();
  return host;
}

HostProcess::~HostProcess() {
  {
    const Lock lock(mutex_);
    closing_ = true;
  }
  if (bell_) bell_->ring();
}

bool HostProcess::alive() const {
  const Lock lock(mutex_);
  return alive_;
}

void HostProcess::await_end() {
  Lock lock(mutex_);
  changed_.wait(lock, [this] { return reaped_; });
}

std::string HostProcess::Pending::subject() const { return describe_call(method, request); }

Result<Json> HostProcess::call(const std::string& method, const Json& request, const CallContext& context) {
  const std::string text = request.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::optional<int64_t> left;
  if (context.deadline != Steady::time_point::max())
    left = std::chrono::duration_cast<Duration>(context.deadline - Steady::now()).count();
  Lock lock(mutex_);
  if (!alive_) return Error{Code::unavailable, "the host of " + options_.instance + " has ended"};
  const uint64_t id = ++last_id_;
  Result<std::string> bytes = encode_call(id, method, left, text);
  if (!bytes) return bytes.error();
  pending_.try_emplace(id, method, request);
  desk_.admit(id, request);
  send_soon(*bytes);
  lock.unlock();
  const std::stop_callback stopped(context.stop, [this, id] { wake_caller(id); });
  lock.lock();
  Result<Json> answer = finish(id, lock, context);
  // A request to stop may be waiting for it.
  if (lock.owns_lock()) lock.unlock();
  desk_.dismiss(id);
  return answer;
}

void HostProcess::wake_caller(uint64_t id) {
  const Lock lock(mutex_);
  const auto pending = pending_.find(id);
  if (pending == pending_.end()) return;
  pending->second.changed.notify_all();
  if (leader_ == &pending->second) push(nudge_);
}

// With the lock held: what the socket takes at once, the rest on the host's own thread.
void HostProcess::send_soon(std::string_view bytes) {
  if (outgoing_.empty()) {
    const ssize_t count = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) bytes.remove_prefix(static_cast<size_t>(count));
  }
  if (bytes.empty()) return;
  outgoing_ += bytes;
  bell_->ring();
}

Result<Json> HostProcess::finish(uint64_t id, Lock& lock, const CallContext& context) {
  Pending& pending = pending_.at(id);
  await(pending, lock, context.deadline, context.stop);
  return pending.answer ? take_answer(id, lock) : give_up(id, lock, context.stop.stop_requested());
}

// Until it is answered, the moment comes or a stop is requested.
void HostProcess::await(Pending& pending, Lock& lock, Moment until, const std::stop_token& stop) {
  if (open_ && !reading_) lead(pending, lock, until, stop);
  const auto over = [&] { return pending.answer || stop.stop_requested(); };
  if (until == Moment::max())
    pending.changed.wait(lock, over);
  else
    pending.changed.wait_until(lock, until, over);
}

// The same as far as nobody else needs to read: what comes for others meanwhile is handed to them.
void HostProcess::lead(Pending& pending, Lock& lock, Moment until, const std::stop_token& stop) {
  reading_ = true;
  leader_ = &pending;
  bell_->take_down();
  const auto goes_on = [&] {
    return open_ && !pending.answer && !stop.stop_requested() &&
           (until == Moment::max() || Steady::now() < until);
  };
  while (goes_on()) {
    lock.unlock();
    if (read_some() == Read::nothing) await_frames(until);
    lock.lock();
  }
  leader_ = nullptr;
  end_reading();
}

// With the lock held. The own thread goes on, or waits for the last reader to leave.
void HostProcess::end_reading() {
  reading_ = false;
  if (open_)
    bell_->hang();
  else
    changed_.notify_all();
}

// Of the caller who reads: until there is something to read, a nudge, or the moment.
void HostProcess::await_frames(Moment until) {
  pollfd polled[2] = {{socket_.get(), POLLIN, 0}, {nudge_.get(), POLLIN, 0}};
  timespec left{};
  if (until != Moment::max()) {
    const auto nanoseconds = std::max(until - Steady::now(), Moment::duration(0)).count();
    left = {.tv_sec = nanoseconds / std::nano::den, .tv_nsec = nanoseconds % std::nano::den};
  }
  ppoll(polled, 2, until == Moment::max() ? nullptr : &left, nullptr);
  uint64_t count;
  if (polled[1].revents) [[maybe_unused]]
    const ssize_t got = read(nudge_.get(), &count, sizeof count);
}

// The caller reads it, so that many answers are read at the same time.
Result<Json> HostProcess::take_answer(uint64_t id, Lock& lock) {
  Result<std::string> text = *std::move(pending_.at(id).answer);
  pending_.erase(id);
  lock.unlock();
  if (!text) return text.error();
  Result<Json> answer = parse_object(*text);
  return answer ? open_answer(*std::move(answer)) : with_context("the plugin's answer", answer.error());
}

// Asks the plugin to stop, and gives it the grace. A host that is deaf at a deadline is killed, since its
// thread is lost; one that is merely asked to stop early is left to finish.
Result<Json> HostProcess::give_up(uint64_t id, Lock& lock, bool stopped) {
  Pending& pending = pending_.at(id);
  if (alive_) {
    if (Result<std::string> cancel = encode_frame({{"cancel", id}})) send_soon(*cancel);
  }
  await(pending, lock, Steady::now() + options_.grace, {});
  if (!pending.answer && stopped) {
    Error error{Code::cancelled, "stopped waiting for " + pending.subject() + "; its outcome is unknown"};
    pending_.erase(id);
    return error;
  }
  if (!pending.answer) {
    kill_ = pending.subject() + " did not end within its deadline, so the host was killed";
    bell_->ring();
    await(pending, lock, Moment::max(), {});
  }
  return take_answer(id, lock);
}

// A second socket pair, for what nobody may write down.
Result<FileDescriptor> HostProcess::open_desk() {
  if (!options_.vault) return FileDescriptor();
  auto ends = socket_pair();
  if (!ends) return ends.error();
  desk_socket_ = std::move(ends->first);
  clerk_ = std::jthread([this] { serve_secrets(desk_socket_.get(), desk_); });
  return std::move(ends->second);
}

Status HostProcess::launch() {
  auto ends = socket_pair();
  if (!ends) return ends.error();
  socket_ = std::move(ends->first);
  const FileDescriptor theirs = std::move(ends->second);
  fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  nudge_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!nudge_) return errno_error("making", "an event", errno);
  auto bell = Doorbell::of(socket_.get());
  if (!bell) return bell.error();
  bell_ = *std::move(bell);
  const auto secrets = open_desk();
  if (!secrets) return secrets.error();
  const Result<pid_t> child = spawn_host(options_, theirs.get(), secrets->get());
  if (!child) return child.error();
  pid_ = *child;
  return {};
}

void HostProcess::run() {
  Status launched = launch();
  const bool running = launched.has_value();
  {
    const Lock lock(mutex_);
    launched_ = std::move(launched);
    alive_ = open_ = running;
    if (running) bell_->hang();
    ready_ = true;
    changed_.notify_all();
  }
  if (!running) return;
  const FileDescriptor exit_event(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  converse(exit_event.get());
  reap(exit_event.get());
}

// Until the host has ended, must be killed, or is no longer wanted: reads what no caller reads, and writes
// what the socket did not take at once.
void HostProcess::converse(int exit_event) {
  for (;;) {
    bool writing;
    {
      const Lock lock(mutex_);
      if (closing_ || !kill_.empty() || !open_) return;
      writing = !outgoing_.empty();
    }
    pollfd polled[3] = {
        {bell_->fd(), POLLIN, 0}, {exit_event, POLLIN, 0}, {writing ? socket_.get() : -1, POLLOUT, 0}};
    if (poll(polled, 3, -1) < 0) continue;
    if (polled[2].revents) write_some();
    if (polled[0].revents && bell_->answer()) read_unless_led();
    if (polled[1].revents) return read_the_rest();
  }
}

void HostProcess::read_unless_led() {
  Lock lock(mutex_);
  if (reading_) return;
  reading_ = true;
  lock.unlock();
  read_some();
  lock.lock();
  end_reading();
}

// The host's process has ended; what it still had to say has not been heard.
void HostProcess::read_the_rest() {
  Lock lock(mutex_);
  open_ = false;
  push(nudge_);
  changed_.wait(lock, [this] { return !reading_; });
  lock.unlock();
  while (read_some() == Read::some) {
  }
}

void HostProcess::write_some() {
  const Lock lock(mutex_);
  const ssize_t count = send(socket_.get(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL);
  if (count > 0) outgoing_.erase(0, static_cast<size_t>(count));
  // A host that is gone is noticed by reading, so that its last answers are not lost.
  if (count < 0 && errno != EAGAIN && errno != EINTR) outgoing_.clear();
}

// All frames that have come are delivered. no_more: the connection is over, and the own thread is told.
HostProcess::Read HostProcess::read_some() {
  char block[65536];
  const ssize_t count = awake_.receive(socket_.get(), block, sizeof block);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Read::nothing;
  Status read;
  if (count > 0) {
    decoder_.push({block, static_cast<size_t>(count)});
    read = deliver_all();
    if (read) return Read::some;
  }
  const Lock lock(mutex_);
  open_ = false;
  if (!read) kill_ = "it broke the protocol (" + read.error().message + ")";
  bell_->ring();
  return Read::no_more;
}

Status HostProcess::deliver_all() {
  for (;;) {
    const auto frame = decoder_.next_text();
    if (!frame) return frame.error();
    if (!*frame) return {};
    if (Status delivered = deliver(**frame); !delivered) return delivered;
  }
}

Status HostProcess::deliver(std::string_view frame) {
  const auto envelope = open_envelope(frame, "answer");
  if (!envelope) return with_context("a frame", envelope.error());
  if (const auto event = envelope->head.find("event"); event != envelope->head.end()) {
    if (options_.event) options_.event(event->dump());
    return {};
  }
  const auto call = envelope->head.find("call");
  const auto whole = envelope->head.find("answer");
  if (call == envelope->head.end() || !call->is_number_unsigned()) return {};
  if (envelope->body.empty() && whole == envelope->head.end()) return {};
  std::string answer = envelope->body.empty() ? whole->dump() : std::string(envelope->body);
  const Lock lock(mutex_);
  const auto pending = pending_.find(call->get<uint64_t>());
  if (pending == pending_.end() || pending->second.answer) return {};
  pending->second.answer = std::move(answer);
  pending->second.changed.notify_all();
  return {};
}

std::string HostProcess::describe_end(int status) const {
  const std::string most = format_bytes(static_cast<int64_t>(options_.memory));
  if (WIFEXITED(status) && WEXITSTATUS(status) == kOutOfMemory)
    return "the host needed more memory than limits.memory of the instance, or of its plugin's manifest, "
           "allows (" +
           most + ") and ended";
  if (WIFEXITED(status) && WEXITSTATUS(status) == kOutOfDescriptors)
    return "the plugin has left no file descriptor to be opened, so its host ended";
  const std::string text = "the host ended (" + describe_status(status) + ")";
  return options_.memory > 0 ? text + ", limits.memory being " + most : text;
}

void HostProcess::reap(int exit_event) {
  std::string why;
  bool wanted;
  {
    const Lock lock(mutex_);
    alive_ = open_ = false;
    why = kill_;
    wanted = !closing_;
  }
  for (const FileDescriptor* socket : {&socket_, &desk_socket_})
    if (*socket) shutdown(socket->get(), SHUT_RDWR);
  pollfd ended{exit_event, POLLIN, 0};
  // A host whose end-of-file was seen is about to end by itself: its own status says more than our kill.
  if (why.empty()) poll(&ended, 1, poll_milliseconds(options_.grace));
  // Not yet waited for, so the id is still that of its group: whatever the plugin forked ends too.
  kill(-pid_, SIGKILL);
  const int status = wait_for(pid_);
  const Lock lock(mutex_);
  reaped_ = true;
  if (why.empty()) why = wanted ? describe_end(status) : "the host was stopped";
  for (auto& [id, pending] : pending_) {
    if (!pending.answer)
      pending.answer =
          Error{Code::crashed, "plugin " + options_.plugin + " of instance " + options_.instance + ": " +
                                   why + "; the outcome of " + pending.subject() + " is unknown" +
                                   (options_.log.empty() ? "" : ", see " + options_.log)};
    pending.changed.notify_all();
  }
  changed_.notify_all();
}

}  // namespace tenon
