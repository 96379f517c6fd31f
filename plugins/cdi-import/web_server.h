// A web server with faults (e2e/lab/http/serve --help) for tests.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "framework/base/files.h"
#include "framework/base/process.h"

namespace tenon::cdi {

// Serves a directory until it goes out of scope.
class WebServer {
 public:
  // options: further ones of the program, which the environment's HTTP_SERVE names. The directory's parent
  // gets a file, url.
  explicit WebServer(const std::string& root, const std::vector<std::string>& options = {}) {
    const std::string said = root + "/../url";
    std::vector<std::string> command = {std::filesystem::absolute(std::getenv("HTTP_SERVE")), "--root", root,
                                        "--owner", std::to_string(getpid())};
    command.insert(command.end(), options.begin(), options.end());
    const auto started = spawn({.argv = command, .log = said});
    EXPECT_TRUE(started) << started.error().message;
    pid_ = started.value_or(-1);
    std::string text;
    while (text.find('\n') == std::string::npos && pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      text = read_file(said).value_or("");
    }
    url_ = text.substr(0, text.find('\n')).substr(4);
  }
  ~WebServer() {
    kill(pid_, SIGKILL);
    wait_for(pid_);
  }
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;
  const std::string& url() const { return url_; }

 private:
  pid_t pid_ = -1;
  std::string url_;
};

}  // namespace tenon::cdi
