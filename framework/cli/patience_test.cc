#include "framework/cli/patience.h"

#include <gtest/gtest.h>

#include <future>
#include <sstream>

namespace tenon {
namespace {

// Answers when it is told to.
class Slow final : public Backend {
 public:
  Result<Observed> observe(const std::vector<Request>&, const CallContext&) override {
    released_.get_future().wait();
    return Observed();
  }
  Result<Outcome> create(const Request&, const CallContext&) override { return Outcome(); }
  Result<Outcome> update(const Request&, const CallContext&) override { return Outcome(); }
  Result<Outcome> remove(const Request&, const CallContext&) override { return Outcome(); }
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>&,
                                                             const CallContext&) override {
    return std::vector<Result<std::vector<ChildSpec>>>();
  }
  void release() { released_.set_value(); }

 private:
  std::promise<void> released_;
};

// Calls `told` with all text at each flush.
class Overheard final : public std::stringbuf {
 public:
  explicit Overheard(std::function<void(const std::string&)> told) : told_(std::move(told)) {}

 private:
  int sync() override {
    told_(str());
    return 0;
  }
  const std::function<void(const std::string&)> told_;
};

CallContext within(std::chrono::seconds time) {
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + time;
  return context;
}

TEST(Patience, TellsWhoDoesNotAnswerAndForHowLongItIsWaitedFor) {
  OpenCalls calls;
  Slow slow;
  WatchedBackend backend(slow, "cloud", calls);
  std::string said;
  Overheard text([&](const std::string& all) {
    said = all;
    slow.release();
  });
  std::ostream err(&text);
  {
    const Patience patience(calls, err,
                            {.first = std::chrono::milliseconds(1), .again = std::chrono::hours(1)});
    ASSERT_TRUE(backend.observe({}, within(std::chrono::seconds(3600))));
  }
  EXPECT_TRUE(said.starts_with("waiting for instance 'cloud', which has not answered for ")) << said;
  EXPECT_TRUE(said.ends_with("; at most 60 min\n")) << said;
}

TEST(Patience, GoesOnTellingWhileItLasts) {
  OpenCalls calls;
  Slow slow;
  WatchedBackend backend(slow, "cloud", calls);
  bool released = false;
  Overheard text([&](const std::string& all) {
    if (!released && std::count(all.begin(), all.end(), '\n') == 3) slow.release(), released = true;
  });
  std::ostream err(&text);
  const Patience patience(calls, err,
                          {.first = std::chrono::milliseconds(1), .again = std::chrono::milliseconds(1)});
  EXPECT_TRUE(backend.observe({}, {}));
  EXPECT_EQ(text.str().find("at most"), std::string::npos) << text.str();
}

TEST(Patience, SaysNothingOfWhoAnswers) {
  OpenCalls calls;
  Slow slow;
  slow.release();
  WatchedBackend backend(slow, "cloud", calls);
  std::ostringstream err;
  {
    const Patience patience(calls, err, {.first = std::chrono::hours(1), .again = std::chrono::hours(1)});
    ASSERT_TRUE(backend.observe({}, {}));
  }
  EXPECT_EQ(err.str(), "");
  EXPECT_TRUE(calls.longer_than(std::chrono::milliseconds(0)).empty());
}

}  // namespace
}  // namespace tenon
