// How this folder names things to people, and JSON pointers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/base/diagnostics.h"
#include "framework/model/address.h"
#include "framework/model/resource.h"

namespace tenon {

// "DataVolume example-dv"; the namespace is said only where it is not the usual one.
std::string title(const Address& address);

// Where the user wrote a member of the document's head, such as "/kind"; of a child, which has no document,
// its spec.
Position head_of(const Resource& resource, std::string_view pointer);

// "a", "a and b", "a, b and 7 more": at most `most` are named.
std::string listed(const std::vector<std::string>& words, size_t most = 3);

// The pointer with one more token, escaped.
std::string joined(std::string_view pointer, std::string_view token);
// Whether a pointer leads to the same place as another one, or to one below it.
bool lies_in(std::string_view pointer, std::string_view outer);

}  // namespace tenon
