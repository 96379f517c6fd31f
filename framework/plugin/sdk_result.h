// From the Result<T> of framework/base to the Failure that the SDK answers with. For plugins that use both.
#pragma once

#include <string>
#include <utility>

#include "framework/base/result.h"
#include "framework/plugin/plugin_sdk.h"

namespace tenon::sdk {

// The value; otherwise throws the error as a Failure.
template <typename T>
T value_or_throw(Result<T> result) {
  if (!result) throw Failure(std::string(to_string(result.error().code)), result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

}  // namespace tenon::sdk
