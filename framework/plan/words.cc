#include "framework/plan/words.h"

#include <algorithm>

#include "framework/model/json_reader.h"

namespace tenon {

std::string title(const Address& address) {
  if (address.name_space == "default" || address.name_space == "-") return address.kind + " " + address.name;
  return address.kind + " " + address.name_space + "/" + address.name;
}

Position head_of(const Resource& resource, std::string_view pointer) {
  const Origin& origin = resource.origin;
  return origin.source && !origin.parent ? origin.source->locate(pointer, false) : origin.locate("");
}

std::string listed(const std::vector<std::string>& words, size_t most) {
  const size_t named = words.size() > most + 1 ? most : words.size();
  const size_t rest = words.size() - named;
  std::string text;
  for (size_t i = 0; i < named; ++i) {
    if (i > 0) text += i + 1 == named && rest == 0 ? " and " : ", ";
    text += words[i];
  }
  return rest == 0 ? text : text + " and " + std::to_string(rest) + " more";
}

std::string joined(std::string_view pointer, std::string_view token) {
  return std::string(pointer) + "/" + escape_pointer_token(token);
}

bool lies_in(std::string_view pointer, std::string_view outer) {
  return pointer.starts_with(outer) && (pointer.size() == outer.size() || pointer[outer.size()] == '/');
}

}  // namespace tenon
