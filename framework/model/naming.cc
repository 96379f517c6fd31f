#include "framework/model/naming.h"

#include <algorithm>

namespace tenon {
namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_word(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

Error wrong(const Name& part, std::string_view what, std::string_view rule) {
  return {Code::invalid_argument,
          "'" + part.str() + "' is not a " + std::string(what) + ": " + std::string(rule)};
}

}  // namespace

bool is_label(std::string_view text) { return text.size() <= 63 && is_word(text); }

bool is_subdomain(std::string_view text) {
  if (text.size() > 253) return false;
  for (;;) {
    const size_t dot = text.find('.');
    if (!is_word(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_kind(std::string_view text) {
  return !text.empty() && text[0] >= 'A' && text[0] <= 'Z' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || is_alphanumeric(c); });
}

Result<Address> checked_address(Address address) {
  if (!is_subdomain(address.name.str())) return wrong(address.name, "name", kSubdomainRule);
  if (!is_kind(address.kind.str())) return wrong(address.kind, "kind", kKindRule);
  if (!is_subdomain(address.group.str())) return wrong(address.group, "group", kSubdomainRule);
  const std::string& name_space = address.name_space.str();
  if (name_space != "-" && !is_label(name_space)) return wrong(address.name_space, "namespace", kLabelRule);
  return address;
}

bool reads_back(const Address& address) {
  const auto is_part = [](const Name& part) {
    return !part.str().empty() && part.str().find('/') == std::string::npos;
  };
  return is_part(address.group) && is_part(address.kind) && is_part(address.name_space) &&
         is_part(address.name);
}

}  // namespace tenon
