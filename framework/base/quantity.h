// Kubernetes quantities, exact: "64Mi", "1.5Gi", "500m", "1e3", 2147483648. Value type.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon {

// An amount in thousandths (the "m" suffix; "n" and "u" round up, as Kubernetes does). Sign and magnitude up
// to 2^63 units; more is refused, never wrapped.
class Quantity {
 public:
  Quantity() = default;

  // invalid_argument says what is wrong with the text and which forms there are.
  static Result<Quantity> parse(std::string_view text);
  // From a JSON string or number.
  static Result<Quantity> from_json(const Json& value);

  // In whole units (bytes), rounded up.
  int64_t value() const;
  bool is_positive() const { return milli_ > 0; }
  bool is_negative() const { return milli_ < 0; }

  Quantity& operator+=(const Quantity& other) {
    milli_ += other.milli_;
    return *this;
  }
  Quantity& operator-=(const Quantity& other) {
    milli_ -= other.milli_;
    return *this;
  }

  friend auto operator<=>(const Quantity&, const Quantity&) = default;

 private:
  __extension__ typedef __int128 Wide;
  Wide milli_ = 0;
};

// The shortest binary form that is exact: 67108864 is "64Mi", 1000 is "1000". For messages.
std::string format_bytes(int64_t bytes);

}  // namespace tenon
