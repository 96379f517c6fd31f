/* The C boundary between Tenon and a plugin, version 1. Compiles as C11, C++17 and C++20.
 *
 * A plugin is a shared object that exports exactly one symbol, tenon_plugin_v1. Everything else crosses as
 * JSON bytes (UTF-8, not null-terminated); docs/plugin-abi.md gives every shape.
 *
 * Both structs are append-only and begin with their size in bytes as the writer knows it: a reader never
 * looks at a member beyond `size`. New features are new capability strings in the manifest, never changed
 * members.
 *
 * Memory: bytes belong to whoever made them and are valid only during the call that passes them, but for the
 * manifest, which stays valid until destroy.
 */
#ifndef TENON_PLUGIN_ABI_H_
#define TENON_PLUGIN_ABI_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tenon_log_level { TENON_LOG_DEBUG = 0, TENON_LOG_INFO = 1, TENON_LOG_WARNING = 2, TENON_LOG_ERROR = 3 };

/* What the host offers. Every function may be called from any thread, during an invoke or after it, until
 * destroy. */
struct tenon_host {
  uint32_t size;
  void* context; /* first argument of every function */

  /* The one answer to a call id: {"result": ...} or {"error": {"code", "message"}}. Later ones for the same
   * id are dropped and logged. */
  void (*reply)(void* context, uint64_t call, const char* json, size_t length);
  /* One JSON object: {"message": constant lower-case text, ...data}. Never secrets. */
  void (*log)(void* context, int level, const char* json, size_t length);
  /* 1 once the caller no longer wants the answer; the plugin should then reply cancelled soon. */
  int (*cancelled)(void* context, uint64_t call);
  /* Milliseconds to the call's deadline; negative when it has passed; INT64_MAX without one. */
  int64_t (*remaining_ms)(void* context, uint64_t call);

  /* The members from here on are missing in a host whose size ends before them. */

  /* The value of a secret of a resource that the call is about. `ask`: {"handle": TEXT} as it stands in the
   * request, or {"address", "secretRef": NAME}. Before it returns, `take` is called once with {"result":
   * {"value"} or {"data"}} or {"error": {"code", "message"}}; its bytes are gone afterwards. Blocks. */
  void (*secret)(void* context, uint64_t call, const char* ask, size_t length,
                 void (*take)(void* taker, const char* json, size_t length), void* taker);
  /* Something has happened to a resource: {"address"}. A hint to look at it sooner than otherwise; which
   * resources anybody waits for is said by the method watch. */
  void (*notify)(void* context, const char* json, size_t length);
};

/* What the plugin offers. The host sets size to what it has room for; the plugin lowers it to what it filled
 * in. */
struct tenon_plugin {
  uint32_t size;
  void* self; /* first argument of every function */

  /* The manifest as JSON; never fails, needs no configuration and does no I/O. */
  const char* (*manifest)(void* self, size_t* length);
  /* Starts one call; `method` is null-terminated. Called from up to limits.parallel threads at once
   * (manifest; default 1). The answer comes by reply, before or after invoke returns. Must not throw. */
  void (*invoke)(void* self, uint64_t call, const char* method, const char* json, size_t length);
  /* Last call: no invoke is running, and no host function may be called afterwards. */
  void (*destroy)(void* self);
};

/* The exported symbol's type. 0: `plugin` is filled in. Otherwise the plugin cannot work with this host. */
typedef int (*tenon_plugin_entry)(const struct tenon_host* host, struct tenon_plugin* plugin);

#define TENON_PLUGIN_ENTRY_NAME "tenon_plugin_v1"

#ifdef __cplusplus
}
#endif

#endif /* TENON_PLUGIN_ABI_H_ */
