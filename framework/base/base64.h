// Base64 with padding, as Kubernetes writes the data of a Secret. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon {

inline constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string to_base64(std::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view part = bytes.substr(i, 3);
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < part.size() ? static_cast<uint8_t>(part[k]) : 0);
    for (size_t k = 0; k < 4; ++k) text += k <= part.size() ? kBase64Digits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

// Line breaks are ignored. Nothing: it is not base64.
inline std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    const size_t value = c == '=' ? 0 : kBase64Digits.find(c);
    if (value == std::string_view::npos || (padding > 0 && c != '=')) return {};
    padding += c == '=';
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (++digits % 4 != 0) continue;
    for (const int shift : {16, 8, 0}) bytes += static_cast<char>(bits >> shift & 255);
    bits = 0;
  }
  if (digits % 4 != 0 || padding > 2) return {};
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace tenon
