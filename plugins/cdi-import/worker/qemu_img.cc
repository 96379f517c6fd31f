#include "plugins/cdi-import/worker/qemu_img.h"

#include <cstdlib>

#include "plugins/cdi-import/worker/command.h"

namespace tenon::cdi {
namespace {

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

Failure corrupt(const CommandResult& result, const std::string& what) {
  const bool full = result.errors.find("No space left") != std::string::npos;
  return {full ? "NoSpace" : "CorruptImage",
          what + ": " + (result.errors.empty() ? "no reason given" : result.errors)};
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

MaybeFailure QemuImg::inspect(const std::string& path, int64_t claim_size, Monitor& monitor,
                              int64_t& virtual_size) const {
  const auto tick = [&monitor](std::string_view) { return !monitor.stopped(); };
  const auto info = run_command({program_, "info", "--output=json", "-f", "qcow2", "--", path}, {}, tick);
  if (!info) return tool_failure(info.error());
  if (info->exit_code != 0) return corrupt(*info, "the image cannot be opened");
  if (MaybeFailure failure = judge_image(Json::parse(info->output, nullptr, false), claim_size, virtual_size))
    return failure;
  // A conversion takes what lies beyond a cut file's end for zeros; the check does not. 3: leaked clusters
  // only.
  const auto check = run_command({program_, "check", "-q", "-f", "qcow2", "--", path}, {}, tick);
  if (!check) return tool_failure(check.error());
  if (check->exit_code != 0 && check->exit_code != 3)
    return corrupt(*check, "the image is damaged or cut short");
  return std::nullopt;
}

MaybeFailure QemuImg::convert(const std::string& path, const std::string& to, int64_t claim_size,
                              Monitor& monitor) const {
  const CommandLimits limits{.file_size = claim_size, .processor = convert_time_, .time = convert_time_};
  const auto result = run_command({program_, "convert", "-p", "-f", "qcow2", "-O", "raw", "--", path, to},
                                  limits, [&monitor](std::string_view output) {
                                    read_progress(output, monitor);
                                    return !monitor.stopped();
                                  });
  if (!result) return tool_failure(result.error());
  if (result->exit_code != 0) return corrupt(*result, "converting the image");
  return std::nullopt;
}

}  // namespace tenon::cdi
