/* Exports the entry point, and refuses every host. */
#include "framework/plugin/plugin_abi.h"

__attribute__((visibility("default"))) int tenon_plugin_v1(const struct tenon_host* host,
                                                           struct tenon_plugin* plugin) {
  (void)host, (void)plugin;
  return 1;
}
