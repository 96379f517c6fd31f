/* Never comes back from saying what it is. */
#include <unistd.h>

#include "framework/plugin/plugin_abi.h"

static const char* manifest(void* self, size_t* length) {
  (void)self, (void)length;
  while (pause() != 0) {
  }
  return 0;
}

static void invoke(void* self, uint64_t call, const char* method, const char* json, size_t length) {
  (void)self, (void)call, (void)method, (void)json, (void)length;
}

static void destroy(void* self) { (void)self; }

__attribute__((visibility("default"))) int tenon_plugin_v1(const struct tenon_host* host,
                                                           struct tenon_plugin* plugin) {
  (void)host;
  plugin->size = sizeof *plugin;
  plugin->self = 0;
  plugin->manifest = manifest;
  plugin->invoke = invoke;
  plugin->destroy = destroy;
  return 0;
}
