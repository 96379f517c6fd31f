/* The smallest plugin, in C11: answers every call with an empty object. */
#include <string.h>

#include "framework/plugin/plugin_abi.h"

static struct tenon_host host;
static const char kManifest[] = "{\"manifestVersion\": 1, \"name\": \"plain\", \"version\": \"1\"}";
static const char kAnswer[] = "{\"result\": {}}";

static const char* manifest(void* self, size_t* length) {
  (void)self;
  *length = strlen(kManifest);
  return kManifest;
}

static void invoke(void* self, uint64_t call, const char* method, const char* json, size_t length) {
  (void)self, (void)method, (void)json, (void)length;
  host.reply(host.context, call, kAnswer, strlen(kAnswer));
}

static void destroy(void* self) { (void)self; }

__attribute__((visibility("default"))) int tenon_plugin_v1(const struct tenon_host* offered,
                                                           struct tenon_plugin* plugin) {
  if (offered->size < sizeof host || plugin->size < sizeof *plugin) return 1;
  host = *offered;
  plugin->size = sizeof *plugin;
  plugin->self = 0;
  plugin->manifest = manifest;
  plugin->invoke = invoke;
  plugin->destroy = destroy;
  return 0;
}
