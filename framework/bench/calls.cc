#include "framework/bench/calls.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "framework/base/files.h"
#include "framework/bench/measure.h"
#include "framework/plugin/open.h"
#include "framework/plugin/sockets.h"

namespace tenon::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kWarmUp = 200;
constexpr int kCalls = 5000;
constexpr int kBytes = 128;
constexpr int kStarts = 20;

struct Plugin {
  std::string file;
  std::string host;
  std::shared_ptr<const Manifest> manifest;

  std::unique_ptr<Backend> hosted(const Json& configuration) const {
    return open_hosted({.program = host, .plugin = file, .instance = "bench"}, configuration, manifest);
  }
  std::unique_ptr<Backend> in_process() const {
    return open_in_process(file, "bench", Json::object(), manifest);
  }
};

Request request_for(const Resource& resource) {
  return {.address = resource.address,
          .desired = resource.spec,
          .generation = generation_of(resource.spec),
          .nonce = resource.address.name,
          .inventory = "bench"};
}

[[noreturn]] void echo(int fd) {
  char block[4096];
  for (;;) {
    const ssize_t count = read(fd, block, sizeof block);
    if (count <= 0 || write(fd, block, static_cast<size_t>(count)) != count) _exit(0);
  }
}

// As many bytes as a small call has, to another process and back, and nothing else: what the kernel alone
// takes.
Status measure_floor() {
  auto ends = socket_pair();
  if (!ends) return ends.error();
  auto& [ours, theirs] = *ends;
  const double cpu = cpu_seconds();
  const pid_t child = fork();
  if (child < 0) return errno_error("forking", "a process", errno);
  if (child == 0) ours.reset(), echo(theirs.get());
  theirs.reset();
  char block[kBytes] = {};
  std::vector<double> taken;
  for (int i = 0; i < kCalls; ++i) {
    const auto begin = Steady::now();
    if (write(ours.get(), block, sizeof block) != kBytes || read(ours.get(), block, sizeof block) != kBytes)
      return errno_error("writing to", "a process", errno);
    taken.push_back(since(begin));
  }
  shutdown(ours.get(), SHUT_RDWR);
  waitpid(child, nullptr, 0);
  print_row("socket", 1, median(std::move(taken)), (cpu_seconds() - cpu) / kCalls);
  return {};
}

// One look at one object that is not there, again and again: what a call costs by itself.
Status measure_calls(const std::string& name, std::unique_ptr<Backend> backend, const Resource& resource) {
  const Request request{.address = resource.address};
  std::vector<double> taken;
  double cpu = 0;
  for (int i = -kWarmUp; i < kCalls; ++i) {
    if (i == 0) cpu = cpu_seconds();
    const auto begin = Steady::now();
    const auto seen = backend->observe({request}, {});
    if (!seen) return seen.error();
    if (i >= 0) taken.push_back(since(begin));
  }
  const double used = cpu_seconds() - cpu;
  print_row(name, 1, median(std::move(taken)), used / kCalls);
  return {};
}

// From nothing to the first answer.
Status measure_starts(const Plugin& plugin, const Request& request) {
  std::vector<double> taken;
  const double cpu = cpu_seconds();
  for (int i = 0; i < kStarts; ++i) {
    const auto begin = Steady::now();
    const auto backend = plugin.hosted(Json::object());
    if (const auto seen = backend->observe({request}, {}); !seen) return seen.error();
    taken.push_back(since(begin));
  }
  print_row("start host", 1, median(std::move(taken)), (cpu_seconds() - cpu) / kStarts);
  return {};
}

Status measure_flight(const Plugin& plugin, const std::vector<Resource>& resources, const Json& slow) {
  const auto backend = plugin.hosted(slow);
  if (const auto seen = backend->observe({request_for(resources.front())}, {}); !seen) return seen.error();
  std::vector<Status> outcomes(resources.size());
  const double cpu = cpu_seconds();
  const auto begin = Steady::now();
  std::vector<std::jthread> callers;
  for (size_t i = 0; i < resources.size(); ++i)
    callers.emplace_back([&, i] {
      if (const auto made = backend->create(request_for(resources[i]), {}); !made) outcomes[i] = made.error();
    });
  callers.clear();
  print_row("calls in flight", static_cast<int>(resources.size()), since(begin), cpu_seconds() - cpu);
  for (const Status& outcome : outcomes)
    if (!outcome) return outcome;
  return {};
}

}  // namespace

Status calls(const std::string& file, const std::string& host, const std::string& graph, const Json& slow) {
  if (Status s = measure_floor(); !s) return s;
  const auto manifest = manifest_in_process(file);
  if (!manifest) return manifest.error();
  const auto resources = load_graph(graph);
  if (!resources) return resources.error();
  const Plugin plugin{file, host, *manifest};
  if (Status s = measure_calls("call in-process", plugin.in_process(), resources->front()); !s) return s;
  if (Status s = measure_calls("call host", plugin.hosted(Json::object()), resources->front()); !s) return s;
  if (Status s = measure_starts(plugin, request_for(resources->front())); !s) return s;
  return measure_flight(plugin, *resources, slow);
}

}  // namespace tenon::bench
