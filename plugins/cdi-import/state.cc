#include "plugins/cdi-import/state.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "framework/base/files.h"
#include "framework/plugin/formats.h"

namespace tenon::cdi {
namespace {

namespace fs = std::filesystem;

Json to_json(const Ledger& ledger) {
  return {{"version", kImportStateVersion},
          {"inventory", ledger.inventory},
          {"address", ledger.address},
          {"nonce", ledger.nonce},
          {"generation", ledger.generation},
          {"importGeneration", ledger.import_generation},
          {"spec", ledger.spec},
          {"claim",
           {{"nonce", ledger.claim.nonce},
            {"directory", ledger.claim.directory},
            {"disk", ledger.claim.disk_path},
            {"size", ledger.claim.size}}},
          {"settings", ledger.settings},
          {"record", ledger.record}};
}

// Throws Json::exception where a member is missing or of another type.
Ledger ledger_from(const Json& json) {
  if (json.at("version") != kImportStateVersion)
    throw Json::other_error::create(501, "its version is unknown", &json);
  const Json& claim = json.at("claim");
  return {.inventory = json.at("inventory"),
          .address = json.at("address"),
          .nonce = json.at("nonce"),
          .generation = json.at("generation"),
          .import_generation = json.at("importGeneration"),
          .spec = json.at("spec"),
          .claim = {.nonce = claim.at("nonce"),
                    .directory = claim.at("directory"),
                    .disk_path = claim.at("disk"),
                    .size = claim.at("size")},
          .settings = json.at("settings"),
          .record = json.value("record", Json())};
}

Progress progress_from(const Json& json) {
  return {.phase = json.at("phase"),
          .message = json.at("message"),
          .fraction = json.at("fraction"),
          .updated = json.at("updated")};
}

// nullopt: no such file.
template <typename T>
Result<std::optional<T>> read_json(const std::string& path, T (*from)(const Json&)) {
  const auto text = read_file(path);
  if (!text && text.error().code == Code::not_found) return std::optional<T>();
  if (!text) return text.error();
  try {
    const Json json = Json::parse(*text);
    if (const Status known = refuse_newer(path, json, kImportStateVersion); !known) return known.error();
    return std::optional(from(json));
  } catch (const Json::exception& problem) {
    return Error{Code::failed_precondition, path + " is damaged: " + problem.what()};
  }
}

Status unlink_file(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("removing", path, errno);
  return {};
}

}  // namespace

Result<std::optional<Ledger>> StateDirectory::ledger() const {
  return read_json<Ledger>(path_ + "/ledger.json", ledger_from);
}

Status StateDirectory::write_ledger(const Ledger& ledger) const {
  if (const Status made = make_directories(path_); !made) return made;
  if (const Status written = write_file_atomically(path_ + "/ledger.json", to_json(ledger).dump(2) + "\n");
      !written)
    return written;
  return sync_directory(fs::path(path_).parent_path());
}

std::optional<Progress> StateDirectory::progress() const {
  return read_json<Progress>(path_ + "/progress.json", progress_from).value_or(std::nullopt);
}

Status StateDirectory::write_progress(const Progress& progress) const {
  const std::string temporary = path_ + "/progress.json.new";
  std::ofstream file(temporary);
  file << Json{{"phase", progress.phase},
               {"message", progress.message},
               {"fraction", progress.fraction},
               {"updated", progress.updated}}
              .dump();
  file.close();
  if (!file || rename(temporary.c_str(), (path_ + "/progress.json").c_str()) != 0)
    return errno_error("writing", path_ + "/progress.json", errno);
  return {};
}

Result<std::optional<Failure>> StateDirectory::failure() const {
  return read_json<Failure>(path_ + "/failure.json", [](const Json& json) {
    return Failure{json.at("reason"), json.at("message")};
  });
}

Status StateDirectory::write_failure(const Failure& failure) const {
  const Json json = {{"reason", failure.reason}, {"message", failure.message}};
  return write_file_atomically(path_ + "/failure.json",
                               json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

bool StateDirectory::cancel_requested() const { return access((path_ + "/cancel").c_str(), F_OK) == 0; }

Status StateDirectory::request_cancel() const { return write_file_atomically(path_ + "/cancel", ""); }

Status StateDirectory::forget_attempt() const {
  for (const char* name : {"/cancel", "/progress.json", "/failure.json"})
    if (const Status removed = unlink_file(path_ + name); !removed) return removed;
  return {};
}

Status StateDirectory::remove() const {
  std::error_code error;
  for (fs::directory_iterator entry(path_, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().filename() != "ledger.json")
      if (const Status removed = unlink_file(entry->path()); !removed) return removed;
  if (const Status removed = unlink_file(path_ + "/ledger.json"); !removed) return removed;
  if (rmdir(path_.c_str()) != 0 && errno != ENOENT) return errno_error("removing", path_, errno);
  // The namespace's directory stays while it has other imports.
  const std::string parent = fs::path(path_).parent_path();
  if (rmdir(parent.c_str()) == 0 || !fs::exists(parent, error)) return {};
  return sync_directory(parent);
}

}  // namespace tenon::cdi
