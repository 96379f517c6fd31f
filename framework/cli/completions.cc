#include "framework/cli/completions.h"

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

using Also = Completion::Also;

const OptionInfo* find_option(const CommandInfo& command, const std::string& name) {
  for (const OptionInfo& option : command.options)
    if (std::find(option.names.begin(), option.names.end(), name) != option.names.end()) return &option;
  return nullptr;
}

// What a value of this type may be, besides those that are listed.
Also also_of(const CommandInfo& command, const OptionInfo& option) {
  const std::string& type = option.type;
  if (type == "FILE" || type == "DIR" || type == "FILE|DIR|-" || type == "PLAN") return Also::files;
  if (type == "ADDRESS") return Also::addresses;
  if (type == "INSTANCE") return Also::instances;
  if (type == "FIELD") return Also::fields;
  if (type.find("TARGET") != std::string::npos) return Also::targets;
  if (type == "FROM TO") return Also::addresses;
  if (option.names.empty()) return Also::nothing;
  return option.names.back() == "--set" && command.name != "rebuild" ? Also::sets : Also::nothing;
}

// bash takes "--set=x" apart into three words.
void join_at_equals(std::vector<std::string>& words) {
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] != "=" || !words[i - 1].starts_with("--")) continue;
    const bool more = i + 1 < words.size();
    words[i - 1] += "=" + (more ? words[i + 1] : "");
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(i),
                words.begin() + static_cast<std::ptrdiff_t>(more ? i + 2 : i + 1));
  }
}

class Completing {
 public:
  Completing(const CommandInfo& command, Completion& completion)
      : command_(command), completion_(completion) {}

  void run(const std::vector<std::string>& words) {
    for (size_t i = 1; i + 1 < words.size(); ++i) read(words[i]);
    const std::string& word = words.back();
    const size_t equals = word.find('=');
    if (pending_) {
      offer_values(*pending_, word);
    } else if (word.starts_with("--") && equals != std::string::npos) {
      completion_.before = word.substr(0, equals + 1);
      if (const OptionInfo* option = find_option(command_, word.substr(0, equals)))
        offer_values(*option, word.substr(equals + 1));
    } else if (word.starts_with("-")) {
      offer_options(word);
    } else {
      offer_positional(word);
    }
  }

 private:
  // A word before the last one: an option, its value, or what is known by its place.
  void read(const std::string& word) {
    if (pending_) return take(*std::exchange(pending_, nullptr), word);
    if (!word.starts_with("-") || word == "-") return;
    const size_t equals = word.find('=');
    const OptionInfo* option = find_option(command_, word.substr(0, equals));
    if (!option || option->type.empty()) return;
    if (equals == std::string::npos)
      pending_ = option;
    else
      take(*option, word.substr(equals + 1));
  }

  void take(const OptionInfo& option, const std::string& value) {
    const std::string& name = option.names.back();
    if (name == "--state") completion_.state = value;
    if (name == "--config") completion_.configuration = value;
    if (name == "--namespace") completion_.name_space = value;
  }

  void offer(const std::string& text, const std::string& help) {
    if (text.starts_with(completion_.word))
      completion_.candidates.push_back({completion_.before + text, help});
  }

  void offer_values(const OptionInfo& option, const std::string& word) {
    completion_.word = word;
    for (const std::string& value : option.values) offer(value, "");
    completion_.also = also_of(command_, option);
  }

  void offer_options(const std::string& word) {
    completion_.word = word;
    for (const OptionInfo& option : command_.options)
      if (!option.names.empty()) offer(option.names.back(), option.help);
  }

  void offer_positional(const std::string& word) {
    for (const OptionInfo& option : command_.options)
      if (option.names.empty()) return offer_values(option, word);
    offer_options(word);
  }

  const CommandInfo& command_;
  Completion& completion_;
  const OptionInfo* pending_ = nullptr;  // waits for its value
};

}  // namespace

Completion complete_words(const std::vector<CommandInfo>& commands, std::vector<std::string> words) {
  Completion completion;
  join_at_equals(words);
  if (words.empty()) words.emplace_back();
  completion.word = words.back();
  if (words.size() == 1) {
    for (const CommandInfo& command : commands)
      if (command.name.starts_with(words[0])) completion.candidates.push_back({command.name, command.help});
    return completion;
  }
  completion.command = words[0];
  const auto command = std::find_if(commands.begin(), commands.end(),
                                    [&](const CommandInfo& one) { return one.name == words[0]; });
  if (command != commands.end()) Completing(*command, completion).run(words);
  return completion;
}

}  // namespace tenon
