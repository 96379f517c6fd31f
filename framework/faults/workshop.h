// Runs the engine in processes of its own, from one prepared state, over and over: killed, or with writes
// that fail, then once more, and judges the end.
#pragma once

#include <memory>
#include <string>

#include "framework/faults/judge.h"
#include "framework/faults/scenario.h"
#include "framework/faults/tracer.h"
#include "framework/plan/plan.h"

namespace tenon::faults {

enum class Failure {
  none,
  no_space,        // from then on nothing can be written
  io_error,        // once
  no_descriptors,  // from then on nothing can be opened
};

struct Attempt {
  unsigned seed = 0;  // order of answers; with any but 0 calls also go wrong
  Kill kill;
  Kill again;  // of the run after it
  Failure failure = Failure::none;
  int64_t from = 0;  // the write to the inventory that fails first
};

// As options of tools/faults, which repeat it.
std::string to_string(const Attempt& attempt);

// How a process ended that ran the engine.
struct End {
  int status = 0;       // as of waitpid(2)
  std::string message;  // where it was killed, or what it said went wrong

  bool killed() const;
  bool done() const;  // all that was planned
};

// One apply.
struct Task {
  const std::vector<Resource>& desired;
  const Catalog& catalog;
  PlanOptions options;
  int64_t room = 0;
};

// One thread. Its directory is in memory where that is possible: a kill loses nothing that was written.
class Workshop {
 public:
  // Prepares a scenario (see scenario.h), and runs it once without a kill.
  static Result<std::unique_ptr<Workshop>> make(int size, Tokens tokens = Tokens::by_nonce);
  ~Workshop();
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  // Of a run without a kill.
  int64_t steps() const { return steps_; }
  int64_t writes() const { return writes_; }
  // The last of the writes for which a file is opened.
  int64_t last_open() const { return last_open_; }
  const Ending& expected() const { return expected_; }

  // A chance kill: with a seed of its own, at a step or a write, now and then with a second one.
  Attempt any(uint64_t number) const;
  // The attempt, from the prepared state.
  End run(const Attempt& attempt);
  // Then: what dead callers left on its way is made or lost, runs follow until one has done everything (two
  // at most that nobody kills), and the end is judged.
  Findings recover(const Attempt& attempt);
  // Both, where the attempt is a kill.
  Findings kill(const Attempt& attempt);
  // What `tenon rebuild` then finds, and finds wrong.
  Result<std::vector<Owned>> rebuild(Diagnostics& diagnostics) const;

  const FileWorld& world() const { return *world_; }
  std::string inventory() const { return directory_ + "/now/inventory.db"; }

 private:
  Workshop(std::string directory, Scenario scenario, TraceFile trace)
      : directory_(std::move(directory)),
        scenario_(std::move(scenario)),
        catalog_(fake_catalog()),
        trace_(std::move(trace)) {}
  Status prepare(Tokens tokens);
  std::string world_file() const { return directory_ + "/now/world"; }
  void bury(unsigned seed, Duration pause);
  Status make_by_hand();
  End in_child(const Task& task, const Attempt& attempt);
  Task task() const;  // what is killed

  const std::string directory_;
  const Scenario scenario_;
  const Catalog catalog_, older_ = fake_catalog(true);
  TraceFile trace_;
  Trace trace_at_start_;
  // As its file says: what a process leaves there is read when that has ended.
  std::unique_ptr<FileWorld> world_, world_at_start_;
  int64_t steps_ = 0, writes_ = 0, last_open_ = 0;
  Ending expected_;
};

}  // namespace tenon::faults
