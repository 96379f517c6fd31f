#include "framework/load/chunks.h"

#include <algorithm>

#include "framework/base/printable.h"

namespace tenon {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view without_byte_order_mark(std::string_view line) {
  return line.starts_with(kByteOrderMark) ? line.substr(kByteOrderMark.size()) : line;
}

bool is_marker(std::string_view line, std::string_view marker) {
  return line.starts_with(marker) && (line.size() == marker.size() || line[marker.size()] == ' ' ||
                                      line[marker.size()] == '\t' || line[marker.size()] == '\r');
}

// Gathers lines into chunks.
class Splitter {
 public:
  void line(std::string_view text, size_t begin, size_t end) {
    text = without_byte_order_mark(text);
    // Directives belong to the document that the next "---" opens.
    if (is_marker(text, "---") && !(directives_ && !content_)) start(begin);
    if (text.starts_with('%') && !content_) {
      directives_ = true;
    } else if (text.find_first_not_of(" \t\r") != std::string_view::npos && text[0] != '#') {
      content_ = true;
    }
    current_.end = end;
    ++line_;
    if (is_marker(text, "...")) start(end);
  }

  std::vector<Chunk> finish() {
    start(current_.end);
    return std::move(chunks_);
  }

 private:
  void start(size_t begin) {
    if (content_) chunks_.push_back(current_);
    current_ = {begin, begin, line_};
    directives_ = content_ = false;
  }

  std::vector<Chunk> chunks_;
  Chunk current_;
  int line_ = 1;
  bool directives_ = false;  // the chunk has them
  bool content_ = false;     // the chunk has more than comments and directives
};

}  // namespace

std::vector<Chunk> split_documents(std::string_view text) {
  Splitter splitter;
  for (size_t begin = 0; begin < text.size();) {
    const size_t newline = text.find('\n', begin);
    const size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
    splitter.line(text.substr(begin, std::min(newline, text.size()) - begin), begin, end);
    begin = end;
  }
  return splitter.finish();
}

std::optional<BadByte> find_bad_byte(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c < 0x80) {
      ++i;
      continue;
    }
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return BadByte{i, "a control character"};
    const size_t length = character_length(text.substr(i));
    if (length == 0) return BadByte{i, "a byte that is not UTF-8"};
    i += length;
  }
  return {};
}

}  // namespace tenon
