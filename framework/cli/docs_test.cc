// docs/cli.md names exactly the commands, options, formats and exit codes that there are.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "framework/base/files.h"
#include "framework/cli/arguments.h"
#include "framework/cli/exit_code.h"

namespace tenon {
namespace {

using Row = std::vector<std::string>;
using Names = std::set<std::string>;

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return parts;
    begin = end + separator.size();
  }
}

// The cells of a line of a table; "\|" is no border.
Row cells(const std::string& line) {
  Row row(1);
  for (size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|')
      row.back() += line[++i];
    else if (line[i] == '|')
      row.emplace_back();
    else
      row.back() += line[i];
  }
  row.pop_back();
  for (std::string& cell : row) {
    cell.erase(0, cell.find_first_not_of(' '));
    cell.erase(cell.find_last_not_of(' ') + 1);
  }
  return row;
}

// The rows below this header.
std::vector<Row> table(const std::string& header) {
  std::istringstream page(read_file("docs/cli.md").value());
  std::vector<Row> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (inside && !line.starts_with("|")) break;
    if (inside && !line.starts_with("| ---")) rows.push_back(cells(line));
    if (line == header) inside = true;
  }
  EXPECT_FALSE(rows.empty()) << header;
  return rows;
}

// What stands between backticks.
std::vector<std::string> quoted(const std::string& cell) {
  std::vector<std::string> texts;
  const std::vector<std::string> parts = split(cell, "`");
  for (size_t i = 1; i < parts.size(); i += 2) texts.push_back(parts[i]);
  return texts;
}

Names command_names() {
  Names names;
  for (const CommandInfo& command : describe_commands()) names.insert(command.name);
  return names;
}

// "plan, apply" or "all but version and completion".
Names commands_in(std::string text) {
  constexpr std::string_view kAll = "all but ";
  const bool all = text.starts_with(kAll);
  if (all) text.erase(0, kAll.size());
  Names named;
  for (const std::string& part : split(text, ", "))
    for (const std::string& name : split(part, " and ")) {
      EXPECT_TRUE(command_names().contains(name)) << "there is no command '" << name << "'";
      named.insert(name);
    }
  if (!all) return named;
  Names rest = command_names();
  for (const std::string& name : named) rest.erase(name);
  return rest;
}

// "plan -f, --file FILE|DIR|-" and so on, one for each command and option.
std::string usage(const std::string& command, const std::vector<std::string>& names,
                  const std::string& type) {
  std::string text = command;
  for (const std::string& name : names) text += (text == command ? " " : ", ") + name;
  return text + (type.empty() ? "" : " " + type);
}

Names usages_of_the_program() {
  Names usages;
  for (const CommandInfo& command : describe_commands())
    for (const OptionInfo& option : command.options)
      if (!option.names.empty() && option.names.back() != "--help")
        usages.insert(usage(command.name, option.names, option.type));
  return usages;
}

// The formats depend on the command: "plan: `text json`; get, describe: `text name`".
void add_formats(const std::string& cell, const std::vector<std::string>& names, Names& usages) {
  for (const std::string& part : split(cell, "; ")) {
    std::string type;
    for (const std::string& word : split(quoted(part).at(0), " ")) type += (type.empty() ? "" : "|") + word;
    for (const std::string& command : commands_in(part.substr(0, part.find(':'))))
      usages.insert(usage(command, names, type));
  }
}

Names usages_of_the_page() {
  Names usages;
  for (const Row& row : table("| option | of | meaning |")) {
    std::vector<std::string> names = quoted(row[0]);
    const size_t blank = names.back().find(' ');
    const std::string type = blank == std::string::npos ? "" : names.back().substr(blank + 1);
    names.back().resize(std::min(blank, names.back().size()));
    if (names.back() == "--output")
      add_formats(row[1], names, usages);
    else
      for (const std::string& command : commands_in(row[1])) usages.insert(usage(command, names, type));
  }
  return usages;
}

TEST(Documentation, NamesTheCommandsThatThereAre) {
  Names named;
  for (const Row& row : table("| command | does | changes something |")) {
    const std::string first = quoted(row[0]).at(0);
    named.insert(first.substr(0, first.find(' ')));
  }
  EXPECT_EQ(named, command_names());
}

TEST(Documentation, NamesTheOptionsOfEachCommand) {
  const Names program = usages_of_the_program(), page = usages_of_the_page();
  for (const std::string& option : program)
    EXPECT_TRUE(page.contains(option)) << "not on the page: " << option;
  for (const std::string& option : page)
    EXPECT_TRUE(program.contains(option)) << "not in the program: " << option;
  EXPECT_GT(page.size(), 50u);
}

TEST(Documentation, NamesTheExitCodesThatThereAre) {
  std::vector<int> named;
  for (const Row& row : table("| code | meaning |")) named.push_back(std::stoi(row[0]));
  EXPECT_EQ(named,
            (std::vector<int>{kSuccess, kFailure, kChanges, kPartial, kRefused, kInterrupted, kUnread}));
}

}  // namespace
}  // namespace tenon
