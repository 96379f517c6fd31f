// tenon: gives run_cli the process's streams, terminal, environment and clock.
#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>

#include "framework/cli/cli.h"
#include "framework/cli/output.h"

namespace {

std::map<std::string, std::string> variables() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

int terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

int main(int argc, char** argv) {
  tenon::reserve_standard_streams();
  tenon::survive_failing_writes();
  tenon::Output output(STDOUT_FILENO);
  std::ostream out(&output);
  // What was said before a question or an error is seen before it.
  std::cin.tie(&out);
  std::cerr.tie(&out);
  const tenon::SystemClock clock;
  tenon::StopFlag stop = 0;
  tenon::Environment env{.variables = variables(),
                         .in = std::cin,
                         .out = out,
                         .err = std::cerr,
                         .in_terminal = isatty(STDIN_FILENO) == 1,
                         .out_terminal = isatty(STDOUT_FILENO) == 1,
                         .width = terminal_width(),
                         .clock = clock,
                         .stop = stop,
                         .plugins = tenon::shared_object_plugins};
  const int status = tenon::run_cli({argv + 1, argv + argc}, env);
  return tenon::finish_output(output, status, env);
}
