// Reads the members of a JSON object that a plugin wrote, with their types checked. Value type; one thread at
// a time.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon {

// "a/b" as one token of a JSON pointer.
std::string escape_pointer_token(std::string_view token);

// Members that are missing or null leave their target as it is. The first wrong one is kept as the error, and
// all readers of one document share that error.
class JsonReader {
 public:
  JsonReader(const Json& json, std::string pointer, std::optional<Error>& error);

  // Null: missing, or the value here is not an object.
  const Json* find(const char* name) const;
  std::string pointer(const char* name) const { return pointer_ + "/" + escape_pointer_token(name); }
  const std::string& pointer() const { return pointer_; }

  void read(const char* name, std::string& target);
  void read(const char* name, bool& target);
  void read(const char* name, std::vector<std::string>& target);
  template <std::integral Integer>
  void read(const char* name, Integer& target) {
    if (const Json* member = find(name)) {
      if (member->is_number_integer() && *member >= 0 && *member <= 1000000000)
        target = member->template get<Integer>();
      else
        fail(name, "a whole number that is not negative");
    }
  }
  void read(const char* name, std::optional<size_t>& target);
  void read(const char* name, std::optional<double>& target);

  void fail(const char* name, std::string_view expected);
  bool failed() const { return error_.has_value(); }

 private:
  const Json& json_;
  std::string pointer_;
  std::optional<Error>& error_;
};

}  // namespace tenon
