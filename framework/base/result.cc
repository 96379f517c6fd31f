#include "framework/base/result.h"

#include <array>

namespace tenon {
namespace {

struct Name {
  Code code;
  std::string_view text;
};

constexpr std::array kNames = {
    Name{Code::invalid_argument, "invalid_argument"},
    Name{Code::not_found, "not_found"},
    Name{Code::already_exists, "already_exists"},
    Name{Code::failed_precondition, "failed_precondition"},
    Name{Code::permission_denied, "permission_denied"},
    Name{Code::unauthenticated, "unauthenticated"},
    Name{Code::unavailable, "unavailable"},
    Name{Code::resource_exhausted, "resource_exhausted"},
    Name{Code::aborted, "aborted"},
    Name{Code::deadline_exceeded, "deadline_exceeded"},
    Name{Code::cancelled, "cancelled"},
    Name{Code::crashed, "crashed"},
    Name{Code::unimplemented, "unimplemented"},
    Name{Code::internal, "internal"},
};

}  // namespace

std::string_view to_string(Code code) {
  for (const Name& name : kNames)
    if (name.code == code) return name.text;
  return "internal";
}

Code parse_code(std::string_view text) {
  for (const Name& name : kNames)
    if (name.text == text) return name.code;
  return Code::internal;
}

bool is_transient(Code code) {
  return code == Code::unavailable || code == Code::resource_exhausted || code == Code::aborted;
}

bool is_outcome_unknown(Code code) {
  return code == Code::deadline_exceeded || code == Code::cancelled || code == Code::crashed;
}

Error with_context(std::string_view context, const Error& error) {
  return {error.code, std::string(context) + ": " + error.message};
}

}  // namespace tenon
