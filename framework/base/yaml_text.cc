#include "framework/base/yaml_text.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace tenon {
namespace {

// Whether some reader, of YAML 1.1 too, takes the bare text for a number, a date, a boolean or null. What the
// syntax itself forbids is quoted by yaml-cpp.
bool is_misread(std::string_view text) {
  if (text.empty() || !std::isalpha(static_cast<unsigned char>(text[0]))) return true;
  constexpr std::array<std::string_view, 9> kWords = {"true", "false", "null", "yes", "no",
                                                      "on",   "off",   "y",    "n"};
  std::string word(text);
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

void emit_text(YAML::Emitter& out, const std::string& text, Quotes quotes) {
  if (quotes == Quotes::always || (quotes == Quotes::where_needed && is_misread(text)))
    out << YAML::DoubleQuoted;
  out << text;
}

void emit(YAML::Emitter& out, const OrderedJson& value, Quotes quotes) {
  switch (value.type()) {
    case OrderedJson::value_t::object:
      out << (value.empty() ? YAML::Flow : YAML::Block) << YAML::BeginMap;
      for (const auto& [key, member] : value.items()) {
        out << YAML::Key;
        emit_text(out, key, std::min(quotes, Quotes::where_needed));
        out << YAML::Value;
        emit(out, member, quotes);
      }
      out << YAML::EndMap;
      break;
    case OrderedJson::value_t::array:
      out << (value.empty() ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
      for (const OrderedJson& element : value) emit(out, element, quotes);
      out << YAML::EndSeq;
      break;
    case OrderedJson::value_t::string: emit_text(out, value.get_ref<const std::string&>(), quotes); break;
    case OrderedJson::value_t::null: out << YAML::Null; break;
    default: out << value.dump();
  }
}

}  // namespace

std::string to_yaml(const OrderedJson& value, Quotes quotes) {
  YAML::Emitter out;
  emit(out, value, quotes);
  return std::string(out.c_str()) + "\n";
}

}  // namespace tenon
