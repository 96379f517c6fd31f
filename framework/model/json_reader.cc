#include "framework/model/json_reader.h"

#include <algorithm>

namespace tenon {

std::string escape_pointer_token(std::string_view token) {
  std::string escaped;
  for (char c : token) {
    if (c == '~')
      escaped += "~0";
    else if (c == '/')
      escaped += "~1";
    else
      escaped += c;
  }
  return escaped;
}

JsonReader::JsonReader(const Json& json, std::string pointer, std::optional<Error>& error)
    : json_(json), pointer_(std::move(pointer)), error_(error) {
  if (!json.is_object() && !error_)
    error_ = Error{Code::invalid_argument, "'" + pointer_ + "': expected an object"};
}

const Json* JsonReader::find(const char* name) const {
  if (!json_.is_object()) return nullptr;
  const auto member = json_.find(name);
  return member == json_.end() || member->is_null() ? nullptr : &*member;
}

void JsonReader::fail(const char* name, std::string_view expected) {
  if (error_) return;
  error_ = Error{Code::invalid_argument, "'" + pointer(name) + "': expected " + std::string(expected)};
}

void JsonReader::read(const char* name, std::string& target) {
  const Json* member = find(name);
  if (!member) return;
  if (!member->is_string()) return fail(name, "a string");
  target = member->get<std::string>();
}

void JsonReader::read(const char* name, bool& target) {
  const Json* member = find(name);
  if (!member) return;
  if (!member->is_boolean()) return fail(name, "true or false");
  target = member->get<bool>();
}

void JsonReader::read(const char* name, std::vector<std::string>& target) {
  const Json* member = find(name);
  if (!member) return;
  const auto is_string = [](const Json& item) { return item.is_string(); };
  if (!member->is_array() || !std::all_of(member->begin(), member->end(), is_string))
    return fail(name, "a list of strings");
  target = member->get<std::vector<std::string>>();
}

void JsonReader::read(const char* name, std::optional<size_t>& target) {
  if (!find(name)) return;
  size_t number = 0;
  read(name, number);
  target = number;
}

void JsonReader::read(const char* name, std::optional<double>& target) {
  const Json* member = find(name);
  if (!member) return;
  if (!member->is_number()) return fail(name, "a number");
  target = member->get<double>();
}

}  // namespace tenon
