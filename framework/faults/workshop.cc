#include "framework/faults/workshop.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "framework/base/digest.h"
#include "framework/engine/rebuild.h"
#include "framework/faults/calls.h"
#include "framework/inventory/lock.h"
#include "framework/inventory/sqlite.h"
#include "framework/inventory/watched_vfs.h"

namespace tenon::faults {
namespace {

namespace fs = std::filesystem;

// Exit statuses of a child.
enum : int { kDone = 0, kFailed = 1, kInPart = 3, kRefused = 4 };
constexpr int kMostReRuns = 2;

class Silent final : public Reporter {
 public:
  void step(const Step&, const StepEvent&) override {}
};

// One whole command in this process, as the command line does it.
class Command {
 public:
  Command(const std::string& directory, const Task& task, const Attempt& attempt, FileWorld& world,
          Trace& trace)
      : directory_(directory),
        task_(task),
        attempt_(attempt),
        world_(world),
        trace_(trace),
        tracer_(trace, attempt.kill) {}

  int run() {
    watch_files([this](FileChange change, const std::string& path) { return on_change(change, path); });
    if (Status read = world_.catch_up(); !read) return said(read.error());
    world_.limit_room(task_.room);
    const auto lock = RunLock::acquire(directory_ + "/lock", "test", world_.now());
    if (!lock) return said(lock.error());
    const auto opened = open_inventory(directory_ + "/inventory.db", OpenMode::write);
    if (!opened) return said(opened.error());
    TracedInventory inventory(**opened, tracer_);
    TracedBackend backend(world_, tracer_, attempt_.seed);
    const Backends backends{{"world", &backend}};
    Diagnostics diagnostics;
    const auto planned =
        make_plan({task_.catalog, backends, inventory, world_}, task_.desired, task_.options, diagnostics);
    if (!planned) return said(planned.error());
    if (!diagnostics.empty()) return said({Code::invalid_argument, to_string(diagnostics.front())});
    if (planned->plan.refused()) return refused(planned->plan);
    if (planned->plan.empty()) return kDone;
    OneThreadCaller caller(backends, world_, tracer_, attempt_.seed);
    return carry_out(*planned, inventory, world_, caller);
  }

 private:
  int on_change(FileChange change, const std::string& path) {
    tracer_.write(to_string(change), path);
    if (change == FileChange::open) trace_.last_open = trace_.writes;
    switch (attempt_.failure) {
      case Failure::none: return SQLITE_OK;
      case Failure::no_space: return trace_.writes >= attempt_.from ? failed(change, ENOSPC) : SQLITE_OK;
      case Failure::io_error: return trace_.writes == attempt_.from ? failed(change, EIO) : SQLITE_OK;
      case Failure::no_descriptors: break;
    }
    // The kernel itself says so, of whatever is opened from now on.
    const rlimit none{0, 0};
    if (trace_.writes >= attempt_.from) setrlimit(RLIMIT_NOFILE, &none);
    return SQLITE_OK;
  }

  // What the file system's answer is in SQLite's words. Opening what exists needs no space.
  static int failed(FileChange change, int error) {
    errno = error;
    switch (change) {
      case FileChange::open: return error == ENOSPC ? SQLITE_OK : SQLITE_CANTOPEN;
      case FileChange::write: return error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
      case FileChange::truncate: return error == ENOSPC ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
      case FileChange::sync: return SQLITE_IOERR_FSYNC;
      case FileChange::map: return SQLITE_IOERR_SHMSIZE;
      case FileChange::remove: return error == ENOSPC ? SQLITE_OK : SQLITE_IOERR_DELETE;
    }
    return SQLITE_OK;
  }

  int carry_out(const Planned& planned, Inventory& inventory, const Clock& clock, Caller& caller) {
    Silent reporter;
    const StopFlag stop = 0;
    const auto result =
        tenon::run(planned.plan, task_.catalog, inventory, planned.observations, clock, reporter, stop,
                   {.id = random_uuid(), .process = "test", .parallelism = 20}, caller);
    if (!result) return said(result.error());
    if (result->broken_off) return said(*result->broken_off);
    for (const StepRecord& step : result->steps)
      if (step.status != StepStatus::done) {
        [[maybe_unused]] const int status = said({Code::internal, step.reason});
        return kInPart;
      }
    return kDone;
  }

  int refused(const Plan& plan) {
    for (const Change& change : plan.changes)
      if (change.refusal) [[maybe_unused]]
        const int status = said({Code::failed_precondition, change.refusal->reason});
    return kRefused;
  }

  int said(const Error& error) {
    const std::string text = std::string(to_string(error.code)) + ": " + error.message;
    text.copy(trace_.last, sizeof trace_.last - 1);
    return kFailed;
  }

  const std::string& directory_;
  const Task& task_;
  const Attempt& attempt_;
  FileWorld& world_;
  Trace& trace_;
  Tracer tracer_;
};

Status copy_files(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::remove_all(to, error);
  fs::create_directory(to, error);
  for (const auto& entry : fs::directory_iterator(from, error)) {
    const auto content = read_file(entry.path());
    if (!content) return content.error();
    const std::string path = to + "/" + entry.path().filename().string();
    const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const auto size = static_cast<ssize_t>(content->size());
    if (!file || write(file.get(), content->data(), content->size()) != size)
      return errno_error("writing", path, errno);
  }
  return error ? Status(Error{Code::internal, "copying " + from + ": " + error.message()}) : Status();
}

}  // namespace

std::string to_string(const Attempt& attempt) {
  const auto option = [](const char* name, int64_t value) {
    return value ? std::string(name) + std::to_string(value) : "";
  };
  return "--seed " + std::to_string(attempt.seed) + option(" --at ", attempt.kill.step) +
         option(" --write ", attempt.kill.write) + option(" --again-at ", attempt.again.step) +
         option(" --again-write ", attempt.again.write);
}

bool End::killed() const { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }
bool End::done() const { return WIFEXITED(status) && WEXITSTATUS(status) == kDone; }

Result<std::unique_ptr<Workshop>> Workshop::make(int size, Tokens tokens) {
  std::string name = (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : fs::temp_directory_path().string()) +
                     "/tenon-faults-XXXXXX";
  if (!mkdtemp(name.data())) return errno_error("making", name, errno);
  sqlite3_initialize();  // or every process would do it again
  auto trace = TraceFile::open(name + "/trace");
  if (!trace) return trace.error();
  std::unique_ptr<Workshop> workshop(new Workshop(name, scenario_of(size), *std::move(trace)));
  if (Status prepared = workshop->prepare(tokens); !prepared) return prepared.error();
  return workshop;
}

Workshop::~Workshop() {
  std::error_code error;
  fs::remove_all(directory_, error);
}

Status Workshop::prepare(Tokens tokens) {
  fs::create_directory(directory_ + "/now");
  auto world = FileWorld::open(world_file(), *trace_);
  if (!world) return world.error();
  world_ = *std::move(world);
  world_->find_tokens(tokens);
  const End others = in_child({scenario_.others, older_, {.set = kOthers}}, {});
  if (!others.done()) return Error{Code::internal, "the others' state: " + others.message};
  const End before = in_child({scenario_.before, older_, {}}, {});
  if (!before.done()) return Error{Code::internal, "the state before: " + before.message};
  if (Status made = make_by_hand(); !made) return made;
  // Every attempt would have to read it again.
  if (Status compacted = world_->forget_history(); !compacted) return compacted;
  if (Status copied = copy_files(directory_ + "/now", directory_ + "/start"); !copied) return copied;
  trace_at_start_ = *trace_;
  trace_at_start_.steps = trace_at_start_.writes = 0;
  world_at_start_ = std::move(world_);
  const End after = run({});
  if (!after.done()) return Error{Code::internal, "the run without a kill: " + after.message};
  steps_ = trace_->steps;
  writes_ = trace_->writes;
  last_open_ = trace_->last_open;
  auto ending = ending_of(inventory(), *world_);
  if (!ending) return ending.error();
  expected_ = std::move(*ending);
  if (!expected_.ledger.wrong.empty()) return Error{Code::internal, expected_.ledger.wrong.front()};
  const End again = in_child(task(), {});
  // Nothing but one look at each wave of resources.
  if (!again.done() || trace_->steps - steps_ > 20)
    return Error{Code::internal, "a second run has something to do: " + again.message};
  return {};
}

Task Workshop::task() const {
  return {scenario_.after,
          catalog_,
          {.approved = scenario_.approved, .prune = true, .adopt = true},
          scenario_.room};
}

Status Workshop::make_by_hand() {
  for (const Resource& resource : scenario_.by_hand) world_->put_unmarked(resource.address, resource.spec);
  std::vector<Record> intents;
  for (const Address& address : scenario_.intended) {
    Owned row{.address = address, .instance = "world"};
    row.intent = Intent{.nonce = "lost", .generation = "lost", .spec = Json::object()};
    intents.emplace_back(PutOwned{std::move(row)});
  }
  const auto opened = open_inventory(inventory(), OpenMode::write);
  return opened ? (*opened)->commit(intents) : Status(opened.error());
}

End Workshop::in_child(const Task& task, const Attempt& attempt) {
  const std::string directory = directory_ + "/now";
  std::fill(std::begin(trace_->last), std::end(trace_->last), '\0');
  const pid_t child = fork();
  if (child == 0) {
    // Nothing of the parent's is to be flushed or destroyed here.
    _exit(Command(directory, task, attempt, *world_, *trace_).run());
  }
  End end;
  while (waitpid(child, &end.status, 0) < 0 && errno == EINTR) {
  }
  end.message = trace_->last;
  if (Status read = world_->catch_up(); !read) return {.status = -1, .message = read.error().message};
  return end;
}

// With faults a run is longer, so the numbers reach beyond those of a run without.
Attempt Workshop::any(uint64_t number) const {
  std::mt19937_64 random(number);
  const auto below = [&random](int64_t limit) {
    return static_cast<int64_t>(1 + random() % static_cast<uint64_t>(limit + limit / 4));
  };
  const auto anywhere = [&] {
    return random() % 2 ? Kill{.step = below(steps_)} : Kill{.write = below(writes_)};
  };
  Attempt attempt{.seed = static_cast<unsigned>(1 + random() % 1'000'000), .kill = anywhere()};
  if (random() % 4 == 0) attempt.again = anywhere();
  return attempt;
}

End Workshop::run(const Attempt& attempt) {
  if (Status copied = copy_files(directory_ + "/start", directory_ + "/now"); !copied)
    return {.status = -1, .message = copied.error().message};
  auto world = world_at_start_->copy_at(world_file());
  if (!world) return {.status = -1, .message = world.error().message};
  world_ = *std::move(world);
  *trace_ = trace_at_start_;
  return in_child(task(), attempt);
}

void Workshop::bury(unsigned seed, Duration pause) {
  std::mt19937 random(seed);
  world_->finish_abandoned(random);
  world_->advance(pause);
  trace_->steps = trace_->writes = 0;
}

Findings Workshop::recover(const Attempt& attempt) {
  Findings findings{.different = 1};
  // Others than in the run before go wrong.
  Attempt next{.seed = attempt.seed + 1'000'000 * (attempt.seed > 0), .kill = attempt.again};
  const auto chance = static_cast<unsigned>(attempt.kill.step + attempt.kill.write);
  End end;
  // The first follows at once, the next one when everything late has become visible.
  do {
    bury(attempt.seed + chance, Duration(1000 * findings.re_runs));
    end = in_child(task(), next);
    next.kill = {};
    findings.kills += end.killed();
    findings.re_runs += !end.killed();
  } while (!end.done() && findings.re_runs < kMostReRuns);
  if (!end.done()) return findings.story = "a re-run did not do everything: " + end.message, findings;
  const auto ending = ending_of(inventory(), *world_);
  if (!ending) return findings.story = ending.error().message, findings;
  findings.different = 0;
  findings.add(compare(expected_, *ending));
  return findings;
}

Findings Workshop::kill(const Attempt& attempt) {
  const End end = run(attempt);
  if (!end.killed() && !end.done()) return {.different = 1, .story = "before the kill: " + end.message};
  Findings findings = recover(attempt);
  findings.kills += end.killed();
  if (!findings.good())
    findings.story = to_string(attempt) + ", killed " + end.message + ": " + findings.story;
  return findings;
}

Result<std::vector<Owned>> Workshop::rebuild(Diagnostics& diagnostics) const {
  Tracer tracer(*trace_, {});
  TracedBackend backend(*world_, tracer, 0);
  const Backends backends{{"world", &backend}};
  const auto known = open_inventory(inventory(), OpenMode::read);
  if (!known) return known.error();
  const World world{catalog_, backends, **known, *world_};
  const auto marked = list_marked(world, (*known)->uuid());
  if (!marked) return marked.error();
  return rebuild_rows(world, (*known)->uuid(), *marked, {}, "", diagnostics);
}

}  // namespace tenon::faults
