#include "plugins/local/bytes.h"

#include <limits>
#include <map>
#include <string>

namespace tenon::local {
namespace {

__extension__ typedef __int128 Wide;

// More digits than any disk has bytes; keeps every product below within 128 bits.
constexpr int kMostDigits = 18;

Wide power(Wide base, int exponent) {
  Wide result = 1;
  for (int i = 0; i < exponent; ++i) result *= base;
  return result;
}

struct Number {
  Wide mantissa = 0;
  int decimals = 0;
  int digits = 0;
};

// Reads digits with at most one point; returns where they end.
size_t read_number(const std::string& text, Number& number) {
  bool point = false;
  size_t at = text.starts_with('+') ? 1 : 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      number.mantissa = number.mantissa * 10 + (c - '0');
      number.decimals += point;
      if (++number.digits > kMostDigits) break;
    } else {
      break;
    }
  }
  return at;
}

// As numerator and denominator; {0, 1}: no such suffix.
std::pair<Wide, Wide> factor(const std::string& suffix) {
  static const std::map<std::string, std::pair<Wide, Wide>> kFactors = {{"", {1, 1}},
                                                                        {"m", {1, 1000}},
                                                                        {"k", {1000, 1}},
                                                                        {"M", {power(10, 6), 1}},
                                                                        {"G", {power(10, 9), 1}},
                                                                        {"T", {power(10, 12), 1}},
                                                                        {"P", {power(10, 15), 1}},
                                                                        {"E", {power(10, 18), 1}},
                                                                        {"Ki", {power(2, 10), 1}},
                                                                        {"Mi", {power(2, 20), 1}},
                                                                        {"Gi", {power(2, 30), 1}},
                                                                        {"Ti", {power(2, 40), 1}},
                                                                        {"Pi", {power(2, 50), 1}},
                                                                        {"Ei", {power(2, 60), 1}}};
  if (const auto found = kFactors.find(suffix); found != kFactors.end()) return found->second;
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return {0, 1};
  const std::string exponent = suffix.substr(suffix[1] == '+' ? 2 : 1);
  if (exponent.empty() || exponent.size() > 2 ||
      exponent.find_first_not_of("0123456789") != std::string::npos)
    return {0, 1};
  const int value = std::stoi(exponent);
  return value > kMostDigits ? std::pair<Wide, Wide>{0, 1} : std::pair<Wide, Wide>{power(10, value), 1};
}

}  // namespace

Result<int64_t> parse_bytes(const Json& quantity) {
  const std::string text = quantity.is_string() ? quantity.get<std::string>() : quantity.dump();
  Number number;
  const size_t end = read_number(text, number);
  const auto [times, over] = factor(text.substr(end));
  if (number.digits == 0 || number.digits > kMostDigits || times == 0)
    return Error{Code::invalid_argument, "'" + text + "' is not a size such as 64Mi or 10G"};
  const Wide divisor = over * power(10, number.decimals);
  const Wide bytes = (number.mantissa * times + divisor - 1) / divisor;
  if (bytes <= 0) return Error{Code::invalid_argument, "a size must be positive, '" + text + "' is not"};
  if (bytes > std::numeric_limits<int64_t>::max())
    return Error{Code::invalid_argument, "'" + text + "' is more than any disk holds"};
  return static_cast<int64_t>(bytes);
}

}  // namespace tenon::local
