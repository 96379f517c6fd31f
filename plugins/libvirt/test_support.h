// What the tests of this plugin share: a call without a host, files, the example's request.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "framework/base/json.h"
#include "framework/plugin/plugin_sdk.h"

namespace tenon::libvirt {

inline std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_text(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

// A call without a deadline that nobody cancels.
inline sdk::Call quiet_call() {
  static const tenon_host host = {sizeof(tenon_host),
                                  nullptr,
                                  [](void*, uint64_t, const char*, size_t) {},
                                  [](void*, int, const char*, size_t) {},
                                  [](void*, uint64_t) { return 0; },
                                  [](void*, uint64_t) { return int64_t{INT64_MAX}; }};
  return {&host, 1};
}

// A mutating call for the VirtualMachine of "Example VM using DV" whose DataVolume has this disk.
inline sdk::Resource example_request(const std::string& disk, const std::string& format = "raw") {
  sdk::Resource r;
  r.address = "kubevirt.io/VirtualMachine/default/example-vm";
  r.group = "kubevirt.io";
  r.kind = "VirtualMachine";
  r.name_space = "default";
  r.name = "example-vm";
  r.desired = Json::parse(read_text("plugins/libvirt/testdata/example.json"));
  r.nonce = "nonce-1";
  r.generation = "generation-1";
  r.inventory = "11111111-2222-3333-4444-555555555555";
  r.dependencies["cdi.kubevirt.io/DataVolume/default/example-dv"] = {
      {"phase", "Succeeded"},
      {"outputs",
       {{"disk", {{"version", "tenon.dev/disk/v1"}, {"type", "file"}, {"path", disk}, {"format", format}}}}}};
  return r;
}

}  // namespace tenon::libvirt
