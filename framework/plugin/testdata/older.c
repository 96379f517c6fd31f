/* Knows a version of struct tenon_plugin that ended before its last function. */
#include "framework/plugin/plugin_abi.h"

__attribute__((visibility("default"))) int tenon_plugin_v1(const struct tenon_host* host,
                                                           struct tenon_plugin* plugin) {
  (void)host;
  plugin->size = offsetof(struct tenon_plugin, destroy);
  return 0;
}
