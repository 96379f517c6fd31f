// What may stand where a command line breaks off. Pure: what only the world knows is asked for by name.
#pragma once

#include <string>
#include <vector>

#include "framework/cli/arguments.h"

namespace tenon {

struct Candidate {
  std::string text;
  std::string help;  // "": none
};

struct Completion {
  // What else fits besides the candidates.
  enum class Also { nothing, files, targets, addresses, fields, instances, sets };

  std::vector<Candidate> candidates;  // those that begin as the word does
  Also also = Also::nothing;
  std::string word;    // as far as it was typed, without an option's name
  std::string before;  // "--set=", to be put before each candidate
  std::string command;
  std::string state = "./.tenon", configuration, name_space = "default";  // as typed so far
};

// words: without the program's name; the last is the one that is being typed, "" before its first letter.
Completion complete_words(const std::vector<CommandInfo>& commands, std::vector<std::string> words);

}  // namespace tenon
