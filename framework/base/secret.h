// What secret values need besides: keyed hashes that stand for them, and a process that leaves no copy of
// them behind.
#pragma once

#include <string>
#include <string_view>

namespace tenon {

// HMAC-SHA-256, as "hmac-sha256:<64 lower-case hex digits>".
std::string keyed_hash(std::string_view key, std::string_view bytes);

// 256 bits from the kernel's generator, as hex digits.
std::string random_key();

// Overwrites the text before its memory goes back to the heap.
void wipe(std::string& text);

// From here on this process writes no core dump, whatever its limits are and whoever collects dumps, and
// nobody but root may read its memory. Forks inherit it, programs that it starts do not.
void forbid_dumps();

}  // namespace tenon
