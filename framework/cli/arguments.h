// The command line as a value.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tenon {

enum class Format { text, json, yaml, name, wide, dot, mermaid };

struct Arguments {
  std::string command;
  std::vector<std::string> files;    // -f
  std::vector<std::string> targets;  // get, describe, forget: KIND, KIND/NAME, Kind.group/name; import:
                                     // address and identity; mv: from and to; explain: KIND.field;
                                     // plugins, doctor: instances; completion: the shell
  std::string name_space = "default";
  bool all_namespaces = false;
  Format format = Format::text;
  bool yes = false;
  std::vector<std::string> approve;  // addresses
  bool prune = false;
  bool adopt = false;
  std::string set;           // --set; "": the unnamed one
  std::string selector;      // -l
  bool record_only = false;  // forget
  bool check = false;        // plugins
  bool recursive = false;    // explain
  std::string api_version;   // explain
  std::string inventory;     // rebuild: UUID
  bool detailed_exit_code = false;
  std::string plan_file;  // plan --out, apply PLAN
  std::optional<std::chrono::milliseconds> lock_timeout;
  int parallelism = 10;
  std::string configuration;  // "": tenon.yaml if it is there
  std::string state = "./.tenon";
  bool isolated = true;
};

// What was printed instead: help, or what is wrong and what would be right.
struct Usage {
  int exit_code = 0;
  std::string text;
};

// arguments: without the program's name.
std::variant<Arguments, Usage> parse_arguments(const std::vector<std::string>& arguments);

// What a command takes: for completion, and for the test of docs/cli.md.
struct OptionInfo {
  std::vector<std::string> names;   // "-o", "--output"; empty: it is known by its place
  std::string type;                 // "FILE"; "": a flag
  std::vector<std::string> values;  // all that it may be; empty: anything
  std::string help;
};

struct CommandInfo {
  std::string name, help;
  std::vector<OptionInfo> options;
};

// In the order of the help, without what is hidden.
std::vector<CommandInfo> describe_commands();

// The command that the scripts of `completion` call; its targets are the words that were typed.
inline constexpr const char* kCompleteCommand = "__complete";

}  // namespace tenon
