#include "framework/load/strict_json.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "framework/load/yaml.h"

namespace tenon {
namespace {

// Whether reading the number as a double may have lost digits of a whole number.
bool may_have_lost_digits(const Json& value) {
  constexpr double kExact = 9007199254740992.0;
  return value.is_number_float() && std::abs(value.get<double>()) > kExact;
}

}  // namespace

std::optional<Json> parse_strict_json(std::string_view text, size_t& values) {
  std::vector<std::vector<std::string>> keys;
  bool acceptable = true;
  values = 0;
  const Json::parser_callback_t watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start) {
      keys.emplace_back();
      acceptable = acceptable && keys.size() <= kMaximumDepth && ++values <= kMaximumValues;
    } else if (event == Json::parse_event_t::key) {
      keys.back().push_back(parsed.get<std::string>());
      acceptable = acceptable && keys.back().back().size() <= kMaximumKey;
    } else if (event == Json::parse_event_t::object_end || event == Json::parse_event_t::array_end) {
      std::vector<std::string>& names = keys.back();
      std::sort(names.begin(), names.end());
      acceptable = acceptable && std::adjacent_find(names.begin(), names.end()) == names.end();
      keys.pop_back();
    } else if (event == Json::parse_event_t::value) {
      acceptable = acceptable && !may_have_lost_digits(parsed) && ++values <= kMaximumValues;
    }
    return acceptable;
  };
  Json value = Json::parse(text, watch, false);
  if (!acceptable || value.is_discarded()) return {};
  return value;
}

std::optional<size_t> find_unclosed(std::string_view text) {
  const size_t word = text.find_first_not_of(" \t\r\n{[");
  if (word == std::string_view::npos || text[word] != '"') return {};
  std::vector<size_t> open;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      while (++i < text.size() && text[i] != '"') i += text[i] == '\\';
      if (i >= text.size()) return {};
    } else if (text[i] == '{' || text[i] == '[') {
      open.push_back(i);
    } else if (text[i] == '}' || text[i] == ']') {
      if (open.empty() || (text[open.back()] == '{') != (text[i] == '}')) return {};
      open.pop_back();
    }
  }
  return open.empty() ? std::nullopt : std::optional(open.back());
}

}  // namespace tenon
