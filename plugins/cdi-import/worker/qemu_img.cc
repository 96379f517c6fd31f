#include "plugins/cdi-import/worker/qemu_img.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>

namespace tenon::cdi {
namespace {

// qemu-img needs a tenth of it for any honest image.
constexpr uint64_t kMemory = uint64_t{2} << 30;

MaybeFailure unsafe(const std::string& what) {
  return Failure{"UnsafeImage",
                 "the image " + what + ": only images that are complete in themselves are imported"};
}

// Errors of the tool itself, not of the image.
Failure tool_failure(const Error& error) {
  if (error.code == Code::cancelled) return stopped();
  if (error.code == Code::deadline_exceeded) return {"Timeout", error.message};
  return {"ImportFailed", error.message};
}

// Of a tool that ran and did not succeed.
Failure refusal(const RunOutput& output, const std::string& what) {
  const int killed = WIFSIGNALED(output.status) ? WTERMSIG(output.status) : 0;
  if (killed == SIGKILL || killed == SIGTERM) return stopped("qemu-img was killed");
  if (killed == SIGXCPU) return {"Timeout", what + ": it takes too much processor time"};
  const bool full = output.err.find("No space left") != std::string::npos;
  std::string said = output.err.substr(0, 1000);
  while (said.ends_with('\n')) said.pop_back();
  if (said.empty()) said = describe_status(output.status);
  return {full ? "NoSpace" : "CorruptImage", what + ": " + said};
}

bool names_other_files(const Json& children) {
  for (const Json& child : children)
    if (child.value("name", "") != "file") return true;
  return false;
}

// "    (25.00/100%)\r", again and again.
void read_progress(std::string_view output, Monitor& monitor) {
  const size_t open = output.rfind('(');
  if (open == std::string_view::npos) return;
  const double percent = std::strtod(std::string(output.substr(open + 1)).c_str(), nullptr);
  monitor.advance_to(percent / 100);
}

}  // namespace

MaybeFailure judge_image(const Json& info, int64_t claim_size, int64_t& virtual_size) {
  const auto say_corrupt = [](const char* why) {
    return Failure{"CorruptImage", std::string("the image ") + why};
  };
  if (!info.is_object()) return say_corrupt("is not understood by qemu-img");
  for (const char* member :
       {"backing-filename", "full-backing-filename", "backing-filename-format", "backing-image"})
    if (info.contains(member)) return unsafe("has a backing file");
  const Json specific = info.value("format-specific", Json::object()).value("data", Json::object());
  if (specific.contains("data-file") || specific.value("data-file-raw", false))
    return unsafe("keeps its data in another file");
  if (specific.contains("extents")) return unsafe("is made of extents in other files");
  if (names_other_files(info.value("children", Json::array()))) return unsafe("refers to other files");
  if (info.value("format", "") != "qcow2") return Failure{"UnsupportedFormat", "the image is not qcow2"};
  if (info.value("encrypted", false) || specific.contains("encrypt"))
    return Failure{"UnsupportedFormat", "the image is encrypted"};
  if (specific.value("corrupt", false)) return say_corrupt("is marked as corrupt");
  virtual_size = info.value("virtual-size", int64_t{-1});
  if (virtual_size <= 0) return say_corrupt("has no size");
  if (virtual_size > claim_size) return too_large("the image", virtual_size, claim_size);
  return std::nullopt;
}

MaybeFailure QemuImg::call(const std::vector<std::string>& arguments, RunLimits limits, Monitor& monitor,
                           RunOutput& output) const {
  limits.address_space = kMemory;
  limits.watch = [&monitor](std::string_view out) {
    read_progress(out, monitor);
    return !monitor.stopped();
  };
  std::vector<std::string> argv = {program_};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto result = run(argv, limits);
  if (!result) return tool_failure(result.error());
  output = std::move(*result);
  return std::nullopt;
}

MaybeFailure QemuImg::inspect(const std::string& path, int64_t claim_size, Monitor& monitor,
                              int64_t& virtual_size) const {
  const RunLimits limits{.cpu_seconds = 60};
  RunOutput info, check;
  if (auto failure = call({"info", "--output=json", "-f", "qcow2", "--", path}, limits, monitor, info))
    return failure;
  if (!info.ok()) return refusal(info, "the image cannot be opened");
  if (auto failure = judge_image(Json::parse(info.out, nullptr, false), claim_size, virtual_size))
    return failure;
  // A conversion takes what lies beyond a cut file's end for zeros; the check does not.
  if (auto failure = call({"check", "-q", "-f", "qcow2", "--", path}, limits, monitor, check)) return failure;
  const bool only_leaks = WIFEXITED(check.status) && WEXITSTATUS(check.status) == 3;
  if (!check.ok() && !only_leaks) return refusal(check, "the image is damaged or cut short");
  return std::nullopt;
}

MaybeFailure QemuImg::convert(const std::string& path, const std::string& to, int64_t claim_size,
                              Monitor& monitor) const {
  const RunLimits limits{.timeout = convert_time_,
                         .cpu_seconds = static_cast<uint64_t>(convert_time_.count()),
                         .file_size = static_cast<uint64_t>(claim_size)};
  RunOutput output;
  if (auto failure =
          call({"convert", "-p", "-f", "qcow2", "-O", "raw", "--", path, to}, limits, monitor, output))
    return failure;
  if (!output.ok()) return refusal(output, "converting the image");
  return std::nullopt;
}

}  // namespace tenon::cdi
