// A plugin for tests that does what the request's desired.behave says: every way in which a plugin can be
// wrong.
//
// With configuration.world, a directory, it is a backend whose objects are files there. It then does that
// once for each object, when making it: before it has its effect where desired.when is "before", else after.
// With desired.say an answer of its own is given to that question, whatever it is: {"observe": OBSERVATION,
// "expand": CHILD}.
// A question whose name is a field of the spec with the value "abort" crashes it, and with "hang" is never
// answered, until the file mended is there: {"expand": "abort"}.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "framework/plugin/plugin_abi.h"

namespace {

using Json = nlohmann::json;

constexpr char kManifest[] = R"({
  "manifestVersion": 1, "name": "misbehaving", "version": "1", "limits": {"parallel": 8, "batch": 2},
  "capabilities": ["expand", "check", "convert"],
  "kinds": [{"group": "test.tenon.dev", "kind": "Thing", "plural": "things", "versions": ["v1", "v1beta1"],
             "schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}]
})";

struct Plugin {
  tenon_host host;
  std::mutex mutex;
  std::vector<std::thread> threads;
  std::atomic<int> inside{0};
  std::string world;  // "": none

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

// All that `allocate` gives, filled, up to 1 GiB.
void grow(void* (*allocate)(size_t)) {
  constexpr size_t kPiece = size_t{1} << 20;
  for (int i = 0; i < 1024; ++i) {
    // In C, whoever does not look at what malloc returns writes to null.
    auto* piece = static_cast<volatile char*>(allocate(kPiece));
    for (size_t at = 0; at < kPiece; at += 4096) piece[at] = 1;
  }
}

bool leak_descriptor() {
  const rlimit few{64, 64};
  setrlimit(RLIMIT_NOFILE, &few);
  return open("/dev/null", O_RDONLY) >= 0;
}

void leak_descriptors() {
  while (leak_descriptor()) {
  }
}

std::string fork_one(bool own_session) {
  const pid_t child = fork();
  if (child == 0) {
    if (own_session) setsid();
    for (;;) pause();
  }
  if (own_session)
    while (getsid(child) != child) std::this_thread::yield();
  return std::to_string(child);
}

// Bytes that are no frame, to whatever is connected.
void scribble() {
  for (int descriptor = 3; descriptor < 64; ++descriptor)
    send(descriptor, "\xff\xff\xff\xff", 4, MSG_NOSIGNAL);
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
  if (how == "grow") grow([](size_t size) { return ::operator new(size); });
  if (how == "grow-in-c") grow(std::malloc);
  if (how == "leak") leak_descriptors();
  if (how == "leak-one") leak_descriptor();
  if (how == "fork") return plugin.done(call, fork_one(false));
  if (how == "worker") return plugin.done(call, fork_one(true));
  if (how == "print") std::cout << "no business of yours" << std::endl;
  if (how == "scribble") {
    scribble();
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
  if (how == "late" || how == "too-late") {
    const std::lock_guard lock(plugin.mutex);
    plugin.threads.emplace_back([&plugin, call, how] {
      if (how == "too-late") until_cancelled(plugin, call);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      plugin.done(call, "late");
    });
    return;
  }
  if (how == "meet") meet(plugin, request["desired"].value("together", 1));
  plugin.done(call, how == "pid" || how == "leak-one" ? std::to_string(getpid()) : how);
}

std::filesystem::path file_of(const Plugin& plugin, const Json& resource) {
  const std::string address = resource.at("address");
  return plugin.world + address.substr(address.rfind('/'));
}

void maybe_end(const Plugin& plugin, const std::string& question, const Json& spec) {
  const std::string how = spec.is_object() ? spec.value(question, "") : "";
  if (how.empty() || std::filesystem::exists(plugin.world + "/mended")) return;
  if (how == "abort") std::abort();
  if (how == "hang")
    for (;;) pause();
}

// What expand, check and convert answer.
std::optional<Json> answer_pure(const Plugin& plugin, const std::string& question, const Json& request) {
  static const std::map<std::string, std::array<const char*, 3>> kQuestions = {
      {"expand", {"resources", "expansions", "desired"}},
      {"check", {"changes", "checks", "desired"}},
      {"convert", {"resources", "specs", "spec"}}};
  const auto known = kQuestions.find(question);
  if (known == kQuestions.end()) return std::nullopt;
  const auto& [list, key, spec] = known->second;
  Json answers = Json::array();
  for (const Json& item : request.at(list)) {
    maybe_end(plugin, question, item.value(spec, Json()));
    answers.push_back(question == "convert" ? Json{{"spec", item.at("spec")}} : Json::object());
    if (question == "expand") answers.back()["children"] = Json::array();
    const Json said = item.value("/desired/say/expand"_json_pointer, Json());
    if (question == "expand" && !said.is_null()) answers.back()["children"].push_back(said);
  }
  return Json{{"result", {{key, answers}}}};
}

Json observe_file(const Plugin& plugin, const Json& resource) {
  std::ifstream file(file_of(plugin, resource));
  if (!file && errno != ENOENT)
    return {{"existence", "unknown"},
            {"error", {{"code", "unavailable"}, {"message", std::strerror(errno)}}}};
  if (!file) return {{"existence", "absent"}};
  const Json object = Json::parse(file);
  return {{"existence", "present"}, {"mark", object["mark"]}, {"actual", object["spec"]}, {"phase", "Ready"}};
}

void make_file(const Plugin& plugin, const Json& resource) {
  const std::filesystem::path path = file_of(plugin, resource);
  Json mark;
  for (const char* part : {"inventory", "address", "nonce", "generation"}) mark[part] = resource.at(part);
  std::ofstream(path.string() + ".new") << Json{{"mark", mark}, {"spec", resource.at("desired")}};
  std::filesystem::rename(path.string() + ".new", path);
}

// The first time here: no object was made by this plugin yet that misbehaved.
bool first_time(const Plugin& plugin, const Json& resource) {
  const std::filesystem::path did = file_of(plugin, resource).string() + ".did";
  if (std::filesystem::exists(did)) return false;
  std::ofstream(did).flush();
  return true;
}

void change_file(Plugin& plugin, uint64_t call, const std::string& method, const Json& resource) {
  if (method == "delete") {
    std::filesystem::remove(file_of(plugin, resource));
    return plugin.done(call, "");
  }
  const std::string how = resource["desired"].value("behave", "");
  const bool before = resource["desired"].value("when", "") == "before";
  const bool wrong = !how.empty() && first_time(plugin, resource);
  if (wrong && before) return behave(plugin, call, how, resource);
  make_file(plugin, resource);
  if (wrong) return behave(plugin, call, how, resource);
  plugin.done(call, "");
}

void invoke(void* self, uint64_t call, const char* method, const char* json, size_t length) {
  auto& plugin = *static_cast<Plugin*>(self);
  const Json request = Json::parse(json, json + length);
  const auto open_as = request.value("/configuration/open"_json_pointer, "");
  if (std::strcmp(method, "open") == 0 && open_as == "fail")
    return plugin.reply(call, R"({"error": {"code": "unauthenticated", "message": "no password"}})");
  if (std::strcmp(method, "open") == 0 && open_as == "abort") std::abort();
  if (std::strcmp(method, "open") == 0 && open_as == "hang")
    for (;;) pause();
  if (std::strcmp(method, "open") == 0) {
    plugin.world = request.value("/configuration/world"_json_pointer, "");
    return plugin.reply(call, R"({"result": {}})");
  }
  if (std::strcmp(method, "observe") == 0) {
    Json observations = Json::array();
    for (const Json& resource : request["resources"]) {
      const std::string how = resource.value("/desired/behave"_json_pointer, "");
      if (how == "abort" && plugin.world.empty()) std::abort();
      if (how == "missing") continue;
      maybe_end(plugin, "observe", resource.value("desired", Json()));
      if (!plugin.world.empty()) {
        observations.push_back(observe_file(plugin, resource));
        continue;
      }
      const Json usual = how == "malformed" ? Json("?") : Json{{"existence", "absent"}};
      observations.push_back(resource.value("/desired/say/observe"_json_pointer, usual));
    }
    return plugin.reply(call, Json{{"result", {{"observations", observations}}}}.dump());
  }
  if (const auto answer = answer_pure(plugin, method, request)) return plugin.reply(call, answer->dump());
  if (!plugin.world.empty()) return change_file(plugin, call, method, request);
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
  std::cout << "the plugin is loaded" << std::endl;  // where it must not do harm
  *plugin = {sizeof(tenon_plugin), new Plugin{.host = *host}, manifest, invoke, destroy};
  return 0;
}
