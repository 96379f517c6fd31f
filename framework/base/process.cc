#include "framework/base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "framework/base/files.h"

namespace tenon {
namespace {

using Clock = std::chrono::steady_clock;

// All that the child needs, made before the fork: between fork and exec nothing may allocate.
struct Start {
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<int> keep;  // ascending, the report pipe among them
  int in = -1, out = -1, err = -1;
  int report = -1;  // closed by a successful exec
  pid_t parent = 0;
  bool new_session = false, die_with_parent = false, detach = false;
  RunLimits limits;
};

struct Report {
  pid_t pid = 0;
  int error = 0;  // errno of the step that failed
};

void limit(int resource, uint64_t value) {
  const rlimit bound{value, value};
  if (value != 0) setrlimit(static_cast<__rlimit_resource>(resource), &bound);
}

[[noreturn]] void fail(const Start& start) {
  const Report report{getpid(), errno};
  [[maybe_unused]] const ssize_t written = write(start.report, &report, sizeof report);
  _exit(127);
}

void close_others(const Start& start) {
  unsigned first = 3;
  for (const int fd : start.keep) {
    const auto kept = static_cast<unsigned>(fd);
    if (kept > first) close_range(first, kept - 1, 0);
    if (fd != start.report) fcntl(fd, F_SETFD, 0);
    first = kept + 1;
  }
  close_range(first, ~0U, 0);
}

void reset_signals() {
  for (int signal_number = 1; signal_number < NSIG; ++signal_number) signal(signal_number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Start& start) {
  if (start.detach) {
    const pid_t child = fork();
    if (child < 0) fail(start);
    if (child > 0) _exit(0);
  }
  if (start.new_session && setsid() < 0) fail(start);
  if (start.die_with_parent && !start.detach) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != start.parent) _exit(127);  // it died before prctl
  }
  if (dup2(start.in, 0) < 0 || dup2(start.out, 1) < 0 || dup2(start.err, 2) < 0) fail(start);
  const Report report{getpid(), 0};
  if (write(start.report, &report, sizeof report) != sizeof report) _exit(127);
  reset_signals();
  close_others(start);
  limit(RLIMIT_AS, start.limits.address_space);
  limit(RLIMIT_CPU, start.limits.cpu_seconds);
  limit(RLIMIT_FSIZE, start.limits.file_size);
  execve(start.argv[0], start.argv.data(), start.environment.data());
  fail(start);
}

// Signals wait until the child has its own handlers gone: none of this process's may run there.
pid_t fork_and_become(const Start& start) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = fork();
  if (child == 0) become(start);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return child;
}

struct Pipe {
  FileDescriptor read, write;
};

// Both ends above 2, whatever this process has closed of its own stdio.
Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("making", "a pipe", errno);
  Pipe made{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  for (FileDescriptor* end : {&made.read, &made.write})
    if (end->get() < 3) end->reset(fcntl(end->get(), F_DUPFD_CLOEXEC, 3));
  if (!made.read || !made.write) return errno_error("making", "a pipe", errno);
  return made;
}

Result<FileDescriptor> open_file(const std::string& path, int flags) {
  FileDescriptor file(open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (file && file.get() < 3) file.reset(fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
  if (!file) return errno_error("opening", path, errno);
  return file;
}

bool read_report(int fd, Report& report) {
  ssize_t count;
  do count = read(fd, &report, sizeof report);
  while (count < 0 && errno == EINTR);
  return count == sizeof report;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

Result<pid_t> start_program(const SpawnOptions& options, Start start) {
  if (options.argv.empty() || options.argv[0].empty() || options.argv[0][0] != '/')
    return Error{Code::invalid_argument, "a program to start needs an absolute path"};
  auto null = open_file("/dev/null", O_RDONLY);
  auto report_pipe = make_pipe();
  if (!null) return null.error();
  if (!report_pipe) return report_pipe.error();
  start.argv = pointers(options.argv);
  if (options.environment)
    start.environment = pointers(*options.environment);
  else
    for (char** entry = environ;; ++entry) {
      start.environment.push_back(*entry);
      if (!*entry) break;
    }
  start.in = null->get();
  start.report = report_pipe->write.get();
  start.keep = options.keep;
  start.keep.push_back(start.report);
  std::sort(start.keep.begin(), start.keep.end());
  start.parent = getpid();
  start.new_session = options.new_session;
  start.die_with_parent = options.die_with_parent;
  start.detach = options.detach;

  const pid_t child = fork_and_become(start);
  if (child < 0) return errno_error("forking for", options.argv[0], errno);
  report_pipe->write.reset();
  Report begun, failed;
  const bool reported = read_report(report_pipe->read.get(), begun);
  if (!reported || begun.error != 0 || read_report(report_pipe->read.get(), failed)) {
    wait_for(child);
    const int error = begun.error != 0 ? begun.error : failed.error != 0 ? failed.error : ECHILD;
    return errno_error("starting", options.argv[0], error);
  }
  if (options.detach) wait_for(child);
  return begun.pid;
}

// Appends what is there to `text`, up to `limit` bytes; false at the end of the stream.
bool drain(int fd, std::string& text, size_t limit) {
  char block[16384];
  const ssize_t count = read(fd, block, sizeof block);
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  text.append(block, std::min(static_cast<size_t>(count), limit - std::min(limit, text.size())));
  return count > 0;
}

enum class End { closed, deadline, unwanted };

// Reads both streams to their ends, or until the deadline, or until `watch` wants no more.
End collect(Pipe& out, Pipe& err, RunOutput& output, const RunLimits& limits, Clock::time_point deadline) {
  const int64_t longest = limits.watch ? 100 : 60000;
  FileDescriptor* ends[2] = {&out.read, &err.read};
  std::string* texts[2] = {&output.out, &output.err};
  while (*ends[0] || *ends[1]) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return End::deadline;
    pollfd polled[2] = {{ends[0]->get(), POLLIN, 0}, {ends[1]->get(), POLLIN, 0}};
    if (poll(polled, 2, static_cast<int>(std::min(left, longest))) < 0 && errno != EINTR)
      return End::deadline;
    const size_t before = output.out.size();
    for (int i = 0; i < 2; ++i)
      if (polled[i].revents != 0 && !drain(ends[i]->get(), *texts[i], limits.output)) ends[i]->reset();
    if (limits.watch && !limits.watch(std::string_view(output.out).substr(before))) return End::unwanted;
  }
  return End::closed;
}

// Waits for the end without taking the status, so that the process id stays ours to kill.
bool ended_before(pid_t child, Clock::time_point deadline) {
  for (int pause = 1;; pause = std::min(pause * 2, 50)) {
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
        info.si_pid == child)
      return true;
    if (Clock::now() >= deadline) return false;
    poll(nullptr, 0, pause);
  }
}

}  // namespace

Result<pid_t> spawn(const SpawnOptions& options) {
  auto log = open_file(options.log.empty() ? "/dev/null" : options.log, O_WRONLY | O_APPEND | O_CREAT);
  if (!log) return log.error();
  Start start;
  start.out = start.err = log->get();
  return start_program(options, std::move(start));
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string describe_status(int status) {
  if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  return "killed by signal " + std::to_string(number) + " (" + strsignal(number) + ")";
}

Result<RunOutput> run(const std::vector<std::string>& argv, const RunLimits& limits) {
  const auto deadline = Clock::now() + limits.timeout;
  auto out = make_pipe(), err = make_pipe();
  if (!out) return out.error();
  if (!err) return err.error();
  Start start;
  start.out = out->write.get();
  start.err = err->write.get();
  start.limits = limits;
  const auto child = start_program({.argv = argv, .die_with_parent = true}, std::move(start));
  if (!child) return child.error();
  out->write.reset();
  err->write.reset();
  RunOutput output;
  const End end = collect(*out, *err, output, limits, deadline);
  const bool ended = end == End::closed && ended_before(*child, deadline);
  if (!ended) kill(-*child, SIGKILL);
  output.status = wait_for(*child);
  if (end == End::unwanted) return Error{Code::cancelled, argv[0] + " was stopped"};
  if (!ended)
    return Error{Code::deadline_exceeded, argv[0] + " did not end within " +
                                              std::to_string(limits.timeout.count()) + " ms and was killed"};
  return output;
}

}  // namespace tenon
