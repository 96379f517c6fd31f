// A plugin for tests that does what the request's desired.behave says: every way in which a plugin can be
// wrong.
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "framework/plugin/plugin_abi.h"

namespace {

using Json = nlohmann::json;

constexpr char kManifest[] = R"({
  "manifestVersion": 1, "name": "misbehaving", "version": "1", "limits": {"parallel": 8, "batch": 2},
  "kinds": [{"group": "test.tenon.dev", "kind": "Thing", "plural": "things", "versions": ["v1"],
             "schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}]
})";

struct Plugin {
  tenon_host host;
  std::mutex mutex;
  std::vector<std::thread> threads;
  std::atomic<int> inside{0};

  void reply(uint64_t call, const std::string& text) {
    host.reply(host.context, call, text.data(), text.size());
  }
  void done(uint64_t call, const std::string& identity) {
    reply(call, Json{{"result", {{"state", "done"}, {"identity", identity}}}}.dump());
  }
};

void until_cancelled(Plugin& plugin, uint64_t call) {
  ++plugin.inside;
  while (!plugin.host.cancelled(plugin.host.context, call))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// Returns once as many calls, those that wait for their end too, are inside as `together` says: only calls
// that do not wait for each other get out.
void meet(Plugin& plugin, int together) {
  ++plugin.inside;
  while (plugin.inside < together) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void behave(Plugin& plugin, uint64_t call, const std::string& how, const Json& request) {
  if (how == "abort") std::abort();
  if (how == "exit") _exit(3);
  if (how == "hang")
    for (;;) pause();
  if (how == "hang-up") {
    for (int descriptor = 3; descriptor < 64; ++descriptor) shutdown(descriptor, SHUT_WR);
    std::fputs("hung up\n", stderr);
    for (;;) pause();
  }
  if (how == "throw") throw std::runtime_error("thrown");
  if (how == "throw-int") throw 42;
  if (how == "garbage") return plugin.reply(call, "no JSON {");
  if (how == "neither") return plugin.reply(call, "{}");
  if (how == "deep")
    return plugin.reply(call, "{\"result\":" + std::string(100000, '[') + std::string(100000, ']') + "}");
  if (how == "silent") return;
  if (how == "twice") plugin.done(call, "first");
  if (how == "other") plugin.done(call + 1000, "nobody's");
  if (how == "cancelled") {
    until_cancelled(plugin, call);
    return plugin.reply(call, R"({"error": {"code": "cancelled", "message": "as asked"}})");
  }
  if (how == "late") {
    const std::lock_guard lock(plugin.mutex);
    plugin.threads.emplace_back([&plugin, call] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      plugin.done(call, "late");
    });
    return;
  }
  if (how == "meet") meet(plugin, request["desired"].value("together", 1));
  plugin.done(call, how == "pid" ? std::to_string(getpid()) : how);
}

void invoke(void* self, uint64_t call, const char* method, const char* json, size_t length) {
  auto& plugin = *static_cast<Plugin*>(self);
  const Json request = Json::parse(json, json + length);
  const auto open_as = request.value("/configuration/open"_json_pointer, "");
  if (std::strcmp(method, "open") == 0 && open_as == "fail")
    return plugin.reply(call, R"({"error": {"code": "unauthenticated", "message": "no password"}})");
  if (std::strcmp(method, "open") == 0 && open_as == "abort") std::abort();
  if (std::strcmp(method, "observe") == 0) {
    Json observations = Json::array();
    for (const Json& resource : request["resources"]) {
      const std::string how = resource.value("/desired/behave"_json_pointer, "");
      if (how == "abort") std::abort();
      if (how == "missing") continue;
      observations.push_back(how == "malformed" ? Json("?") : Json{{"existence", "absent"}});
    }
    return plugin.reply(call, Json{{"result", {{"observations", observations}}}}.dump());
  }
  behave(plugin, call, request.value("/desired/behave"_json_pointer, ""), request);
}

const char* manifest(void*, size_t* length) {
  *length = sizeof kManifest - 1;
  return kManifest;
}

void destroy(void* self) {
  auto* plugin = static_cast<Plugin*>(self);
  for (std::thread& thread : plugin->threads) thread.join();
  delete plugin;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int tenon_plugin_v1(const tenon_host* host,
                                                                      tenon_plugin* plugin) {
  *plugin = {sizeof(tenon_plugin), new Plugin{*host, {}, {}, {}}, manifest, invoke, destroy};
  return 0;
}
