#include "framework/cli/plugin_facts.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>

#include "framework/plugin/loader.h"

namespace tenon {
namespace {

constexpr std::chrono::seconds kPatience{5};

std::string name_of_user(uid_t user) {
  passwd entry{};
  passwd* found = nullptr;
  char text[4096];
  const bool known = getpwuid_r(user, &entry, text, sizeof text, &found) == 0 && found;
  return known ? entry.pw_name : std::to_string(user);
}

PluginFacts inspect(const std::string& file, PluginSource& plugins, bool with_libraries) {
  PluginFacts facts{.file = file,
                    .name = std::filesystem::path(file).stem(),
                    .manifest = plugins.manifest(file),
                    .rights = check_plugin_file(file),
                    .libraries = std::vector<Library>()};
  if (facts.manifest) facts.name = (*facts.manifest)->name;
  struct stat status {};
  if (stat(file.c_str(), &status) == 0) {
    facts.owner = name_of_user(status.st_uid);
    facts.mode = fmt::format("{:04o}", status.st_mode & 07777);
  }
  if (with_libraries) facts.libraries = plugins.libraries(file);
  return facts;
}

// Something that nobody has: to look at it the backend has to ask its server.
Status look_at_nothing(Backend& backend, const Manifest& manifest) {
  if (manifest.kinds.empty()) return {};
  const KindManifest& kind = manifest.kinds.front();
  const Request request{
      .address = {kind.name.group, kind.name.kind, kind.cluster_scoped ? "-" : "default", "tenon-doctor"}};
  const CallContext context{.deadline = std::chrono::steady_clock::now() + kPatience};
  const Result<Observed> seen = backend.observe({request}, context);
  // However that is told: its host was killed for it, perhaps.
  if (!seen && std::chrono::steady_clock::now() >= context.deadline)
    return Error{Code::deadline_exceeded,
                 "does not answer within " + std::to_string(kPatience.count()) + " s"};
  if (!seen) return seen.error();
  const Observation& observation = seen->observations.front();
  if (observation.existence == Existence::unknown && observation.error) return *observation.error;
  return {};
}

}  // namespace

std::vector<PluginFacts> inspect_plugins(const Installation& installation,
                                         const std::vector<std::string>& names, bool with_libraries,
                                         const std::function<void(const PluginFacts&)>& told) {
  std::map<std::string, std::vector<const InstanceConfiguration*>> files;
  for (const InstanceConfiguration& instance : installation.configuration.instances)
    if (names.empty() || std::find(names.begin(), names.end(), instance.name) != names.end())
      files[instance.plugin].push_back(&instance);
  if (names.empty())
    for (const std::string& file : installed_plugins(installation.prefix)) files[file];
  std::vector<PluginFacts> all;
  for (auto& [file, instances] : files) {
    all.push_back(inspect(file, *installation.plugins, with_libraries));
    all.back().instances = std::move(instances);
    told(all.back());
  }
  return all;
}

Status check_instance_names(const Installation& installation, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const InstanceConfiguration& instance : installation.configuration.instances)
    known.push_back(instance.name);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near(nearest_name(name, known));
    return Error{Code::not_found, "there is no instance '" + name + "'" +
                                      (near.empty() ? "" : "; did you mean '" + near + "'?")};
  }
  return {};
}

void reach(const std::vector<const InstanceConfiguration*>& instances, const Installation& installation,
           const std::function<void(size_t i, const Status& reached)>& told) {
  std::vector<std::unique_ptr<Backend>> backends;
  // Where no thread is to be had, each is looked at when it is asked for.
  std::vector<std::future<Status>> reached;
  for (const InstanceConfiguration* instance : instances) {
    const Instance* known = installation.catalog().find_instance(instance->name);
    auto backend =
        known
            ? installation.plugins->open(*instance)
            : Result<std::unique_ptr<Backend>>(Error{Code::failed_precondition, "its plugin cannot be used"});
    if (!backend) {
      reached.push_back(
          std::async(std::launch::deferred, [error = backend.error()] { return Status(error); }));
      continue;
    }
    backends.push_back(*std::move(backend));
    reached.push_back(std::async(
        [known, opened = backends.back().get()] { return look_at_nothing(*opened, *known->manifest); }));
  }
  for (size_t i = 0; i < reached.size(); ++i) told(i, reached[i].get());
}

}  // namespace tenon
