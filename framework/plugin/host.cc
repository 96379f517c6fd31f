#include "framework/plugin/host.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <iterator>
#include <mutex>
#include <thread>
#include <vector>

#include "framework/base/files.h"
#include "framework/plugin/brief_wait.h"
#include "framework/plugin/doorbell.h"
#include "framework/plugin/sockets.h"
#include "framework/plugin/wire.h"

namespace tenon {
namespace {

// One read. False at end-of-file.
Result<bool> read_some(int fd, FrameDecoder& decoder, BriefWait& awake) {
  char block[65536];
  ssize_t count = awake.receive(fd, block, sizeof block);
  while (count < 0 && (errno == EAGAIN || errno == EINTR)) count = read(fd, block, sizeof block);
  if (count < 0) return errno_error("reading", "calls", errno);
  decoder.push({block, static_cast<size_t>(count)});
  return count > 0;
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

// Its threads take turns: one reads, and when a call has come it carries that out itself, so that no call
// changes threads on its way. Meanwhile the bell hangs out for the others: one of them reads on once there is
// something to read, be it a call or a cancellation. There is one thread more than calls may run, so that
// somebody always can. Answers are written one at a time.
class Host {
 public:
  Host(int fd, const Doorbell& bell, FrameWriter& out, LoadedPlugin& plugin, int parallel)
      : fd_(fd), bell_(bell), out_(out), plugin_(plugin), parallel_(parallel) {}

  // One of parallel + 1 threads; until the connection has ended and everything is answered.
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (!jobs_.empty() && running_ < parallel_) {
        run_one(lock);
      } else if (closed_ && jobs_.empty()) {
        return bell_.ring();  // for the next one to leave
      } else if (!reading_ && !closed_) {
        read_on(lock);
      } else {
        lock.unlock();
        bell_.wait();
        lock.lock();
      }
    }
  }

  Status end() const { return end_; }

 private:
  void run_one(std::unique_lock<std::mutex>& lock) {
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    ++running_;
    if (!jobs_.empty() && running_ < parallel_) bell_.ring();
    if (!reading_ && !closed_) bell_.hang();
    lock.unlock();
    const std::string answer = plugin_.invoke(job.call, job.method, job.request);
    Result<std::string> frame = encode_answer(job.call, answer);
    if (!frame) frame = encode_answer(job.call, error_answer(frame.error()));
    out_.write(*frame);
    if (out_of_descriptors(fd_)) _exit(kOutOfDescriptors);
    lock.lock();
    --running_;
  }

  void read_on(std::unique_lock<std::mutex>& lock) {
    reading_ = true;
    bell_.take_down();
    lock.unlock();
    const Result<bool> more = read_some(fd_, decoder_, awake_);
    Status read = more ? Status() : more.error();
    std::deque<Job> jobs;
    if (read) read = take_frames(jobs);
    lock.lock();
    reading_ = false;
    std::move(jobs.begin(), jobs.end(), std::back_inserter(jobs_));
    if (read && *more) return;
    end_ = read;
    closed_ = true;
    for (const Job& job : jobs_) plugin_.cancel(job.call);
  }

  Status take_frames(std::deque<Job>& jobs) {
    for (;;) {
      const auto frame = decoder_.next_text();
      if (!frame) return frame.error();
      if (!*frame) return {};
      const auto envelope = open_envelope(**frame, "request");
      if (!envelope) return with_context("a frame", envelope.error());
      try {
        handle(*envelope, jobs);
      } catch (const Json::exception& e) {
        return Error{Code::internal, std::string("a frame has not the agreed shape: ") + e.what()};
      }
    }
  }

  void handle(const Envelope& frame, std::deque<Job>& jobs) {
    if (const auto cancelled = frame.head.find("cancel"); cancelled != frame.head.end())
      return plugin_.cancel(cancelled->get<uint64_t>());
    Job job{frame.head.at("call"), frame.head.at("method"),
            frame.body.empty() ? frame.head.at("request").dump() : std::string(frame.body)};
    auto deadline = LoadedPlugin::Deadline::max();
    if (const auto left = frame.head.find("remaining_ms"); left != frame.head.end())
      deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(left->get<int64_t>());
    plugin_.begin(job.call, deadline);
    jobs.push_back(std::move(job));
  }

  const int fd_;
  const Doorbell& bell_;  // hangs while nobody reads
  FrameWriter& out_;
  LoadedPlugin& plugin_;
  const int parallel_;
  FrameDecoder decoder_;  // of whoever reads, as awake_
  BriefWait awake_;
  std::mutex mutex_;
  std::deque<Job> jobs_;
  int running_ = 0;
  bool reading_ = false;
  bool closed_ = false;
  Status end_;
};

}  // namespace

void FrameWriter::write(std::string_view frame) {
  const std::lock_guard lock(mutex_);
  send_all(fd_, frame);
}

Status serve(int fd, FrameWriter& out, LoadedPlugin& plugin, int parallel) {
  const auto bell = Doorbell::of(fd);
  if (!bell) return bell.error();
  Host host(fd, *bell, out, plugin, parallel);
  std::vector<std::jthread> workers;
  for (int i = 0; i < parallel; ++i) workers.emplace_back([&host] { host.work(); });
  host.work();
  workers.clear();
  return host.end();
}

void refuse(int fd, const Error& error) {
  FrameDecoder decoder;
  BriefWait awake;
  for (;;) {
    const Result<bool> more = read_some(fd, decoder, awake);
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
