#include "framework/bench/threads.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tenon::bench {
namespace {

// One call: a create of one step, or a look at some.
struct Work {
  std::vector<size_t> steps;
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

  void give(std::vector<Work> given) {
    size_t woken = 0;
    {
      const std::lock_guard lock(mutex_);
      for (Work& work : given) waiting_.push_back(std::move(work));
      while (threads_.size() < limit_ && threads_.size() < busy_ + waiting_.size())
        threads_.emplace_back([this] { run(); });
      woken = std::min(given.size(), idle_);
    }
    for (; woken > 0; --woken) given_.notify_one();
  }

  std::deque<Work> done() {
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [this] { return !done_.empty(); });
    return std::exchange(done_, {});
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      given_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
      --idle_;
      if (ended_) return;
      Work work = std::move(waiting_.front());
      waiting_.pop_front();
      ++busy_;
      lock.unlock();
      work.status = call_(work);
      lock.lock();
      --busy_;
      done_.push_back(std::move(work));
      if (done_.size() > 1) continue;
      lock.unlock();
      finished_.notify_one();
      lock.lock();
    }
  }

  const size_t limit_;
  const Call call_;
  std::mutex mutex_;
  std::condition_variable given_, finished_;
  std::deque<Work> waiting_, done_;
  size_t idle_ = 0, busy_ = 0;
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
  const auto request_of = [&plan](size_t step) {
    const Address& address = plan.steps[step].address;
    return Request{.address = address, .desired = plan.desired(address)};
  };
  Pool pool(threads, [&](const Work& work) -> Status {
    if (!work.look) return status_of(backend.create(request_of(work.steps.front()), {}));
    std::vector<Request> requests;
    for (const size_t step : work.steps) requests.push_back(request_of(step));
    return status_of(backend.observe(requests, {}));
  });
  std::vector<Work> next;
  for (size_t i = 0; i < count; ++i)
    if (open[i] == 0) next.push_back({{i}});
  for (size_t left = count; left > 0;) {
    pool.give(std::exchange(next, {}));
    Work look{.steps = {}, .look = true};
    for (const Work& work : pool.done()) {
      if (!work.status) return work.status;
      for (const size_t step : work.steps) {
        if (!work.look) {
          look.steps.push_back(step);
          continue;
        }
        --left;
        for (const size_t follower : followers[step])
          if (--open[follower] == 0) next.push_back({{follower}});
      }
    }
    if (!look.steps.empty()) next.push_back(std::move(look));
  }
  return {};
}

}  // namespace tenon::bench
