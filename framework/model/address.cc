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
  return KindName{parts[0], parts[1]};
}

std::string to_string(const Address& address) {
  const std::string *group = &address.group.str(), *kind = &address.kind.str(),
                    *name_space = &address.name_space.str(), *name = &address.name.str();
  std::string text;
  text.reserve(group->size() + kind->size() + name_space->size() + name->size() + 3);
  return text.append(*group)
      .append("/")
      .append(*kind)
      .append("/")
      .append(*name_space)
      .append("/")
      .append(*name);
}

void share_names(const Address& like, Address& address) {
  for (const auto part : {&Address::group, &Address::kind, &Address::name_space})
    if (like.*part == address.*part) address.*part = like.*part;
}

Result<Address> parse_address(std::string_view text) {
  std::array<std::string_view, 4> parts;
  if (!split(text, parts))
    return Error{Code::invalid_argument,
                 "'" + std::string(text) +
                     "' is not an address; the form is group/Kind/namespace/name, such as "
                     "core/PersistentVolumeClaim/default/disk0"};
  return Address{parts[0], parts[1], parts[2], parts[3]};
}

}  // namespace tenon

size_t std::hash<tenon::Address>::operator()(const tenon::Address& address) const noexcept {
  size_t seed = 0;
  for (const tenon::Name* part : {&address.group, &address.kind, &address.name_space, &address.name})
    seed = seed * 1099511628211u + part->hash();
  return seed;
}
