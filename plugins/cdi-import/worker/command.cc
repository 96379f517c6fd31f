#include "plugins/cdi-import/worker/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "framework/base/files.h"

namespace tenon::cdi {
namespace {

constexpr int kNotFound = 127;
constexpr size_t kMostOutput = 1 << 20;

void limit(decltype(RLIMIT_AS) what, int64_t value) {
  const rlimit both{static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
  if (setrlimit(what, &both) != 0) _exit(126);
}

[[noreturn]] void become(char* const* argv, const CommandLimits& limits, pid_t parent, int output,
                         int errors) {
  // A tool that outlives its worker would write to what the next worker makes.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);
  limit(RLIMIT_AS, limits.memory);
  limit(RLIMIT_FSIZE, limits.file_size);
  limit(RLIMIT_CPU, limits.processor.count());
  limit(RLIMIT_CORE, 0);
  const int null = open("/dev/null", O_RDONLY);
  if (dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(errors, 2) < 0) _exit(126);
  close_range(3, ~0u, 0);
  setenv("LC_ALL", "C", 1);
  execvp(argv[0], argv);
  _exit(errno == ENOENT ? kNotFound : 126);
}

class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      wait();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

// False at its end.
bool read_some(int fd, std::string& text) {
  char block[4096];
  const ssize_t count = read(fd, block, sizeof block);
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  text.append(block, static_cast<size_t>(count));
  return count > 0;
}

void keep_tail(std::string& text) {
  constexpr size_t kMost = 4096;
  if (text.size() > kMost) text.erase(0, text.size() - kMost);
}

// Reads both pipes to their ends.
Status collect(int output, int errors, const CommandLimits& limits,
               const std::function<bool(std::string_view)>& tick, CommandResult& result) {
  const auto end = std::chrono::steady_clock::now() + limits.time;
  pollfd pipes[2] = {{output, POLLIN, 0}, {errors, POLLIN, 0}};
  while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
    if (poll(pipes, 2, 100) < 0 && errno != EINTR) return errno_error("polling", "a tool's output", errno);
    const size_t before = result.output.size();
    if (pipes[0].revents != 0 && !read_some(output, result.output)) pipes[0].fd = -1;
    if (pipes[1].revents != 0 && !read_some(errors, result.errors)) pipes[1].fd = -1;
    keep_tail(result.errors);
    if (!tick(std::string_view(result.output).substr(before))) return Error{Code::cancelled, "asked to stop"};
    if (result.output.size() > kMostOutput) return Error{Code::internal, "a tool printed too much"};
    if (std::chrono::steady_clock::now() >= end)
      return Error{Code::deadline_exceeded, "not done within " + std::to_string(limits.time.count()) + " s"};
    pipes[0].revents = pipes[1].revents = 0;
  }
  return {};
}

}  // namespace

Result<CommandResult> run_command(const std::vector<std::string>& argv, const CommandLimits& limits,
                                  const std::function<bool(std::string_view output)>& tick) {
  int output[2], errors[2];
  if (pipe2(output, O_CLOEXEC) != 0) return errno_error("making a pipe for", argv[0], errno);
  FileDescriptor output_read(output[0]), output_write(output[1]);
  if (pipe2(errors, O_CLOEXEC) != 0) return errno_error("making a pipe for", argv[0], errno);
  FileDescriptor errors_read(errors[0]), errors_write(errors[1]);
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return errno_error("forking for", argv[0], errno);
  if (pid == 0) become(arguments.data(), limits, parent, output_write.get(), errors_write.get());
  Child child(pid);
  output_write.reset();
  errors_write.reset();
  CommandResult result;
  if (const Status read = collect(output_read.get(), errors_read.get(), limits, tick, result); !read)
    return with_context(argv[0], read.error());
  result.exit_code = child.wait();
  if (result.exit_code == kNotFound) return Error{Code::not_found, "there is no program " + argv[0]};
  return result;
}

}  // namespace tenon::cdi
