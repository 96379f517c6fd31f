#include "framework/run/properties/last_words.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>

// Of a sanitizer's runtime, if there is one: not each of them ends with a signal.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace tenon::properties {
namespace {

constexpr int kSignals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM, SIGXCPU};
constexpr rlim_t kMostSeconds = 5;

// Read by a signal's handler: nothing here is allocated or locked.
std::array<char, 1024> words;
volatile size_t length = 0;
std::array<struct sigaction, std::size(kSignals)> before;
// Stacks overflow too.
std::array<char, 1 << 16> handlers_stack;

void say() {
  const size_t size = length;
  length = 0;  // a sanitizer's report is followed by a signal
  if (size > 0) [[maybe_unused]]
    const ssize_t written = write(STDERR_FILENO, words.data(), size);
}

// What an instruction did it does again on return, and then as if this handler had not been there.
void on_signal(int signal, siginfo_t* info, void*) {
  say();
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &before[i], nullptr);
  if (info->si_code <= 0) raise(signal);
}

void listen() {
  stack_t stack{};
  const bool has_own = sigaltstack(nullptr, &stack) == 0 && !(stack.ss_flags & SS_DISABLE);
  stack = {.ss_sp = handlers_stack.data(), .ss_flags = 0, .ss_size = handlers_stack.size()};
  if (!has_own) sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &action, &before[i]);
  if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(say);
}

[[noreturn]] void do_alone(const std::function<void()>& what) {
  length = 0;
  const rlimit seconds{kMostSeconds, kMostSeconds}, none{0, 0};
  setrlimit(RLIMIT_CPU, &seconds);
  setrlimit(RLIMIT_CORE, &none);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  what();
  _exit(0);
}

}  // namespace

std::string command_for(unsigned seed) {
  const char* config = std::getenv("TENON_CONFIG");
  return "bazel test " + (config && *config ? "--config=" + std::string(config) : "-c opt") +
         " //framework/run/properties:properties_test --test_output=all --test_env=TENON_SEED=" +
         std::to_string(seed);
}

void now_playing(unsigned seed) {
  static const bool listening = (listen(), true);
  (void)listening;
  const std::string text =
      "\nit died while graph " + std::to_string(seed) + " was played; again: " + command_for(seed) + "\n";
  length = 0;
  length = text.copy(words.data(), words.size());
}

std::optional<std::string> death_of(const std::function<void()>& what) {
  const pid_t child = fork();
  if (child < 0) return "no process can be made: " + std::string(std::strerror(errno));
  if (child == 0) do_alone(what);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return "it dies: " + std::string(strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return "it ends with status " + std::to_string(WEXITSTATUS(status));
  return std::nullopt;
}

}  // namespace tenon::properties
