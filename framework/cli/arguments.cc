#include "framework/cli/arguments.h"

#include <algorithm>
#include <sstream>

#include "framework/base/diagnostics.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/options.h"

namespace tenon {
namespace {

// What CLI11 cannot tell, or not why. "": as it should be.
std::string misuse(const CLI::App& command, const Arguments& arguments) {
  const auto given = [&command](const char* name) {
    const CLI::Option* option = command.get_option_no_throw(name);
    return option && option->count() > 0;
  };
  if (given("PLAN") && !arguments.approve.empty())
    return "a saved plan is carried out as it is: give --approve to 'tenon plan --out' instead\n";
  if (arguments.prune && given("--selector"))
    return "--prune acts within one whole set: it cannot be limited by -l\n";
  if (arguments.prune && given("--namespace"))
    return "--prune acts within one whole set, in all its namespaces: leave -n out, and write "
           "metadata.namespace into the manifests that -n was for\n";
  const bool limited = given("--namespace") || given("--selector") || !arguments.targets.empty();
  if (command.get_name() == "destroy" && limited)
    return "destroy acts within one whole set: it takes no targets, no -n and no -l; to delete a part, take "
           "it out of the manifests and apply with --prune\n";
  return "";
}

// What CLI11 calls a missing subcommand is most often a misspelt one.
std::string misspelt_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front().starts_with("-")) return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), arguments.front()) != names.end()) return "";
  const std::string_view near = nearest_name(arguments.front(), names);
  return "there is no command '" + arguments.front() + "'" +
         (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?") + "\n";
}

// "text|json|yaml" is all that it may be; "FILE|DIR|-" says what it is.
std::vector<std::string> values_of(const std::string& type) {
  const auto is_value = [](char c) { return c == '|' || (c >= 'a' && c <= 'z'); };
  if (type.empty() || !std::all_of(type.begin(), type.end(), is_value)) return {};
  std::vector<std::string> values;
  std::istringstream words(type);
  for (std::string word; std::getline(words, word, '|');) values.push_back(word);
  return values;
}

OptionInfo describe(const CLI::Option& option) {
  const std::string type = option.get_type_name();  // CLI11 appends what it checks: "N:INT in [1 - 1000]"
  OptionInfo info{.type = type.substr(0, type.find(':')), .help = option.get_description()};
  info.values = values_of(info.type);
  if (option.get_positional()) {
    info.type = option.get_name(true);
    return info;
  }
  for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  if (option.get_expected_max() == 0) info.type.clear();
  return info;
}

}  // namespace

std::vector<CommandInfo> describe_commands() {
  Arguments unused;
  const auto app = make_app(unused);
  std::vector<CommandInfo> commands;
  for (const CLI::App* command : app->get_subcommands({})) {
    CommandInfo info{.name = command->get_name(), .help = command->get_description()};
    for (const CLI::Option* option : command->get_options())
      if (!option->get_group().empty()) info.options.push_back(describe(*option));
    commands.push_back(std::move(info));
  }
  return commands;
}

std::variant<Arguments, Usage> parse_arguments(const std::vector<std::string>& arguments) {
  Arguments parsed;
  // For the scripts of `completion`: what is typed may be anything.
  if (!arguments.empty() && arguments.front() == kCompleteCommand) {
    parsed.command = kCompleteCommand;
    parsed.targets.assign(arguments.begin() + 1, arguments.end());
    return parsed;
  }
  const auto app = make_app(parsed);
  try {
    app->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;
    const bool failed = app->exit(error, out, err) != 0;
    return Usage{failed ? kFailure : kSuccess,
                 (failed ? misspelt_command(*app, arguments) : "") + out.str() + err.str()};
  }
  const CLI::App& command = *app->get_subcommands().front();
  if (const std::string wrong = misuse(command, parsed); !wrong.empty()) return Usage{kFailure, wrong};
  parsed.command = command.get_name();
  return parsed;
}

}  // namespace tenon
