#include "framework/cli/output.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>

#include "framework/cli/environment.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/session.h"

namespace tenon {

Output::Output(int descriptor) : descriptor_(descriptor) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

int Output::sync() {
  for (const char* next = pbase(); next < pptr() && error_ == 0;) {
    const ssize_t written = write(descriptor_, next, static_cast<size_t>(pptr() - next));
    if (written >= 0)
      next += written;
    else if (errno != EINTR)
      error_ = errno;
  }
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return error_ == 0 ? 0 : -1;
}

Output::int_type Output::overflow(int_type character) {
  if (sync() != 0) return traits_type::eof();
  if (!traits_type::eq_int_type(character, traits_type::eof())) sputc(traits_type::to_char_type(character));
  return traits_type::not_eof(character);
}

void reserve_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
        // The lowest that is free is this one. /dev/null can be read, and what is opened so not be written.
        [[maybe_unused]]
      const int opened = open("/dev/null", O_RDONLY);
}

void survive_failing_writes() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGPIPE, SIGXFSZ}) sigaction(signal, &action, nullptr);
}

int finish_output(Output& output, int status, Environment& env) {
  env.out.flush();
  if (output.error() == 0) return status;
  const bool unread = output.error() == EPIPE;
  if (!unread)
    print_error({Code::unavailable, std::string("writing standard output: ") + std::strerror(output.error())},
                env);
  const bool succeeded = status == kSuccess || status == kChanges;
  if (env.acted || !succeeded) return status;
  return unread ? kUnread : kFailure;
}

}  // namespace tenon
