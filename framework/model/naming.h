// What the parts of an address may be: Kubernetes' rules. Text of a plugin, a spec or a command line becomes
// an address here, so that every address can be read back from its text. Pure functions.
#pragma once

#include <string_view>

#include "framework/base/result.h"
#include "framework/model/address.h"

namespace tenon {

bool is_label(std::string_view text);      // a namespace or a version
bool is_subdomain(std::string_view text);  // a name or a group: labels joined by dots
bool is_kind(std::string_view text);       // a word such as VirtualMachine

// What they may be, for people.
inline constexpr std::string_view kLabelRule =
    "lower-case letters, digits and '-', at most 63, with a letter or digit at both ends";
inline constexpr std::string_view kSubdomainRule =
    "lower-case letters, digits, '-' and '.', at most 253, with a letter or digit at both ends";
inline constexpr std::string_view kKindRule = "a kind is one word such as VirtualMachine";

// The address itself; invalid_argument says which part of it cannot be one, and what could.
Result<Address> checked_address(Address address);

// Whether parse_address gives it back from its text. Weaker than the above, since what was recorded once is
// to be read whatever the rules are.
bool reads_back(const Address& address);

}  // namespace tenon
