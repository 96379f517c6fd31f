#include "framework/plugin/manifest_cache.h"

#include "framework/base/digest.h"
#include "framework/base/files.h"
#include "framework/base/process.h"

namespace tenon {
namespace {

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Result<std::shared_ptr<const Manifest>> parse(std::string_view text, const std::string& digest) {
  Result<Manifest> manifest = parse_manifest(text);
  if (!manifest) return manifest.error();
  manifest->digest = digest;
  return std::make_shared<const Manifest>(*std::move(manifest));
}

}  // namespace

Result<std::shared_ptr<const Manifest>> ManifestCache::load(const std::string& plugin) const {
  const Result<std::string> content = read_file(plugin);
  if (!content) return with_context("plugin", content.error());
  const std::string digest = sha256(*content);
  const std::string name = "/" + digest.substr(digest.find(':') + 1) + ".json";
  for (const std::string& directory : {shipped_, directory_}) {
    if (directory.empty()) continue;
    if (const Result<std::string> known = read_file(directory + name))
      if (auto manifest = parse(*known, digest)) return manifest;
  }
  const Result<std::string> text = ask_plugin(plugin);
  if (!text) return text.error();
  auto manifest = parse(*text, digest);
  if (!manifest) return with_context("plugin " + plugin, manifest.error());
  // A cache that cannot be written only costs time.
  if (!directory_.empty() && make_directories(directory_)) [[maybe_unused]]
    const Status kept = write_file_atomically(directory_ + name, *text);
  return manifest;
}

Result<std::string> ManifestCache::ask_plugin(const std::string& plugin) const {
  Result<RunOutput> ran =
      run({host_program_, "--manifest", plugin}, {.timeout = patience_, .output = size_t{16} << 20});
  if (!ran) return with_context("asking plugin " + plugin + " for its manifest", ran.error());
  if (!ran->ok()) {
    const std::string said = first_line(ran->err);
    return Error{Code::failed_precondition, "plugin " + plugin + " gives no manifest: " +
                                                (said.empty() ? describe_status(ran->status) : said)};
  }
  return std::move(ran->out);
}

}  // namespace tenon
