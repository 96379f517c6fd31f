/* A whole backend in C11, without a library: Things on a shelf that lasts as long as the process. It reads
 * JSON only as far as it must, by finding members of objects and keeping their text as it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "framework/plugin/plugin_abi.h"

static const char kManifest[] =
    "{\"manifestVersion\": 1, \"name\": \"shelf\", \"version\": \"1.0.0\", \"limits\": {\"batch\": 3},"
    " \"kinds\": [{\"group\": \"test.tenon.dev\", \"kind\": \"Thing\", \"plural\": \"things\","
    "  \"versions\": [\"v1\"], \"ready\": {\"phases\": [\"Ready\"]},"
    "  \"schema\": {\"type\": \"object\", \"properties\":"
    "   {\"size\": {\"type\": \"integer\", \"description\": \"how large it is\"}}}}]}";

/* ---- text ---- */

struct text {
  const char* data;
  size_t length;
};

static struct text text_of(const char* data) {
  const struct text text = {data, strlen(data)};
  return text;
}

static int equal(struct text a, struct text b) {
  return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

static struct text copy(struct text text) {
  char* data = malloc(text.length + 1);
  if (!data) abort();
  memcpy(data, text.data, text.length);
  data[text.length] = 0;
  const struct text made = {data, text.length};
  return made;
}

struct buffer {
  char* data;
  size_t length, room;
};

static void put(struct buffer* buffer, struct text text) {
  if (buffer->room - buffer->length < text.length) {
    buffer->room = (buffer->length + text.length) * 2;
    buffer->data = realloc(buffer->data, buffer->room);
    if (!buffer->data) abort();
  }
  memcpy(buffer->data + buffer->length, text.data, text.length);
  buffer->length += text.length;
}

static void puts_to(struct buffer* buffer, const char* text) { put(buffer, text_of(text)); }

/* ---- JSON: a value is the text from its first to its last byte; the host sends nothing malformed ---- */

static const char* after_string(const char* at) {
  for (++at; *at != '"'; ++at)
    if (*at == '\\') ++at;
  return at + 1;
}

static const char* after_value(const char* at, const char* end) {
  int depth = 0;
  do {
    if (*at == '"') {
      at = after_string(at);
      continue;
    }
    if (depth == 0 && (*at == ',' || *at == '}' || *at == ']')) break;
    depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
    ++at;
  } while (at < end && (depth > 0 || (*at != ',' && *at != '}' && *at != ']')));
  return at;
}

/* The member's value in the object; of no length: there is none. */
static struct text member(struct text object, const char* name) {
  const char* const end = object.data + object.length;
  const char* at = object.data + 1;
  while (at < end && *at == '"') {
    const char* const key_end = after_string(at);
    const struct text key = {at + 1, (size_t)(key_end - at) - 2};
    const char* const value_end = after_value(key_end + 1, end);
    const struct text value = {key_end + 1, (size_t)(value_end - key_end) - 1};
    if (equal(key, text_of(name))) return value;
    at = value_end + 1;
  }
  return text_of("");
}

/* ---- the shelf ---- */

struct thing {
  struct text address, inventory, nonce, generation, spec; /* JSON */
  struct thing* next;
};

static struct tenon_host host;
static struct thing* shelf;

static struct thing** find(struct text resource) {
  const struct text address = member(resource, "address");
  struct thing** at = &shelf;
  while (*at && !equal((*at)->address, address)) at = &(*at)->next;
  return at;
}

static int is_ours(const struct thing* thing, struct text resource) {
  return equal(thing->inventory, member(resource, "inventory")) &&
         equal(thing->nonce, member(resource, "nonce"));
}

static void reply(uint64_t call, struct buffer* answer) {
  host.reply(host.context, call, answer->data, answer->length);
  free(answer->data);
}

static void fail(uint64_t call, const char* code, const char* message, struct text owner) {
  struct buffer answer = {0};
  puts_to(&answer, "{\"error\":{\"code\":\"");
  puts_to(&answer, code);
  puts_to(&answer, "\",\"message\":\"");
  puts_to(&answer, message);
  if (owner.length > 2) {
    const struct text name = {owner.data + 1, owner.length - 2};
    put(&answer, name);
  }
  puts_to(&answer, "\"}}");
  reply(call, &answer);
}

static void done(uint64_t call, struct text identity) {
  struct buffer answer = {0};
  puts_to(&answer, "{\"result\":{\"state\":\"done\"");
  if (identity.length > 0) puts_to(&answer, ",\"identity\":"), put(&answer, identity);
  puts_to(&answer, "}}");
  reply(call, &answer);
}

static void observe_one(struct buffer* answer, struct text resource) {
  const struct thing* thing = *find(resource);
  if (!thing) {
    puts_to(answer, "{\"existence\":\"absent\"}");
    return;
  }
  puts_to(answer, "{\"existence\":\"present\",\"phase\":\"Ready\",\"identity\":");
  put(answer, thing->address);
  puts_to(answer, ",\"mark\":{\"inventory\":");
  put(answer, thing->inventory);
  puts_to(answer, ",\"address\":");
  put(answer, thing->address);
  puts_to(answer, ",\"nonce\":");
  put(answer, thing->nonce);
  puts_to(answer, ",\"generation\":");
  put(answer, thing->generation);
  puts_to(answer, "},\"actual\":");
  put(answer, thing->spec);
  puts_to(answer, "}");
}

static void observe(uint64_t call, struct text request) {
  const struct text list = member(request, "resources");
  if (list.length == 0) {
    fail(call, "invalid_argument", "observe without resources", text_of(""));
    return;
  }
  struct buffer answer = {0};
  puts_to(&answer, "{\"result\":{\"observations\":[");
  const char* const end = list.data + list.length;
  for (const char* at = list.data + 1; at < end && *at == '{'; ++at) {
    const char* const resource_end = after_value(at, end);
    const struct text resource = {at, (size_t)(resource_end - at)};
    if (at != list.data + 1) puts_to(&answer, ",");
    observe_one(&answer, resource);
    at = resource_end;
  }
  puts_to(&answer, "]}}");
  reply(call, &answer);
}

static void forget(struct thing** at) {
  struct thing* const thing = *at;
  *at = thing->next;
  const struct text kept[] = {thing->address, thing->inventory, thing->nonce, thing->generation, thing->spec};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; ++i) free((void*)kept[i].data);
  free(thing);
}

static void change(uint64_t call, struct text resource, int create) {
  struct thing** const at = find(resource);
  if (*at && !is_ours(*at, resource)) {
    fail(call, create ? "already_exists" : "failed_precondition", "it belongs to inventory ",
         (*at)->inventory);
    return;
  }
  if (!*at && !create) {
    fail(call, "not_found", "it is gone", text_of(""));
    return;
  }
  const struct thing made = {.address = copy(member(resource, "address")),
                             .inventory = copy(member(resource, "inventory")),
                             .nonce = copy(member(resource, "nonce")),
                             .generation = copy(member(resource, "generation")),
                             .spec = copy(member(resource, "desired"))};
  if (*at) forget(at);
  struct thing* const thing = malloc(sizeof *thing);
  if (!thing) abort();
  *thing = made;
  thing->next = shelf;
  shelf = thing;
  done(call, thing->address);
}

static void take_away(uint64_t call, struct text resource) {
  struct thing** const at = find(resource);
  if (*at && !is_ours(*at, resource)) {
    fail(call, "failed_precondition", "it belongs to inventory ", (*at)->inventory);
    return;
  }
  if (*at) forget(at);
  done(call, text_of(""));
}

static void invoke(void* self, uint64_t call, const char* method, const char* json, size_t length) {
  (void)self;
  const struct text request = {json, length};
  const int changes = !strcmp(method, "create") || !strcmp(method, "update") || !strcmp(method, "delete");
  if (changes && member(request, "address").length == 0)
    fail(call, "invalid_argument", "a resource without an address", text_of(""));
  else if (!strcmp(method, "open"))
    done(call, text_of(""));
  else if (!strcmp(method, "observe"))
    observe(call, request);
  else if (!strcmp(method, "delete"))
    take_away(call, request);
  else if (changes)
    change(call, request, !strcmp(method, "create"));
  else
    fail(call, "unimplemented", "no such method", text_of(""));
}

static const char* manifest(void* self, size_t* length) {
  (void)self;
  *length = sizeof kManifest - 1;
  return kManifest;
}

static void destroy(void* self) {
  (void)self;
  while (shelf) forget(&shelf);
}

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
