#include "framework/cli/plan_output.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "framework/base/files.h"
#include "framework/base/json.h"
#include "framework/cli/output.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;

Error refusal(const std::string& file, const std::string& why) {
  return {Code::invalid_argument, "--out " + file + ": " + why};
}

// Its outermost members tell. Nothing else of it is kept, and what is no JSON is not read further.
bool is_plan(const std::string& file) {
  std::ifstream stream(file);
  const auto outermost = [](int depth, Json::parse_event_t, const Json&) { return depth <= 1; };
  const Json json = Json::parse(stream, outermost, false);
  const char* const members[] = {"formatVersion", "inventory", "changes", "steps"};
  return json.is_object() && std::all_of(std::begin(members), std::end(members),
                                         [&](const char* member) { return json.contains(member); });
}

Status check_regular(const std::string& file, const std::vector<std::string>& inputs) {
  std::error_code error;
  for (const std::string& input : inputs)
    if (input != "-" && fs::equivalent(file, input, error))
      return refusal(file, "-f reads this file; name another one for the plan");
  if (fs::file_size(file, error) > 0 && !is_plan(file))
    return refusal(file,
                   "this file is no saved plan, and would be replaced; name another one, or remove it first");
  return {};
}

// At the end of all links, also of those that lead to what is not there yet.
Result<std::string> followed(const std::string& file) {
  fs::path path = file;
  std::error_code error;
  for (int links = 0; fs::is_symlink(path, error); ++links) {
    if (links == kMostLinks) return refusal(file, "it is a link that leads to no end");
    path = path.parent_path() / fs::read_symlink(path, error);
  }
  return path.string();
}

Status write_through(const std::string& file, std::string_view text) {
  const FileDescriptor opened(open(file.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
  if (!opened) return errno_error("opening", file, errno);
  Output output(opened.get());
  output.sputn(text.data(), static_cast<std::streamsize>(text.size()));
  output.pubsync();
  if (output.error() != 0) return errno_error("writing", file, output.error());
  return {};
}

bool takes_text(fs::file_type type) {
  return type == fs::file_type::fifo || type == fs::file_type::character;
}

}  // namespace

Status check_plan_output(const std::string& file, const std::vector<std::string>& inputs) {
  std::error_code error;
  const fs::file_type type = fs::status(file, error).type();
  if (type == fs::file_type::not_found || takes_text(type)) return {};
  if (type == fs::file_type::regular) return check_regular(file, inputs);
  if (type == fs::file_type::directory)
    return refusal(
        file, "this is a directory; name a file in it, such as " + (fs::path(file) / "plan.json").string());
  if (error) return refusal(file, error.message());
  return refusal(file, "this is neither a file nor a pipe; name another one for the plan");
}

Status write_plan_output(const std::string& file, std::string_view text) {
  if (const Status may = check_plan_output(file, {}); !may) return may;
  std::error_code error;
  if (takes_text(fs::status(file, error).type())) return write_through(file, text);
  const Result<std::string> target = followed(file);
  return target ? write_file_atomically(*target, text) : target.error();
}

}  // namespace tenon
