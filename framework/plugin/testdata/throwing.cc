// Throws where no answer can say so.
#include <stdexcept>

#include "framework/plugin/plugin_abi.h"

extern "C" __attribute__((visibility("default"))) int tenon_plugin_v1(const tenon_host*, tenon_plugin*) {
  throw std::runtime_error("thrown");
}
