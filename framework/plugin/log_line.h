// What plugins log, as one JSON object per line on stderr: in a host that is the instance's log.
#pragma once

#include <string_view>

namespace tenon {

// level as in plugin_abi.h. Thread-safe; lines do not mix.
void write_log_line(int level, std::string_view json);

}  // namespace tenon
