#include "framework/model/capabilities.h"

namespace tenon {

bool is_able(const Catalog& catalog, std::string_view instance, std::string_view capability) {
  const Instance* known = catalog.find_instance(instance);
  return known && known->manifest->capabilities.contains(std::string(capability));
}

}  // namespace tenon
