// The properties of the design on random graphs: against a backend that fails in every way, killed anywhere,
// in virtual time. TENON_GRAPHS: how many; TENON_SEED: one alone, the one that a failure names, and first in
// a process of its own, so that what it dies of is shrunk too.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "framework/run/properties/last_words.h"
#include "framework/run/properties/play.h"

namespace tenon::properties {
namespace {

// Parts of the graphs, so that two processes share the work.
constexpr int kParts = 2;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
constexpr int kGraphs = 1000;
#else
constexpr int kGraphs = 100000;
#endif

std::optional<unsigned> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (!text || !*text) return std::nullopt;
  return static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

std::vector<unsigned> seeds_of(int part) {
  if (const auto one = number_in("TENON_SEED"))
    return part == 0 ? std::vector<unsigned>{*one} : std::vector<unsigned>();
  std::vector<unsigned> seeds;
  for (unsigned seed = static_cast<unsigned>(part); seed < number_in("TENON_GRAPHS").value_or(kGraphs);
       seed += kParts)
    seeds.push_back(seed);
  return seeds;
}

struct Failure {
  unsigned seed = 0;
  std::string how;
};

struct Result {
  Findings findings;
  std::map<Property, Failure> failures;  // of each property the first
  std::string death;                     // of one that was asked for alone
};

std::string told_with(const Scene& scene, unsigned seed, const std::string& how, const std::string& least) {
  return "graph " + std::to_string(seed) + ": " + how + "\nagain: " + command_for(seed) +
         "\nthe smallest that fails so (" + least + "):\n" + to_text(scene);
}

// "": it does not die.
std::string death_in(unsigned seed) {
  const auto how = [](const Scene& scene) { return death_of([&scene] { play(scene); }); };
  const auto death = how(random_scene(seed));
  if (!death) return "";
  const Scene scene = shrink(random_scene(seed), [&](const Scene& smaller) { return how(smaller) == death; });
  return told_with(scene, seed, *death, *death);
}

Result play_part(int part) {
  Result result;
  const bool alone = number_in("TENON_SEED").has_value();
  for (unsigned seed : seeds_of(part)) {
    if (alone) result.death = death_in(seed);
    if (!result.death.empty()) continue;
    now_playing(seed);
    const Findings findings = play(random_scene(seed));
    for (const auto& [property, how] : findings.broken) result.failures.emplace(property, Failure{seed, how});
    result.findings.merge(findings);
  }
  for (const auto& [what, times] : result.findings.happened) std::cout << what << ": " << times << "\n";
  return result;
}

// Played once for all properties.
const Result& played(int part) {
  static std::map<int, Result> results;
  const auto found = results.find(part);
  return found != results.end() ? found->second : results.emplace(part, play_part(part)).first->second;
}

std::string story_of(Property property, const Failure& failure) {
  now_playing(failure.seed);
  const Scene scene = shrink(random_scene(failure.seed), [property](const Scene& smaller) {
    return play(smaller).broken.contains(property);
  });
  return told_with(scene, failure.seed, failure.how, play(scene).broken.at(property));
}

class Properties : public testing::TestWithParam<int> {
 protected:
  void expect(Property property) {
    if (seeds_of(GetParam()).empty()) return;
    const Result& result = played(GetParam());
    ASSERT_EQ(result.death, "");
    const auto cases = result.findings.judged.find(property);
    const int64_t judged = cases == result.findings.judged.end() ? 0 : cases->second;
    std::cout << "judged: " << judged << " cases in " << seeds_of(GetParam()).size() << " graphs\n";
    const bool is_enough_to_ask = seeds_of(GetParam()).size() > 100;
    EXPECT_TRUE(judged > 0 || !is_enough_to_ask) << "never judged";
    const auto failure = result.failures.find(property);
    if (failure != result.failures.end()) ADD_FAILURE() << story_of(property, failure->second);
  }
};

TEST_P(Properties, P01CreatePrecedesDependantsCreateAndDeleteFollowsThem) { expect(Property::order); }
TEST_P(Properties, P02KilledAtAnyStepAReRunConverges) { expect(Property::converges); }
TEST_P(Properties, P03TheSecondRunIsEmpty) { expect(Property::second_empty); }
TEST_P(Properties, P04NoStepRunsTwiceAfterSuccess) { expect(Property::once); }
TEST_P(Properties, P05AFailedStepsNonDescendantsAllRun) { expect(Property::others_run); }
TEST_P(Properties, P06ThePlanIsDeterministicByteForByte) { expect(Property::deterministic); }
TEST_P(Properties, P07ApplyPerformsExactlyThePlansSteps) { expect(Property::exactly); }
TEST_P(Properties, P08AtMostOneMutatingCallPerAddressAtATime) { expect(Property::one_at_a_time); }
TEST_P(Properties, P09NoSecretIsInPlanReportOrRecord) { expect(Property::no_secret); }
TEST_P(Properties, P10ACycleMessageNamesARealCycle) { expect(Property::real_cycle); }
TEST_P(Properties, P11UnknownNeverLeadsToCreateReplaceOrDelete) { expect(Property::unknown); }
TEST_P(Properties, P12WhatMovesOrChangesItsOwnerStaysTheSameObject) { expect(Property::same_object); }
TEST_P(Properties, P13PruneAndDestroyActWithinTheirSet) { expect(Property::own_set); }
TEST_P(Properties, P14NoPoolIsOvercommitted) { expect(Property::room); }

INSTANTIATE_TEST_SUITE_P(Part, Properties, testing::Range(0, kParts));

}  // namespace
}  // namespace tenon::properties
