/* Never comes back from its entry. */
#include <unistd.h>

#include "framework/plugin/plugin_abi.h"

__attribute__((visibility("default"))) int tenon_plugin_v1(const struct tenon_host* host,
                                                           struct tenon_plugin* plugin) {
  (void)host, (void)plugin;
  while (pause() != 0) {
  }
  return 0;
}
