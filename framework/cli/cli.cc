#include "framework/cli/cli.h"

#include <exception>
#include <map>
#include <ostream>

#include "framework/base/printable.h"
#include "framework/cli/arguments.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"

namespace tenon {

int run_cli(const std::vector<std::string>& arguments, Environment& env) {
  using Command = int (*)(const Arguments&, Environment&);
  static const std::map<std::string, Command> kCommands = {{"plan", run_plan},
                                                           {"apply", run_apply},
                                                           {"destroy", run_destroy},
                                                           {"get", run_get},
                                                           {"describe", run_describe},
                                                           {"graph", run_graph},
                                                           {"validate", run_validate},
                                                           {"version", run_version},
                                                           {"import", run_import},
                                                           {"forget", run_forget},
                                                           {"mv", run_mv},
                                                           {"rebuild", run_rebuild},
                                                           {"explain", run_explain},
                                                           {"plugins", run_plugins},
                                                           {"doctor", run_doctor},
                                                           {"completion", run_completion},
                                                           {kCompleteCommand, run_complete_word}};
  const auto parsed = parse_arguments(arguments);
  if (const Usage* usage = std::get_if<Usage>(&parsed)) {
    (usage->exit_code == kSuccess ? env.out : env.err) << printable_lines(usage->text);
    return usage->exit_code;
  }
  const Arguments& chosen = std::get<Arguments>(parsed);
  // Nothing of ours throws: what arrives here was forgotten where it came from.
  try {
    return kCommands.at(chosen.command)(chosen, env);
  } catch (const std::exception& e) {
    env.err << "error: internal: " << printable_lines(e.what())
            << "\nThis is a bug of Tenon: please report it with this message. What was recorded until now is "
               "kept, and what was begun is found again by the next command.\n";
    return kFailure;
  }
}

}  // namespace tenon
