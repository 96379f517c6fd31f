// Where the documents of a text begin and end, found by their separator lines alone, so that a broken
// document cannot hide the others. Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace tenon {

// One document, with its separator line and the directives before it.
struct Chunk {
  size_t begin = 0;
  size_t end = 0;
  int line = 1;  // of begin, in the whole text
};

// A line that starts with "---" or "..." and a blank ends a document wherever it stands, in block scalars
// too.
std::vector<Chunk> split_documents(std::string_view text);

// A byte that cannot stand in a document: its offset, and what is wrong with it.
struct BadByte {
  size_t offset = 0;
  const char* problem = "";
};

// Malformed UTF-8, and control characters other than tab and line ends.
std::optional<BadByte> find_bad_byte(std::string_view text);

}  // namespace tenon
