#include "framework/model/pointer.h"

namespace tenon {

Result<Json::json_pointer> parse_pointer(const std::string& text) {
  try {
    return Json::json_pointer(text);
  } catch (const Json::exception&) {
    return Error{Code::invalid_argument, "'" + text + "' is not a JSON pointer such as /disk/path"};
  }
}

const Json* find_value(const Json& json, const std::string& pointer) {
  try {
    const Json::json_pointer at(pointer);
    return json.contains(at) ? &json.at(at) : nullptr;
  } catch (const Json::exception&) {
    return nullptr;
  }
}

}  // namespace tenon
