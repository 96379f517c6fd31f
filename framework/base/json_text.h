// JsonText: writes JSON as text, member by member, where there is too much of it to be made as values first.
// Whoever uses it names the members of each object in the order of their names, as json.h does. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framework/base/json.h"

namespace tenon {

class JsonText {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_list() { open('['); }
  void end_list() { close(']'); }
  // Of the value that follows.
  void key(std::string_view name);
  // One that stands in the code is as it stands there.
  template <size_t N>
  void key(const char (&name)[N]) {
    plain_key({name, N - 1});
  }

  // Bytes that are no UTF-8 are replaced.
  void value(std::string_view text);
  void value(const std::string& text) { value(std::string_view(text)); }
  void value(const char* text) { value(std::string_view(text)); }
  void value(bool yes);
  void value(int number) { value(static_cast<int64_t>(number)); }
  void value(int64_t number);
  void value(const Json& json);
  template <typename T>
  void value(const std::vector<T>& items) {
    begin_list();
    for (const T& item : items) value(item);
    end_list();
  }
  void value(const std::map<std::string, std::string>& texts);
  // Is JSON already.
  void raw(std::string_view json);

  template <typename Name, typename T>
  void member(const Name& name, const T& of) {
    key(name);
    value(of);
  }

  // Room for so many bytes in all, where that is known.
  void reserve(size_t bytes) { text_.reserve(bytes); }
  size_t size() const { return text_.size(); }
  std::string take() && { return std::move(text_); }

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void plain_key(std::string_view name);
  void quote(std::string_view text);

  std::string text_;
  bool first_ = true;  // nothing stands before it in its object or list
};

}  // namespace tenon
