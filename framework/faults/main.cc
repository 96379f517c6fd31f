// faults: kills the engine at every step and write of a run, and at random ones; tools/faults starts it.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "framework/faults/workshop.h"

namespace {

using namespace tenon::faults;

constexpr int64_t kTellEvery = 500;  // kills
// Some find the run over already, so there are more attempts than kills; with more than this for each kill
// nothing is killed any more.
constexpr int64_t kMostAttempts = 3;

struct Options {
  int size = 200;
  int64_t kills = 2000;
  Attempt one;
  int part = 0, parts = 1;
};

Options parse(CLI::App& app, int argc, char** argv) {
  Options options;
  app.add_option("--size", options.size, "resources")->capture_default_str();
  app.add_option("--kills", options.kills, "how many: each step and write, then anywhere")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", options.one.seed, "repeats one kill: the order of answers, and what goes wrong");
  app.add_option("--at", options.one.kill.step, "repeats one kill: at this step");
  app.add_option("--write", options.one.kill.write, "repeats one kill: at this write to the inventory");
  app.add_option("--again-at", options.one.again.step, "a second kill: at this step of the run after it");
  app.add_option("--again-write", options.one.again.write,
                 "a second kill: at this write of the run after it");
  app.add_option("--part", options.part, "this process's share, from 0")->check(CLI::NonNegativeNumber);
  app.add_option("--parts", options.parts, "shares")->check(CLI::PositiveNumber);
  app.parse(argc, argv);
  return options;
}

int repeat(Workshop& workshop, const Attempt& attempt) {
  const End end = workshop.run(attempt);
  std::printf("%s %s\n", end.killed() ? "killed" : "ended by itself", end.message.c_str());
  Findings findings = workshop.recover(attempt);
  findings.kills += end.killed();
  std::printf("%s\n%s\n", to_string(findings).c_str(), findings.story.c_str());
  return findings.good() ? 0 : 1;
}

// Each step, then each write, without other faults; after that anywhere.
Attempt attempt_of(const Workshop& workshop, int64_t n) {
  if (n < workshop.steps()) return {.kill = {.step = n + 1}};
  n -= workshop.steps();
  if (n < workshop.writes()) return {.kill = {.write = n + 1}};
  return workshop.any(static_cast<uint64_t>(n));
}

// Of this part: the first ones have one more where they cannot all have the same.
int64_t share(const Options& options) {
  return options.kills / options.parts + (options.part < options.kills % options.parts);
}

int kill_all(Workshop& workshop, const Options& options) {
  if (options.part == 0)
    std::printf("a run takes %lld steps and %lld writes\n", static_cast<long long>(workshop.steps()),
                static_cast<long long>(workshop.writes()));
  const int64_t wanted = share(options), most = kMostAttempts * wanted;
  Findings all;
  for (int64_t n = 0; all.kills < wanted && n < most; ++n) {
    const Findings one = workshop.kill(attempt_of(workshop, options.part + n * options.parts));
    if (!one.good()) std::printf("wrong: %s\n", one.story.c_str()), std::fflush(stdout);
    const bool tell = (all.kills + one.kills) / kTellEvery > all.kills / kTellEvery;
    all.add(one);
    if (tell) std::fprintf(stderr, "part %d so far: %s\n", options.part, to_string(all).c_str());
  }
  std::printf("%s\n", to_string(all).c_str());
  if (all.kills < wanted)
    std::printf("wrong: part %d was to kill %lld times, and did so %lld times in %lld attempts\n",
                options.part, static_cast<long long>(wanted), static_cast<long long>(all.kills),
                static_cast<long long>(most));
  return all.good() && all.kills >= wanted ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Kills the engine and judges what is left.", "faults");
  Options options;
  try {
    options = parse(app, argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  auto workshop = Workshop::make(options.size);
  if (!workshop) {
    std::fprintf(stderr, "faults: %s\n", workshop.error().message.c_str());
    return 1;
  }
  if (options.one.kill.step || options.one.kill.write) return repeat(**workshop, options.one);
  return kill_all(**workshop, options);
}
