// What can be asked of the plugin of an instance, by the words of its manifest's capabilities. Thread-safe.
#pragma once

#include <string_view>

#include "framework/model/catalog.h"

namespace tenon {

// False too where there is no such instance.
bool is_able(const Catalog& catalog, std::string_view instance, std::string_view capability);

}  // namespace tenon
