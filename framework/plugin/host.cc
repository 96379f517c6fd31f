#include "framework/plugin/host.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <thread>
#include <vector>

#include "framework/base/files.h"
#include "framework/plugin/wire.h"

namespace tenon {
namespace {

// One read. False at end-of-file.
Result<bool> read_some(int fd, FrameDecoder& decoder) {
  char block[65536];
  ssize_t count;
  do count = read(fd, block, sizeof block);
  while (count < 0 && errno == EINTR);
  if (count < 0) return errno_error("reading", "calls", errno);
  decoder.push({block, static_cast<size_t>(count)});
  return count > 0;
}

// Nobody is left to hear what cannot be written; the reader sees end-of-file.
void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

// Nothing that the plugin does from here on can be right, and no later call mends it.
bool out_of_descriptors(int fd) {
  const int one_more = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (one_more >= 0) close(one_more);
  return one_more < 0 && errno == EMFILE;
}

struct Job {
  uint64_t call = 0;
  std::string method;
  std::string request;
};

// The reader (the caller of serve) queues jobs; workers take them. Answers are written by workers, one at a
// time.
class Host {
 public:
  Host(int fd, LoadedPlugin& plugin) : fd_(fd), plugin_(plugin) {}

  void work() {
    while (const std::optional<Job> job = take()) {
      const std::string answer = plugin_.invoke(job->call, job->method, job->request);
      Result<std::string> frame = encode_answer(job->call, answer);
      if (!frame) frame = encode_answer(job->call, error_answer(frame.error()));
      const std::lock_guard lock(writing_);
      send_all(fd_, *frame);
      if (out_of_descriptors(fd_)) _exit(kOutOfDescriptors);
    }
  }

  Status read_frames() {
    FrameDecoder decoder;
    for (;;) {
      const Result<bool> more = read_some(fd_, decoder);
      if (!more) return more.error();
      if (!*more) return {};
      if (Status handled = handle_frames(decoder); !handled) return handled;
    }
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (const Job& job : jobs_) plugin_.cancel(job.call);
    changed_.notify_all();
  }

 private:
  std::optional<Job> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (jobs_.empty()) return {};
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

  Status handle_frames(FrameDecoder& decoder) {
    for (;;) {
      Result<std::optional<Json>> frame = decoder.next();
      if (!frame) return frame.error();
      if (!*frame) return {};
      try {
        handle(**frame);
      } catch (const Json::exception& e) {
        return Error{Code::internal, std::string("a frame has not the agreed shape: ") + e.what()};
      }
    }
  }

  void handle(const Json& frame) {
    if (const auto cancelled = frame.find("cancel"); cancelled != frame.end())
      return plugin_.cancel(cancelled->get<uint64_t>());
    Job job{frame.at("call"), frame.at("method"), frame.at("request").dump()};
    auto deadline = LoadedPlugin::Deadline::max();
    if (const auto left = frame.find("remaining_ms"); left != frame.end())
      deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(left->get<int64_t>());
    plugin_.begin(job.call, deadline);
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.notify_one();
  }

  const int fd_;
  LoadedPlugin& plugin_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool closed_ = false;
  std::mutex writing_;
};

}  // namespace

Status serve(int fd, LoadedPlugin& plugin, int parallel) {
  Host host(fd, plugin);
  std::vector<std::jthread> workers;
  for (int i = 0; i < parallel; ++i) workers.emplace_back([&host] { host.work(); });
  Status read = host.read_frames();
  host.close();
  workers.clear();
  return read;
}

void refuse(int fd, const Error& error) {
  FrameDecoder decoder;
  for (;;) {
    const Result<bool> more = read_some(fd, decoder);
    if (!more || !*more) return;
    for (;;) {
      const Result<std::optional<Json>> frame = decoder.next();
      if (!frame) return;
      if (!*frame) break;
      if (const auto call = (*frame)->find("call"); call != (*frame)->end() && call->is_number_unsigned())
        send_all(fd, encode_answer(call->get<uint64_t>(), error_answer(error)).value_or(""));
    }
  }
}

}  // namespace tenon
