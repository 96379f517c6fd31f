#include "framework/load/scalar.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <optional>

namespace tenon {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words)
    if (text == word) return true;
  return false;
}

bool all_in(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kOctal = "01234567";

// Without the number itself: it may be a secret.
Error cannot_hold(const char* why) {
  return {Code::invalid_argument, std::string("the number ") + why + "; put it in quotes if it is a text"};
}

Result<Json> whole_number(std::string_view digits, int base, bool negative) {
  uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  constexpr uint64_t kSmallest = uint64_t{1} << 63;
  if (error != std::errc() || end != digits.data() + digits.size() || (negative && magnitude > kSmallest))
    return cannot_hold("is too large");
  if (negative) return Json(static_cast<int64_t>(~magnitude + 1));
  if (magnitude < kSmallest) return Json(static_cast<int64_t>(magnitude));
  return Json(magnitude);
}

// [digits][.digits][e[sign]digits], with a digit before the exponent.
bool is_decimal(std::string_view text) {
  const size_t exponent = text.find_first_of("eE");
  std::string_view mantissa = text.substr(0, exponent);
  if (const size_t point = mantissa.find('.'); point != std::string_view::npos) {
    const std::string_view whole = mantissa.substr(0, point), fraction = mantissa.substr(point + 1);
    if (whole.empty() && fraction.empty()) return false;
    if (!(whole.empty() || all_in(whole, kDigits)) || !(fraction.empty() || all_in(fraction, kDigits)))
      return false;
  } else if (!all_in(mantissa, kDigits)) {
    return false;
  }
  if (exponent == std::string_view::npos) return true;
  std::string_view power = text.substr(exponent + 1);
  if (!power.empty() && (power[0] == '+' || power[0] == '-')) power.remove_prefix(1);
  return all_in(power, kDigits);
}

Result<Json> decimal(std::string_view unsigned_text, bool negative) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(unsigned_text.data(), unsigned_text.data() + unsigned_text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return cannot_hold("is too large or too small");
  return Json(negative ? -number : number);
}

// Nothing: not a number.
std::optional<Result<Json>> resolve_number(std::string_view text) {
  std::string_view rest = text;
  const bool sign = rest[0] == '-' || rest[0] == '+', negative = rest[0] == '-';
  if (sign) rest.remove_prefix(1);
  if (is_one_of(rest, {".inf", ".Inf", ".INF"}) || (!sign && is_one_of(rest, {".nan", ".NaN", ".NAN"})))
    return cannot_hold("has no form in JSON");
  if (!sign && rest.starts_with("0x") && all_in(rest.substr(2), "0123456789abcdefABCDEF"))
    return whole_number(rest.substr(2), 16, false);
  if (!sign && rest.starts_with("0o") && all_in(rest.substr(2), kOctal))
    return whole_number(rest.substr(2), 8, false);
  if (all_in(rest, kDigits)) {
    const bool octal = rest.size() > 1 && rest[0] == '0' && all_in(rest, kOctal);
    return whole_number(rest, octal ? 8 : 10, negative);
  }
  if (is_decimal(rest)) return decimal(rest, negative);
  return {};
}

}  // namespace

Result<Json> resolve_plain(std::string_view text) {
  if (text.empty()) return Json();
  switch (text[0]) {
    case '~':
      if (text.size() == 1) return Json();
      break;
    case 'n':
    case 'N':
      if (is_one_of(text, {"null", "Null", "NULL"})) return Json();
      break;
    case 't':
    case 'T':
      if (is_one_of(text, {"true", "True", "TRUE"})) return Json(true);
      break;
    case 'f':
    case 'F':
      if (is_one_of(text, {"false", "False", "FALSE"})) return Json(false);
      break;
    case '+':
    case '-':
    case '.':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      if (std::optional<Result<Json>> number = resolve_number(text)) return *std::move(number);
      break;
    default: break;
  }
  return Json(std::string(text));
}

}  // namespace tenon
