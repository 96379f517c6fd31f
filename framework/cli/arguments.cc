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
    return "a saved plan is carried out as it is: give --approve to 'tenon plan --out' instead";
  if (arguments.prune && given("--selector"))
    return "--prune acts within one whole set: it cannot be limited by -l";
  if (arguments.prune && given("--namespace"))
    return "--prune acts within one whole set, in all its namespaces: leave -n out, and write "
           "metadata.namespace into the manifests that -n was for";
  const bool limited = given("--namespace") || given("--selector") || !arguments.targets.empty();
  if (command.get_name() == "destroy" && limited)
    return "destroy acts within one whole set: it takes no targets, no -n and no -l; to delete a part, take "
           "it out of the manifests and apply with --prune";
  return "";
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names) {
  const std::string_view near = nearest_name(word, names);
  return near.empty() ? "" : "; did you mean '" + std::string(near) + "'?";
}

// "": it names a command.
std::string misspelt_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.front() == "-h" || arguments.front() == "--help") return "";
  if (arguments.front().starts_with("-")) return "a command comes first: tenon COMMAND [options]";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), arguments.front()) != names.end()) return "";
  return "there is no command '" + arguments.front() + "'" + did_you_mean(arguments.front(), names);
}

// The first word that the command does not take.
std::string unexpected(const CLI::App& command, const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames())
      if (!option->get_group().empty()) names.push_back("--" + name);
  for (const std::string& word : words) {
    if (!word.starts_with("-")) continue;
    const std::string name = word.substr(0, word.find('='));
    return "'" + command.get_name() + "' has no option '" + name + "'" + did_you_mean(name, names);
  }
  const bool reads = command.get_option_no_throw("--file") != nullptr;
  return "'" + command.get_name() + "' takes no argument '" + words.front() + "'" +
         (reads ? "; manifests are given with -f" : "");
}

std::string problem_of(const CLI::ParseError& error, const CLI::App& app) {
  const std::vector<CLI::App*> commands = app.get_subcommands();
  const auto left = commands.empty() ? app.remaining() : commands.front()->remaining();
  const bool extra = dynamic_cast<const CLI::ExtrasError*>(&error) && !left.empty();
  return extra ? unexpected(commands.empty() ? app : *commands.front(), left) : error.what();
}

Usage refuse(const std::string& problem, const std::string& command) {
  return {kFailure, "error: " + problem + "\n" +
                        (command.empty() ? "'tenon help'" : "'tenon help " + command + "'") +
                        " tells what there is.\n"};
}

// What other programs understand, in the words of this one.
std::vector<std::string> in_our_words(std::vector<std::string> words) {
  const std::string first = words.front();
  if (first == "--version" || first == "-v") words.front() = "version";
  if (first != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
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
  if (arguments.empty()) return Usage{kFailure, app->help()};
  const std::vector<std::string> words = in_our_words(arguments);
  if (const std::string wrong = misspelt_command(*app, words); !wrong.empty()) return refuse(wrong, "");
  try {
    app->parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    return Usage{kSuccess, app->help()};
  } catch (const CLI::ParseError& error) {
    return refuse(problem_of(error, *app), words.front());
  }
  const CLI::App& command = *app->get_subcommands().front();
  if (const std::string wrong = misuse(command, parsed); !wrong.empty())
    return refuse(wrong, command.get_name());
  parsed.command = command.get_name();
  return parsed;
}

}  // namespace tenon
