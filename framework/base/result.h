// Result<T>: a value or an Error, with the names of std::expected.
//
// Every function that can fail for a reason outside the program returns one; exceptions stay inside the file
// that wraps a throwing library. Values are copyable; no thread rule.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tenon {

// What went wrong, as far as a program must decide by it. The message is for people and never decides.
// Recovery per code (docs/errors.md): fix the input; retry with back-off; observe, then decide; refuse;
// report a bug.
enum class Code {
  // Fix the input.
  invalid_argument,
  not_found,
  already_exists,
  failed_precondition,
  permission_denied,
  unauthenticated,
  // Retry with back-off.
  unavailable,
  resource_exhausted,
  aborted,
  // The outcome is unknown: observe, then decide.
  deadline_exceeded,
  cancelled,
  crashed,
  // Refuse; report a bug.
  unimplemented,
  internal,
};

// "invalid_argument" and so on: the spelling of the plugin protocol.
std::string_view to_string(Code code);
// Unknown spellings are Code::internal: a peer that invents codes has a bug.
Code parse_code(std::string_view text);

// True for unavailable, resource_exhausted and aborted.
bool is_transient(Code code);
// True where the call may or may not have had its effect.
bool is_outcome_unknown(Code code);

struct Error {
  Code code = Code::internal;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  const Error& error() const { return std::get<1>(state_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T value_or(T other) const { return has_value() ? value() : std::move(other); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : state_(std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<std::monostate, Error> state_;
};

using Status = Result<void>;

// "doing it: what went wrong", with the same code.
Error with_context(std::string_view context, const Error& error);

}  // namespace tenon
