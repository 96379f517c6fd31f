// faults: kills the engine at every step and write of a run, and at random ones; tools/faults starts it.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "framework/faults/workshop.h"

namespace {

using namespace tenon::faults;

constexpr int64_t kTellEvery = 500;  // kills

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
      ->capture_default_str();
  app.add_option("--seed", options.one.seed, "repeats one kill: the order of answers, and what goes wrong");
  app.add_option("--at", options.one.kill.step, "repeats one kill: at this step");
  app.add_option("--write", options.one.kill.write, "repeats one kill: at this write to the inventory");
  app.add_option("--again-at", options.one.again.step, "a second kill: at this step of the run after it");
  app.add_option("--again-write", options.one.again.write,
                 "a second kill: at this write of the run after it");
  app.add_option("--part", options.part, "this process's share, from 0");
  app.add_option("--parts", options.parts, "shares");
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

int kill_all(Workshop& workshop, const Options& options) {
  if (options.part == 0)
    std::printf("a run takes %lld steps and %lld writes\n", static_cast<long long>(workshop.steps()),
                static_cast<long long>(workshop.writes()));
  Findings all;
  for (int64_t n = options.part; n < options.kills; n += options.parts) {
    const Findings one = workshop.kill(attempt_of(workshop, n));
    if (!one.good()) std::printf("wrong: %s\n", one.story.c_str()), std::fflush(stdout);
    const bool tell = (all.kills + one.kills) / kTellEvery > all.kills / kTellEvery;
    all.add(one);
    if (tell) std::fprintf(stderr, "part %d so far: %s\n", options.part, to_string(all).c_str());
  }
  std::printf("%s\n", to_string(all).c_str());
  return all.good() ? 0 : 1;
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
