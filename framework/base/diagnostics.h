// Diagnostics: what passes 1 to 3 have to say about the user's input, all of it at once.
// Value types; no thread rule.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tenon {

enum class Severity { error, warning, note };

// A place in a text the user wrote. line and column count from 1, columns in bytes; line 0: the whole file;
// an empty file: no place known.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

// "file:line:column", "file" or "".
std::string to_string(const Position& position);

struct Diagnostic {
  Severity severity = Severity::error;
  std::string summary;  // what is wrong, one line, no full stop
  std::string detail;   // why, and what to do; may be empty
  std::string address;  // the resource concerned; may be empty
  Position position;

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

// "file:line:column: error: summary (address)" and, indented below it, the detail.
std::string to_string(const Diagnostic& diagnostic);

// In the order found; a pass that appends keeps the order of the input.
using Diagnostics = std::vector<Diagnostic>;

bool has_errors(const Diagnostics& diagnostics);

// The candidate a writer of `text` most likely meant, or "" if none is near (edit distance above a third of
// the length).
std::string_view nearest_name(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace tenon
