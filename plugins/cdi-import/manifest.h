#pragma once

#include <string>

namespace tenon::cdi {

// As docs/plugin-abi.md has it.
std::string manifest();

}  // namespace tenon::cdi
