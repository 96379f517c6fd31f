// Shared: a value that many hold and few change. Copies share one T until one of them is edited, which then
// has its own. Value type: different copies may be used by different threads, one copy by one at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace tenon {

template <typename T>
class Shared {
 public:
  Shared() = default;  // T(), without an allocation
  explicit Shared(T value) : held_(new Held{std::move(value)}) {}
  Shared(const Shared& other) noexcept : held_(other.held_) {
    if (held_) held_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  Shared(Shared&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
  Shared& operator=(Shared other) noexcept {
    std::swap(held_, other.held_);
    return *this;
  }
  // Whoever lets go last must see what the others did before.
  ~Shared() {
    if (held_ && held_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete held_;
  }

  const T& operator*() const {
    static const T nothing{};
    return held_ ? held_->value : nothing;
  }
  const T* operator->() const { return &**this; }

  // This copy's own; valid until the copy is itself copied.
  T& edit() {
    if (!held_ || held_->holders.load(std::memory_order_acquire) != 1) *this = Shared(**this);
    return held_->value;
  }

  // The very same T; equal ones may be apart.
  bool shares_with(const Shared& other) const { return held_ == other.held_; }
  bool is_default() const { return !held_; }

 private:
  struct Held {
    T value;
    std::atomic<size_t> holders = 1;
  };

  Held* held_ = nullptr;
};

}  // namespace tenon
