#include "framework/model/address.h"

#include <array>

namespace tenon {
namespace {

// Splits at '/' into exactly N non-empty parts; the last one keeps no slash.
template <size_t N>
bool split(std::string_view text, std::array<std::string_view, N>& parts) {
  for (size_t i = 0; i < N; ++i) {
    const size_t slash = text.find('/');
    if ((slash == std::string_view::npos) != (i + 1 == N)) return false;
    parts[i] = text.substr(0, slash);
    if (parts[i].empty()) return false;
    text.remove_prefix(slash == std::string_view::npos ? text.size() : slash + 1);
  }
  return true;
}

}  // namespace

std::string to_string(const KindName& kind) { return kind.group + "/" + kind.kind; }

Result<KindName> parse_kind_name(std::string_view text) {
  std::array<std::string_view, 2> parts;
  if (!split(text, parts))
    return Error{Code::invalid_argument, "'" + std::string(text) + "' is not of the form group/Kind"};
  return KindName{std::string(parts[0]), std::string(parts[1])};
}

std::string to_string(const Address& address) {
  return address.group + "/" + address.kind + "/" + address.name_space + "/" + address.name;
}

Result<Address> parse_address(std::string_view text) {
  std::array<std::string_view, 4> parts;
  if (!split(text, parts))
    return Error{Code::invalid_argument,
                 "'" + std::string(text) +
                     "' is not an address; the form is group/Kind/namespace/name, such as "
                     "core/PersistentVolumeClaim/default/disk0"};
  return Address{std::string(parts[0]), std::string(parts[1]), std::string(parts[2]), std::string(parts[3])};
}

}  // namespace tenon

size_t std::hash<tenon::Address>::operator()(const tenon::Address& address) const noexcept {
  size_t seed = 0;
  for (const std::string* part : {&address.group, &address.kind, &address.name_space, &address.name})
    seed = seed * 1099511628211u + std::hash<std::string>{}(*part);
  return seed;
}
