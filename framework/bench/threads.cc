#include "framework/bench/threads.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tenon::bench {
namespace {

struct Work {
  size_t step = 0;
  bool look = false;
  Status status = {};  // once it is done
};

// Threads that take work, and say when it is done.
class Pool {
 public:
  using Call = std::function<Status(const Work&)>;

  Pool(size_t limit, Call call) : limit_(limit), call_(std::move(call)) {}

  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    given_.notify_all();
  }

  void give(const Work& work) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(work);
      if (idle_ < waiting_.size() && threads_.size() < limit_) threads_.emplace_back([this] { run(); });
    }
    given_.notify_one();
  }

  Work done() {
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [this] { return !done_.empty(); });
    const Work work = done_.front();
    done_.pop_front();
    return work;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      given_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
      --idle_;
      if (ended_) return;
      Work work = waiting_.front();
      waiting_.pop_front();
      lock.unlock();
      work.status = call_(work);
      lock.lock();
      done_.push_back(work);
      if (done_.size() == 1) finished_.notify_one();
    }
  }

  const size_t limit_;
  const Call call_;
  std::mutex mutex_;
  std::condition_variable given_, finished_;
  std::deque<Work> waiting_, done_;
  size_t idle_ = 0;
  bool ended_ = false;
  std::vector<std::jthread> threads_;  // last: joined before what they use is gone
};

template <typename T>
Status status_of(const Result<T>& result) {
  return result ? Status() : Status(result.error());
}

}  // namespace

Status calls_alone(const Plan& plan, Backend& backend, size_t threads) {
  const size_t count = plan.steps.size();
  std::vector<std::vector<size_t>> followers(count);
  std::vector<size_t> open(count);
  for (size_t i = 0; i < count; ++i) {
    open[i] = plan.steps[i].after.size();
    for (const int before : plan.steps[i].after) followers[static_cast<size_t>(before)].push_back(i);
  }
  Pool pool(threads, [&](const Work& work) -> Status {
    const Address& address = plan.steps[work.step].address;
    const Request request{.address = address, .desired = plan.desired(address)};
    if (work.look) return status_of(backend.observe({request}, {}));
    return status_of(backend.create(request, {}));
  });
  for (size_t i = 0; i < count; ++i)
    if (open[i] == 0) pool.give({i});
  for (size_t left = count; left > 0;) {
    const Work work = pool.done();
    if (!work.status) return work.status;
    if (!work.look) {
      pool.give({work.step, true});
      continue;
    }
    --left;
    for (const size_t follower : followers[work.step])
      if (--open[follower] == 0) pool.give({follower});
  }
  return {};
}

}  // namespace tenon::bench
