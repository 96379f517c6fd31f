#include "framework/base/json_text.h"

#include <array>

namespace tenon {
namespace {

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> plain{};
  for (unsigned char c = ' '; c <= '~'; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}

// Stands in JSON as it is. Most do, so nothing is gained by stopping at the first byte that does not.
bool is_plain(std::string_view text) {
  static constexpr std::array<bool, 256> kPlain = plain_bytes();
  bool plain = true;
  for (const char c : text) plain &= kPlain[static_cast<unsigned char>(c)];
  return plain;
}

}  // namespace

void JsonText::separate() {
  if (!std::exchange(first_, false)) text_ += ',';
}

void JsonText::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
}

void JsonText::close(char bracket) {
  text_ += bracket;
  first_ = false;
}

void JsonText::quote(std::string_view text) {
  if (is_plain(text))
    text_.append(1, '"').append(text).append(1, '"');
  else
    text_ += dump(Json(text));
}

void JsonText::key(std::string_view name) {
  separate();
  quote(name);
  text_ += ':';
  first_ = true;
}

void JsonText::plain_key(std::string_view name) {
  text_.append(std::exchange(first_, true) ? "\"" : ",\"").append(name).append("\":");
}

void JsonText::value(std::string_view text) {
  separate();
  quote(text);
}

void JsonText::value(bool yes) { raw(yes ? "true" : "false"); }

void JsonText::value(int64_t number) { raw(std::to_string(number)); }

void JsonText::value(const Json& json) {
  if (json.is_string()) return value(json.get_ref<const std::string&>());
  if (!json.is_structured()) return raw(dump(json));
  open(json.is_object() ? '{' : '[');
  for (auto item = json.begin(); item != json.end(); ++item) {
    if (json.is_object()) key(item.key());
    value(*item);
  }
  close(json.is_object() ? '}' : ']');
}

void JsonText::value(const std::map<std::string, std::string>& texts) {
  begin_object();
  for (const auto& [name, text] : texts) member(name, text);
  end_object();
}

void JsonText::raw(std::string_view json) {
  separate();
  text_ += json;
}

}  // namespace tenon
