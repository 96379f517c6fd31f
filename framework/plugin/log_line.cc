#include "framework/plugin/log_line.h"

#include <unistd.h>

#include <string>

#include "framework/base/json.h"

namespace tenon {

void write_log_line(int level, std::string_view json) {
  static constexpr const char* kLevels[] = {"debug", "info", "warning", "error"};
  Json line = Json::parse(json, nullptr, false);
  if (!line.is_object()) line = {{"message", "the plugin logged something that is no JSON object"}};
  line["level"] = kLevels[level < 0 || level > 3 ? 3 : level];
  const std::string bytes = line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  // One write, so that lines do not mix.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, bytes.data(), bytes.size());
}

}  // namespace tenon
