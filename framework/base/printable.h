// Text that somebody else wrote, as it may be shown on a terminal. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tenon {

// The length of the well-formed UTF-8 sequence at the front, 0 if there is none. No overlong forms, no
// surrogates.
size_t character_length(std::string_view text);

// Nothing in it moves the cursor, changes colours or reorders what stands around it: control characters (C0,
// DEL, C1), and the characters that embed, override or isolate directions are escaped as in JSON ("\n",
// "\u001b"), bytes that are no UTF-8 as "\x9b".
std::string printable(std::string_view text);

// Lines and tabs stay what they are.
std::string printable_lines(std::string_view text);

}  // namespace tenon
