#include "plugins/cdi-import/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace tenon::cdi {
namespace {

constexpr int kLock = 3;
constexpr int kReport = 4;

// From here on only what is safe after a fork of a process with threads.
[[noreturn]] void become_worker(char* const* argv, int log, int lock, int report) {
  setsid();
  // The worker is a grandchild, adopted by init: no zombie stays with the host.
  const pid_t worker = fork();
  if (worker != 0) _exit(worker < 0 ? 1 : 0);
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // Above all targets first, so that no dup2 overwrites what is still needed.
  const int high_log = fcntl(log, F_DUPFD, 16), high_lock = fcntl(lock, F_DUPFD, 16);
  const int high_report = fcntl(report, F_DUPFD, 16);
  const int null = open("/dev/null", O_RDONLY);
  if (chdir("/") != 0 || dup2(null, 0) < 0 || dup2(high_log, 1) < 0 || dup2(high_log, 2) < 0 ||
      dup2(high_lock, kLock) < 0 || dup2(high_report, kReport) < 0)
    _exit(1);
  close_range(kReport + 1, ~0u, 0);
  fcntl(kReport, F_SETFD, FD_CLOEXEC);
  execv(argv[0], argv);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(kReport, &error, sizeof error);
  _exit(1);
}

// End of file without a word: the program runs.
Status await_report(int report, const std::string& program) {
  int error = 0;
  ssize_t count;
  while ((count = read(report, &error, sizeof error)) < 0 && errno == EINTR) {
  }
  if (count == 0) return {};
  return errno_error("running", program, count == sizeof error ? error : EIO);
}

}  // namespace

Status spawn_worker(const std::vector<std::string>& argv, const std::string& log,
                    const FileDescriptor& lock) {
  FileDescriptor output(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!output) return errno_error("opening", log, errno);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("making a pipe for", argv[0], errno);
  FileDescriptor report(ends[0]), reporter(ends[1]);
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) return errno_error("forking for", argv[0], errno);
  if (child == 0) become_worker(arguments.data(), output.get(), lock.get(), reporter.get());
  reporter.reset();
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return await_report(report.get(), argv[0]);
}

}  // namespace tenon::cdi
