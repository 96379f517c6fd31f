// Whole commands in this process and in a directory of their own, on plugins that the test supplies.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "framework/cli/cli.h"

namespace tenon {

struct Done {
  int status = 0;
  std::string out, err;  // durations are shown as T
};

// Tells when it is flushed.
class FlushedText final : public std::stringbuf {
 public:
  explicit FlushedText(const std::function<void()>& flushed) : flushed_(flushed) {}

 private:
  int sync() override {
    flushed_();
    return 0;
  }

  const std::function<void()>& flushed_;
};

class CommandLine : public testing::Test {
 protected:
  // The plugin "world" is one instance of that name.
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/cliXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    std::filesystem::current_path(directory_);
    write("tenon.yaml", "instances:\n- name: world\n  plugin: world\n");
  }

  // Whatever SetUp came to: only the directory that it made is removed.
  void TearDown() override {
    std::filesystem::current_path(before_);
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  virtual std::unique_ptr<PluginSource> plugins(const PluginOptions& options) = 0;

  void write(const std::string& name, const std::string& text) { std::ofstream(name) << text; }

  Done run(const std::vector<std::string>& arguments, const std::string& typed = "", bool terminal = false) {
    std::istringstream in(typed);
    std::ostringstream out;
    said_ = [&out] { return out.str(); };
    FlushedText text(flushed_);
    std::ostream err(&text);
    Environment env{.variables = variables_,
                    .in = in,
                    .out = out,
                    .err = err,
                    .in_terminal = terminal,
                    .clock = clock_,
                    .stop = stop_,
                    .plugins = [this](const PluginOptions& options) { return plugins(options); }};
    const int status = run_cli(arguments, env);
    static const std::regex duration("[0-9.]+ s\\b");
    return {status, std::regex_replace(out.str(), duration, "T"), text.str()};
  }

  const std::filesystem::path before_ = std::filesystem::current_path();
  std::filesystem::path directory_;
  std::map<std::string, std::string> variables_ = {{"TENON_PREFIX", "/nowhere"}, {"NO_COLOR", "1"}};
  SystemClock clock_;
  StopFlag stop_ = 0;
  std::function<std::string()> said_;      // on standard output, by the command that runs
  std::function<void()> flushed_ = [] {};  // called when something was said that somebody waits for
};

}  // namespace tenon
