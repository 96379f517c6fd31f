#include "framework/plugin/formats.h"

namespace tenon {

Status refuse_newer(const std::string& path, const Json& json, int known) {
  const auto version = json.is_object() ? json.find("version") : json.end();
  if (!json.is_object() || version == json.end() || !version->is_number_integer() || *version <= known)
    return {};
  return Error{Code::failed_precondition, path + " is of version " + version->dump() +
                                              ", written by a newer tenon; this one reads " +
                                              std::to_string(known) + ": use a newer tenon"};
}

}  // namespace tenon
