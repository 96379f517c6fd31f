#include "framework/load/plain.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <algorithm>
#include <string>

namespace tenon {
namespace {

constexpr int kDeepest = 64;
constexpr size_t kLongestKey = 250;

const std::string kPlain = "?", kQuoted = "!";  // yaml-cpp's tags of scalars that have none

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_word(char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '/' || c == '-'; }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool is_null(std::string_view text) {
  return text == "~" || text == "null" || text == "Null" || text == "NULL";
}

// Whether a plain scalar may begin so, whatever is around it.
bool begins_scalar(std::string_view text) {
  const char first = text.front();
  if (first == '-' || first == '.') return text.size() > 1 && is_alphanumeric(text[1]);
  return is_alphanumeric(first) || first == '_' || first == '/' || first == '~';
}

// Every method but a few returns false to give up.
class Scanner {
 public:
  Scanner(std::string_view text, YAML::EventHandler& handler) : text_(text), handler_(handler) {}

  bool scan() {
    if (!next_line() || !skip_separator()) return false;
    handler_.OnDocumentStart(mark());
    if (!block_node() || !done_) return false;
    handler_.OnDocumentEnd();
    return true;
  }

 private:
  // The cursor is within a line; its end is that of the line's content.
  size_t column() const { return at_ - begin_; }
  bool at_end() const { return at_ == end_; }
  char here() const { return text_[at_]; }
  char after() const { return at_ + 1 < end_ ? text_[at_ + 1] : ' '; }
  std::string_view rest() const { return text_.substr(at_, end_ - at_); }
  YAML::Mark mark() const {
    YAML::Mark mark;
    mark.line = line_;
    mark.column = static_cast<int>(column());
    return mark;
  }

  // To the first character of the next line that has more than a comment. done_: there is none.
  bool next_line() {
    for (;;) {
      begin_ = next_;
      ++line_;
      if (begin_ >= text_.size()) {
        done_ = true;
        at_ = end_ = begin_ = text_.size();
        return true;
      }
      end_ = std::min(text_.find('\n', begin_), text_.size());
      next_ = end_ + 1;
      at_ = begin_;
      skip_blanks();
      if (at_end() || here() == '#') continue;
      return is_printable(here());
    }
  }

  void skip_blanks() {
    while (!at_end() && here() == ' ') ++at_;
  }

  // To the next line, over a comment.
  bool end_line() {
    const size_t before = at_;
    skip_blanks();
    if (!at_end() && (here() != '#' || at_ == before)) return false;
    return next_line();
  }

  // "---", and nothing else in its line.
  bool skip_separator() {
    if (done_ || !rest().starts_with("---") || column() != 0) return !done_;
    at_ += 3;
    return end_line() && !done_;
  }

  bool is_entry() const { return !done_ && here() == '-' && after() == ' '; }

  // The length of "key" in "key: " at the cursor; 0: there is none.
  size_t key_length() const {
    if (done_ || !is_alphanumeric(here())) return 0;
    size_t end = at_;
    while (end < end_ && is_word(text_[end])) ++end;
    const bool value = end < end_ && text_[end] == ':' && (end + 1 == end_ || text_[end + 1] == ' ');
    return value && end - at_ <= kLongestKey && !is_null(text_.substr(at_, end - at_)) ? end - at_ : 0;
  }

  bool emit_key(size_t length) {
    if (length == 0) return false;
    handler_.OnScalar(mark(), kPlain, 0, std::string(text_.substr(at_, length)));
    at_ += length + 1;
    return true;
  }

  // At the first character of a node that has the rest of its line for itself.
  bool block_node() {
    if (is_entry()) return block_list();
    if (key_length() > 0) return block_map();
    return inline_node() && end_line();
  }

  bool block_map() {
    const size_t own = column();
    if (!enter()) return false;
    handler_.OnMapStart(mark(), kPlain, 0, YAML::EmitterStyle::Block);
    while (!done_ && column() == own)
      if (!emit_key(key_length()) || !map_value(own)) return false;
    if (!done_ && column() > own) return false;
    handler_.OnMapEnd();
    return leave();
  }

  bool map_value(size_t own) {
    skip_blanks();
    if (!at_end() && here() != '#') return inline_node() && end_line();
    if (!next_line() || done_) return false;
    if (column() > own) return block_node();
    return column() == own && is_entry() && block_list();
  }

  bool block_list() {
    const size_t own = column();
    if (!enter()) return false;
    handler_.OnSequenceStart(mark(), kPlain, 0, YAML::EmitterStyle::Block);
    while (is_entry() && column() == own)
      if (!list_entry(own)) return false;
    if (!done_ && column() > own) return false;
    handler_.OnSequenceEnd();
    return leave();
  }

  bool list_entry(size_t own) {
    ++at_;
    skip_blanks();
    if (!at_end() && here() != '#') return block_node();
    return next_line() && !done_ && column() > own && block_node();
  }

  // A scalar or a flow collection that ends in this line.
  bool inline_node() {
    if (done_) return false;
    if (here() == '"' || here() == '\'') return quoted();
    if (here() == '[') return flow_list();
    if (here() == '{') return flow_map();
    return plain();
  }

  bool plain() {
    if (!begins_scalar(rest())) return false;
    size_t end = at_;
    for (; end < end_; ++end) {
      const char c = text_[end];
      if (!is_printable(c)) return false;
      if (c == ':' && (end + 1 == end_ || text_[end + 1] == ' ')) return false;
      if (c == '#' && text_[end - 1] == ' ') break;
    }
    while (text_[end - 1] == ' ') --end;
    return emit_plain(end);
  }

  bool emit_plain(size_t end) {
    const std::string_view text = text_.substr(at_, end - at_);
    if (is_null(text))
      handler_.OnNull(mark(), 0);
    else
      handler_.OnScalar(mark(), kPlain, 0, std::string(text));
    at_ = end;
    return true;
  }

  bool quoted() {
    const char quote = here();
    size_t end = at_ + 1;
    for (; end < end_ && text_[end] != quote; ++end)
      if (!is_printable(text_[end]) || (quote == '"' && text_[end] == '\\')) return false;
    const bool closed = end < end_ && !(end + 1 < end_ && text_[end + 1] == quote);
    if (!closed) return false;
    handler_.OnScalar(mark(), kQuoted, 0, std::string(text_.substr(at_ + 1, end - at_ - 1)));
    at_ = end + 1;
    return true;
  }

  bool flow_list() {
    if (!enter()) return false;
    handler_.OnSequenceStart(mark(), kPlain, 0, YAML::EmitterStyle::Flow);
    ++at_;
    skip_blanks();
    for (bool first = true; !at_end() && here() != ']'; first = false)
      if ((!first && !separator()) || !flow_node()) return false;
    if (!closing()) return false;
    handler_.OnSequenceEnd();
    return leave();
  }

  bool flow_map() {
    if (!enter()) return false;
    handler_.OnMapStart(mark(), kPlain, 0, YAML::EmitterStyle::Flow);
    ++at_;
    skip_blanks();
    for (bool first = true; !at_end() && here() != '}'; first = false)
      if ((!first && !separator()) || !flow_member()) return false;
    if (!closing()) return false;
    handler_.OnMapEnd();
    return leave();
  }

  bool flow_member() {
    if (at_end() || !emit_key(key_length())) return false;
    skip_blanks();
    return flow_node();
  }

  // Afterwards the cursor is at a comma or the closing bracket.
  bool flow_node() {
    if (at_end()) return false;
    const bool collection = here() == '[' || here() == '{' || here() == '"' || here() == '\'';
    if (!(collection ? inline_node() : flow_word())) return false;
    skip_blanks();
    return !at_end() && (here() == ',' || here() == ']' || here() == '}');
  }

  bool flow_word() {
    if (!begins_scalar(rest())) return false;
    size_t end = at_ + 1;
    while (end < end_ && is_word(text_[end])) ++end;
    return emit_plain(end);
  }

  bool separator() {
    if (here() != ',') return false;
    ++at_;
    skip_blanks();
    return true;
  }

  bool closing() {
    if (at_end()) return false;
    ++at_;
    return true;
  }

  bool enter() { return ++depth_ <= kDeepest; }
  bool leave() {
    --depth_;
    return true;
  }

  std::string_view text_;
  YAML::EventHandler& handler_;
  size_t begin_ = 0, end_ = 0, next_ = 0, at_ = 0;
  int line_ = -1;
  int depth_ = 0;
  bool done_ = false;
};

}  // namespace

bool scan_plain(std::string_view text, YAML::EventHandler& handler) { return Scanner(text, handler).scan(); }

}  // namespace tenon
