#pragma once

#include <string>

namespace tenon::local {

// As docs/plugin-abi.md has it.
std::string manifest();

}  // namespace tenon::local
