// Address: the only identity of a resource inside the engine. Value type.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "framework/base/result.h"
#include "framework/model/name.h"

namespace tenon {

// "kubevirt.io/VirtualMachine": what a manifest serves and a requirement points at.
struct KindName {
  Name group;  // "core" for the core group
  Name kind;

  friend auto operator<=>(const KindName&, const KindName&) = default;
};

std::string to_string(const KindName& kind);
// "group/Kind"; invalid_argument otherwise.
Result<KindName> parse_kind_name(std::string_view text);

// "group/Kind/namespace/name". No version; the core group is "core", cluster scope is namespace "-".
struct Address {
  Name group;
  Name kind;
  Name name_space;
  Name name;

  KindName kind_name() const { return {group, kind}; }

  friend auto operator<=>(const Address&, const Address&) = default;
};

std::string to_string(const Address& address);
// Holds what it has in common with `like` together with that: of many addresses, one after the other.
void share_names(const Address& like, Address& address);
// All four parts, none empty; invalid_argument says which form is expected.
Result<Address> parse_address(std::string_view text);

}  // namespace tenon

template <>
struct std::hash<tenon::Address> {
  size_t operator()(const tenon::Address& address) const noexcept;
};
