#include "framework/base/quantity.h"

#include <array>
#include <cctype>
#include <limits>
#include <vector>

namespace tenon {
namespace {

__extension__ typedef __int128 Wide;

constexpr Wide kMaximum = (Wide{1} << 63) * 1000;  // in thousandths
constexpr int kMaximumDigits = 22;                 // of kMaximum

// 10^decimal * 2^binary.
struct Scale {
  int decimal = 0;
  int binary = 0;
};

// The number before the suffix: its digits as one integer, and how many of them stand after the point.
struct Mantissa {
  bool negative = false;
  std::string digits;  // no leading zeros; empty: zero
  int fraction = 0;
};

Error no_quantity(const std::string& got) {
  return {Code::invalid_argument,
          "expected a quantity such as 64Mi, got " + got +
              "; the suffixes are Ki Mi Gi Ti Pi Ei (powers of 1024), n u m k M G T P E, and "
              "exponents such as e3"};
}

Error malformed(std::string_view text) { return no_quantity("'" + std::string(text) + "'"); }

Error too_large(std::string_view text) {
  return {Code::invalid_argument,
          "the quantity '" + std::string(text) + "' is too large; the largest is 8Ei"};
}

// Takes sign, digits and point off the front of rest; false without a digit.
bool take_mantissa(std::string_view& rest, Mantissa& mantissa) {
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
    mantissa.negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  bool point = false, any = false;
  for (; !rest.empty(); rest.remove_prefix(1)) {
    const char c = rest[0];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (point) ++mantissa.fraction;
      if (c != '0' || !mantissa.digits.empty()) mantissa.digits += c;
    } else {
      break;
    }
  }
  return any;
}

bool parse_exponent(std::string_view text, Scale& scale) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  if (text.empty()) return false;
  int exponent = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    if (exponent < 100000) exponent = exponent * 10 + (c - '0');
  }
  scale.decimal = negative ? -exponent : exponent;
  return true;
}

bool parse_suffix(std::string_view text, Scale& scale) {
  if (text.empty()) return true;
  if (text.size() == 2 && text[1] == 'i') {
    const size_t power = std::string_view("KMGTPE").find(text[0]);
    if (power == std::string_view::npos) return false;
    scale.binary = 10 * (static_cast<int>(power) + 1);
    return true;
  }
  if (text.size() == 1) {
    const size_t power = std::string_view("num kMGTPE").find(text[0]);
    if (power == std::string_view::npos || text[0] == ' ') return false;
    scale.decimal = 3 * (static_cast<int>(power) - 3);
    return true;
  }
  return (text[0] == 'e' || text[0] == 'E') && parse_exponent(text.substr(1), scale);
}

// Doubles a decimal fraction, most significant digit first, and returns the carry.
int double_fraction(std::string& digits) {
  int carry = 0;
  for (size_t i = digits.size(); i-- > 0;) {
    const int twice = (digits[i] - '0') * 2 + carry;
    digits[i] = static_cast<char>('0' + twice % 10);
    carry = twice / 10;
  }
  return carry;
}

// The magnitude in thousandths, rounded up, or more than kMaximum. Exact however long the number is written.
Wide magnitude(const Mantissa& mantissa, const Scale& scale) {
  if (mantissa.digits.empty()) return 0;
  const long shift = static_cast<long>(scale.decimal) + 3 - mantissa.fraction;
  const long integral = static_cast<long>(mantissa.digits.size()) + shift;  // digits before the point
  if (integral > kMaximumDigits) return kMaximum + 1;
  if (integral < -kMaximumDigits) return 1;  // less than 1, whatever the binary suffix

  std::string digits = mantissa.digits;
  if (shift > 0) digits.append(static_cast<size_t>(shift), '0');
  if (integral < 0) digits.insert(0, static_cast<size_t>(-integral), '0');
  const size_t point = integral > 0 ? static_cast<size_t>(integral) : 0;
  Wide whole = 0;
  for (size_t i = 0; i < point; ++i) whole = whole * 10 + (digits[i] - '0');
  std::string fraction = digits.substr(point);
  for (int i = 0; i < scale.binary && whole <= kMaximum; ++i) whole = whole * 2 + double_fraction(fraction);
  return whole + (fraction.find_first_not_of('0') == std::string::npos ? 0 : 1);
}

}  // namespace

Result<Quantity> Quantity::parse(std::string_view text) {
  constexpr size_t kLongestText = 256;
  if (text.size() > kLongestText) return malformed(std::string(text.substr(0, 32)) + "...");
  std::string_view rest = text;
  Mantissa mantissa;
  Scale scale;
  if (!take_mantissa(rest, mantissa) || !parse_suffix(rest, scale)) return malformed(text);
  const Wide amount = magnitude(mantissa, scale);
  if (amount > kMaximum) return too_large(text);
  Quantity quantity;
  quantity.milli_ = mantissa.negative ? -amount : amount;
  return quantity;
}

Result<Quantity> Quantity::from_json(const Json& value) {
  if (value.is_string()) return parse(value.get_ref<const std::string&>());
  if (value.is_number()) return parse(value.dump());
  if (value.is_structured()) return no_quantity(value.is_object() ? "an object" : "a list");
  return malformed(value.dump());
}

int64_t Quantity::value() const {
  const Wide magnitude = milli_ < 0 ? -milli_ : milli_;
  Wide units = (magnitude + 999) / 1000;
  if (milli_ < 0) units = -units;
  constexpr Wide kLargest = std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(units > kLargest ? kLargest : units);
}

std::string format_bytes(int64_t bytes) {
  constexpr std::array<const char*, 7> kSuffixes = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  size_t power = 0;
  while (bytes != 0 && bytes % 1024 == 0 && power + 1 < kSuffixes.size()) {
    bytes /= 1024;
    ++power;
  }
  return std::to_string(bytes) + kSuffixes[power];
}

}  // namespace tenon
