// Where tests find the host program and the plugins of testdata/, and requests for them.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "framework/backend/backend.h"
#include "framework/base/temporary_directory.h"

namespace tenon {

inline std::string host_program() { return std::filesystem::absolute("framework/plugin/tenon-plugin-host"); }
inline std::string test_plugin(const std::string& name) {
  return std::filesystem::absolute("framework/plugin/testdata/" + name + ".so");
}

// A request that makes the plugin testdata/misbehaving.cc behave like that.
inline Request behaving(const std::string& how) {
  return {.address = {"test.tenon.dev", "Thing", "default", how}, .desired = {{"behave", how}}};
}

inline CallContext within(std::chrono::milliseconds time) {
  return {.deadline = std::chrono::steady_clock::now() + time};
}

class PluginTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_ / name; }
  // A plugin of testdata/ that the test may change.
  std::string copy_of(const std::string& name) const {
    const std::string copy = path(name + ".so");
    std::filesystem::copy_file(std::filesystem::canonical(test_plugin(name)), copy);
    chmod(copy.c_str(), 0755);
    return copy;
  }

  TemporaryDirectory temporary_;
  const std::filesystem::path directory_ = temporary_;
};

}  // namespace tenon
