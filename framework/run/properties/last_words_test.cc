// Whatever a graph dies of: it is named with the command that plays it again, and shrunk.
#include "framework/run/properties/last_words.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <stdexcept>

#include "framework/run/properties/play.h"

namespace tenon::properties {
namespace {

constexpr const char* kAgain = "graph 4711 was played; again: bazel test .*TENON_SEED=4711";

class LastWords : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};
using LastWordsDeathTest = LastWords;

TEST_F(LastWordsDeathTest, NameTheGraphThatWasPlayed) {
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    EXPECT_DEATH((now_playing(4710), now_playing(4711), raise(signal)), kAgain) << signal;
  EXPECT_DEATH((now_playing(4711), std::abort()), kAgain);
}

TEST_F(LastWordsDeathTest, AreSaidWhenTheTimeIsOver) {
  EXPECT_EXIT((now_playing(4711), raise(SIGTERM)), testing::KilledBySignal(SIGTERM), kAgain);
}

TEST_F(LastWordsDeathTest, AreSaidOfWhatAnInstructionDoes) {
  EXPECT_DEATH(
      {
        now_playing(4711);
        volatile int* nowhere = nullptr;
        *nowhere = 1;
      },
      kAgain);
}

TEST_F(LastWords, NameTheConfigurationOfTheBuild) {
  setenv("TENON_CONFIG", "tsan", 1);
  EXPECT_NE(command_for(1).find("bazel test --config=tsan //"), std::string::npos) << command_for(1);
  setenv("TENON_CONFIG", "", 1);
  EXPECT_NE(command_for(1).find("bazel test -c opt //"), std::string::npos) << command_for(1);
}

bool has_slow(const Plan& plan) {
  for (const Step& step : plan.steps)
    if (step.kind == StepKind::create && step.address.kind == "Slow") return true;
  return false;
}

// Of a graph of some size.
Scene shrunk(const std::function<bool(const Scene&)>& fails) {
  for (unsigned seed = 0; seed < 300; ++seed)
    if (const Scene scene = random_scene(seed); scene.nodes.size() > 3 && fails(scene))
      return shrink(scene, fails);
  ADD_FAILURE() << "none fails";
  return {};
}

TEST_F(LastWords, AnExceptionIsAFailureThatIsShrunk) {
  const Sabotage throws{.plan = [](Plan& plan) {
    if (has_slow(plan)) throw std::runtime_error("a broken planner");
  }};
  const Scene small = shrunk([&](const Scene& scene) {
    const auto broken = play(scene, throws).broken;
    const auto how = broken.find(Property::converges);
    return how != broken.end() && how->second == "it throws: a broken planner";
  });
  EXPECT_EQ(small.nodes.size(), 1u) << to_text(small);
}

TEST_F(LastWords, ACrashIsAFailureThatIsShrunk) {
  const Sabotage crashes{.plan = [](Plan& plan) {
    if (has_slow(plan)) std::abort();
  }};
  const auto dies = [&](const Scene& scene) {
    const auto death = death_of([&] { play(scene, crashes); });
    return death && death->find("Aborted") != std::string::npos;
  };
  const Scene small = shrunk(dies);
  EXPECT_EQ(small.nodes.size(), 1u) << to_text(small);
  EXPECT_FALSE(death_of([&] { play(small); }));
}

}  // namespace
}  // namespace tenon::properties
