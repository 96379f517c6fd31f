#include "framework/base/ranges.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <numeric>

namespace tenon {
namespace {

// While it lives no thread can be started: none has room for such a stack.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge = before_;
    pthread_attr_setstacksize(&huge, size_t{1} << 47);
    pthread_setattr_default_np(&huge);
  }
  ~NoThreads() { pthread_setattr_default_np(&before_); }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

std::vector<size_t> numbers_in_ranges() {
  std::vector<size_t> all;
  for (const std::vector<size_t>&part :
       in_ranges<std::vector<size_t>>(1000, 1, [](size_t begin, size_t end, std::vector<size_t>&numbers) {
         for (size_t i = begin; i < end; ++i) numbers.push_back(i);
       }))
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(Ranges, AreAllWorkedOnInTheirOrder) {
  std::vector<size_t> expected(1000);
  std::iota(expected.begin(), expected.end(), size_t{0});
  EXPECT_EQ(numbers_in_ranges(), expected);
}

TEST(Ranges, AreWorkedOnHereWhereNoThreadIsToBeHad) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "this machine cannot: it has one processor";
  const std::vector<size_t> expected = numbers_in_ranges();
  const NoThreads none;
  std::vector<std::jthread> threads;
  ASSERT_FALSE(start_thread(threads, [] {}));
  EXPECT_EQ(numbers_in_ranges(), expected);
}

}  // namespace
}  // namespace tenon
