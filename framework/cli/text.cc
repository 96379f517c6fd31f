#include "framework/cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "framework/base/printable.h"
#include "framework/model/resource.h"

namespace tenon {
namespace {

constexpr size_t kValueColumns = 120;
// Of what is the same on both sides of a change, so much is shown before the difference.
constexpr size_t kContext = 30;

// The longest beginning with at most `limit` columns that does not cut a character.
std::string_view first_columns(std::string_view text, size_t limit) {
  size_t end = 0;
  for (size_t seen = 0; end < text.size(); ++end) {
    if ((text[end] & 0xC0) == 0x80) continue;
    if (seen++ == limit) break;
  }
  return text.substr(0, end);
}

std::string unescaped(std::string_view token) {
  std::string key;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    key += escape ? (token[++i] == '1' ? '/' : '~') : token[i];
  }
  return key;
}

std::string one_line(const Json& value) {
  if (value.is_null()) return "(none)";
  if (is_reference(value)) return "(known after apply)";
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string cut(std::string_view text) {
  if (columns(text) <= kValueColumns) return std::string(text);
  return std::string(first_columns(text, kValueColumns - 1)) + "…";
}

// How many bytes the texts have in common, whole characters only.
size_t common_beginning(const std::string& a, const std::string& b) {
  const auto differ = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  auto end = static_cast<size_t>(differ.first - a.begin());
  while (end > 0 && end < a.size() && (a[end] & 0xC0) == 0x80) --end;
  return end;
}

bool is_index(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isdigit(c); });
}

}  // namespace

std::string Style::paint(std::string_view code, std::string_view text) const {
  if (!colours_) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", code, text);
}

std::string short_name(const Address& address) {
  const bool plain = address.name_space == "default" || address.name_space == "-";
  return address.kind + " " + (plain ? "" : address.name_space + "/") + address.name;
}

std::string display_path(std::string_view pointer) {
  std::string path;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string key = unescaped(pointer.substr(0, end));
    pointer.remove_prefix(end);
    if (is_index(key))
      path += "[" + key + "]";
    else if (key.empty() || key.find_first_of("./[] ") != std::string::npos)
      path += "[" + Json(key).dump() + "]";
    else
      path += (path.empty() ? "" : ".") + key;
  }
  return path.empty() ? "spec" : printable(path);
}

std::pair<std::string, std::string> display_change(const Json& before, const Json& after) {
  std::string left = one_line(before), right = one_line(after);
  const std::string same = left.substr(0, common_beginning(left, right));
  const bool fits = columns(left) <= kValueColumns && columns(right) <= kValueColumns;
  if (!fits && columns(same) > kContext) {
    const size_t begin = first_columns(same, columns(same) - kContext).size();
    left = "…" + left.substr(begin);
    right = "…" + right.substr(begin);
  }
  return {cut(left), cut(right)};
}

std::string percent(double progress) { return fmt::format("{} %", static_cast<int>(progress * 100)); }

std::string state_of(const Observation& observation) {
  if (observation.existence == Existence::unknown)
    return "unknown: " + (observation.error ? observation.error->message : "it was not looked at");
  if (observation.existence == Existence::absent) return "absent";
  std::string text = observation.phase.empty() ? "present" : observation.phase;
  if (observation.progress && *observation.progress < 1) text += " " + percent(*observation.progress);
  return text;
}

size_t columns(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string table(const std::vector<std::vector<std::string>>& texts) {
  std::vector<std::vector<std::string>> rows = texts;
  for (auto& row : rows)
    for (std::string& cell : row) cell = printable(cell);
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] - columns(row[i]) + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string counted(size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string to_text(const OrderedJson& value) { return printable_lines(to_yaml(value, Quotes::never)); }

std::string dump(const OrderedJson& value, bool yaml) {
  if (yaml) return to_yaml(value, Quotes::always);
  return value.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace tenon
