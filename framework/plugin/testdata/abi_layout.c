/* Prints where every member of the ABI's structs is, and how large: C11, and C++17 and C++20 as well. A wrong
 * type of a function does not compile. */
#include <stddef.h>
#include <stdio.h>

#include "framework/plugin/plugin_abi.h"

#define STRUCT(name) printf("struct %s: %zu bytes\n", #name, sizeof(struct name))
#define MEMBER(name, member)                                                     \
  printf("  %s: %zu bytes at %zu\n", #member, sizeof(((struct name*)0)->member), \
         offsetof(struct name, member))

int main(void) {
  static struct tenon_host host;
  static struct tenon_plugin plugin;
  void (*reply)(void*, uint64_t, const char*, size_t) = host.reply;
  void (*log)(void*, int, const char*, size_t) = host.log;
  int (*cancelled)(void*, uint64_t) = host.cancelled;
  int64_t (*remaining_ms)(void*, uint64_t) = host.remaining_ms;
  void (*secret)(void*, uint64_t, const char*, size_t, void (*)(void*, const char*, size_t), void*) =
      host.secret;
  void (*notify)(void*, const char*, size_t) = host.notify;
  const char* (*manifest)(void*, size_t*) = plugin.manifest;
  void (*invoke)(void*, uint64_t, const char*, const char*, size_t) = plugin.invoke;
  void (*destroy)(void*) = plugin.destroy;
  int (*entry)(const struct tenon_host*, struct tenon_plugin*) = (tenon_plugin_entry)0;
  (void)reply, (void)log, (void)cancelled, (void)remaining_ms, (void)secret, (void)notify;
  (void)manifest, (void)invoke, (void)destroy, (void)entry;

  STRUCT(tenon_host);
  MEMBER(tenon_host, size);
  MEMBER(tenon_host, context);
  MEMBER(tenon_host, reply);
  MEMBER(tenon_host, log);
  MEMBER(tenon_host, cancelled);
  MEMBER(tenon_host, remaining_ms);
  MEMBER(tenon_host, secret);
  MEMBER(tenon_host, notify);
  STRUCT(tenon_plugin);
  MEMBER(tenon_plugin, size);
  MEMBER(tenon_plugin, self);
  MEMBER(tenon_plugin, manifest);
  MEMBER(tenon_plugin, invoke);
  MEMBER(tenon_plugin, destroy);
  printf("levels: debug %d, info %d, warning %d, error %d\n", TENON_LOG_DEBUG, TENON_LOG_INFO,
         TENON_LOG_WARNING, TENON_LOG_ERROR);
  printf("entry: %s\n", TENON_PLUGIN_ENTRY_NAME);
  return 0;
}
