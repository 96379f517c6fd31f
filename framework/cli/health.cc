#include "framework/cli/health.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "framework/cli/session.h"
#include "framework/cli/text.h"
#include "framework/inventory/lock.h"
#include "framework/inventory/sqlite.h"
#include "framework/model/pointer.h"

namespace tenon {
namespace {

std::string install(const std::string& package) {
  return package.empty() ? "" : "install it; on Debian: apt-get install " + package;
}

// The text after `find` says which package it is, where the convention does not hold.
std::string likely_package(const std::string& library) {
  const std::string package = debian_package_of(library);
  if (package.empty()) return "install it; on Debian, `apt-file search " + library + "` names the package";
  return install(package) + " (if that is not its name, `apt-file search " + library + "` tells)";
}

bool is_program(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

class Examination {
 public:
  Examination(const Installation& installation, const Arguments& arguments, const Environment& env,
              const std::function<void(const HealthCheck&)>& told)
      : installation_(installation), arguments_(arguments), env_(env), told_(told) {}

  std::vector<HealthCheck> run() {
    look_at_installation();
    look_at_configuration();
    look_at_state();
    look_at_instances(inspect_plugins(installation_, arguments_.targets, true,
                                      [this](const PluginFacts& facts) { look_at(facts); }));
    return std::move(checks_);
  }

 private:
  void say(Health health, std::string check, std::string subject, std::string finding,
           std::string remedy = "") {
    checks_.push_back({health, std::move(check), std::move(subject), std::move(finding), std::move(remedy)});
    told_(checks_.back());
  }

  void look_at_installation() {
    const std::string host = installation_.prefix + "/libexec/tenon/tenon-plugin-host";
    if (!arguments_.isolated || is_program(host))
      say(Health::ok, "installation", installation_.prefix, "with its plugin host");
    else
      say(Health::error, "installation", installation_.prefix,
          "libexec/tenon/tenon-plugin-host is missing or cannot be executed",
          "install Tenon again, or set TENON_PREFIX to where it is");
  }

  void look_at_configuration() {
    const std::string file = arguments_.configuration.empty() ? "tenon.yaml" : arguments_.configuration;
    std::error_code error;
    if (installation_.diagnostics.empty())
      say(Health::ok, "configuration", file,
          std::filesystem::exists(file, error)
              ? counted(installation_.configuration.instances.size(), "instance")
              : "not there: every installed plugin is one instance");
    for (const Diagnostic& diagnostic : in_file_order(installation_.diagnostics))
      say(diagnostic.severity == Severity::error ? Health::error : Health::warning, "configuration",
          to_string(diagnostic.position), diagnostic.summary, first_line(diagnostic.detail));
  }

  static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

  void look_at_state() {
    struct stat status {};
    if (stat(arguments_.state.c_str(), &status) != 0) return look_at_place_of_state();
    if (!S_ISDIR(status.st_mode))
      return say(Health::error, "state", arguments_.state, "is no directory",
                 "name another one with --state, or move it away");
    look_at_rights(status.st_mode);
    look_at_inventory();
    look_at_lock();
  }

  // The first apply makes it, if it may.
  void look_at_place_of_state() {
    std::error_code error;
    std::filesystem::path place = std::filesystem::absolute(arguments_.state, error).lexically_normal();
    while (place.has_relative_path() && !std::filesystem::exists(place, error)) place = place.parent_path();
    if (std::filesystem::is_directory(place, error) && access(place.c_str(), W_OK | X_OK) == 0)
      return say(Health::ok, "state", arguments_.state, "not there yet: the first apply makes it");
    say(Health::error, "state", arguments_.state,
        "is not there, and this user can make nothing in " + place.string(),
        "run it where you may write, or name another place with --state");
  }

  void look_at_rights(mode_t mode) {
    const std::string& state = arguments_.state;
    if (mode & (S_IWGRP | S_IWOTH))
      say(Health::error, "state", state, "can be written by others, who could change what Tenon owns",
          "chmod go-w " + state);
    else if (access(state.c_str(), W_OK | X_OK) != 0)
      say(Health::error, "state", state, "cannot be written by this user",
          "run as its owner, or name another one with --state");
    else
      say(Health::ok, "state", state, "is ours alone");
  }

  void look_at_inventory() {
    const std::string path = arguments_.state + "/inventory.db";
    const auto inventory = open_inventory(path, OpenMode::read);
    const auto owned = inventory ? (*inventory)->owned() : Result<std::vector<Owned>>(inventory.error());
    if (owned)
      say(Health::ok, "inventory", path, counted(owned->size(), "resource"));
    else
      say(Health::error, "inventory", path, owned.error().message,
          owned.error().code == Code::permission_denied
              ? "run as its owner, or name another place with --state"
              : "docs/cli.md tells how to get a copy or `tenon rebuild` it");
  }

  void look_at_lock() {
    const std::string path = arguments_.state + "/lock";
    const auto holder = lock_holder(path);
    say(Health::ok, "lock", path, holder ? "held by " + holder->description : "nobody holds it");
  }

  void look_at(const PluginFacts& facts) {
    const Health broken = facts.instances.empty() ? Health::warning : Health::error;
    if (!facts.rights)
      say(broken, "plugin", facts.name, facts.rights.error().message);
    else if (!facts.manifest)
      say(broken, "plugin", facts.name, facts.manifest.error().message);
    else
      say(Health::ok, "plugin", facts.name,
          "version " + (*facts.manifest)->version + ", " + facts.file + ", " + facts.owner + " " +
              facts.mode);
    if (facts.rights && !facts.libraries) say(broken, "plugin", facts.name, facts.libraries.error().message);
    look_at_libraries(facts, broken);
    if (facts.manifest && facts.rights) look_at_needs(facts, broken);
  }

  void look_at_libraries(const PluginFacts& facts, Health broken) {
    if (!facts.libraries) return;
    size_t found = 0;
    for (const Library& library : *facts.libraries) {
      found += library.problem.empty();
      if (library.problem.empty()) continue;
      const Need* need = facts.manifest ? need_of(**facts.manifest, library.name) : nullptr;
      say(broken, "library", library.name, "plugin " + facts.name + ": " + library.problem,
          need ? install(need->package) : likely_package(missing_name(library)));
    }
    if (found == facts.libraries->size() && found > 0)
      say(Health::ok, "libraries", facts.name, counted(found, "shared object") + ", all there");
  }

  static const Need* need_of(const Manifest& manifest, const std::string& library) {
    for (const Need& need : manifest.needs)
      if (need.what == Need::What::library && need.name == library) return &need;
    return nullptr;
  }

  // The linker begins with the name of what it does not find: that may be one that the library needs in turn.
  static std::string missing_name(const Library& library) {
    const std::string name = library.problem.substr(0, library.problem.find(':'));
    return name.find(".so") != std::string::npos && name.find('/') == std::string::npos ? name : library.name;
  }

  void look_at_needs(const PluginFacts& facts, Health broken) {
    for (const Need& need : (*facts.manifest)->needs) {
      if (need.what != Need::What::program) continue;
      if (facts.instances.empty()) look_at_program(need, need.name, facts, broken);
      for (const InstanceConfiguration* instance : facts.instances)
        look_at_program(need, program_of(need, instance->configuration), facts, broken);
    }
  }

  static std::string program_of(const Need& need, const Json& configuration) {
    if (need.setting.empty()) return need.name;
    const Json* setting = find_value(configuration, need.setting);
    return setting && setting->is_string() ? setting->get<std::string>() : need.name;
  }

  void look_at_program(const Need& need, const std::string& name, const PluginFacts& facts, Health broken) {
    const std::string found = find_program(name);
    const std::string user = "plugin " + facts.name + (need.reason.empty() ? "" : ", " + need.reason);
    if (!found.empty()) return say(Health::ok, "program", name, found);
    say(broken, "program", name, "is not in PATH (" + user + ")",
        need.package.empty() ? "install Tenon again" : install(need.package));
  }

  // Tenon's own programs are not in PATH.
  std::string find_program(const std::string& name) const {
    if (name.find('/') != std::string::npos) return is_program(name) ? name : "";
    const std::string path = installation_.prefix + "/libexec/tenon:" + env_.variable("PATH");
    for (size_t begin = 0; begin <= path.size();) {
      const size_t end = std::min(path.find(':', begin), path.size());
      const std::string place = path.substr(begin, end - begin) + "/" + name;
      if (end > begin && is_program(place)) return place;
      begin = end + 1;
    }
    return "";
  }

  void look_at_instances(const std::vector<PluginFacts>& plugins) {
    std::vector<const InstanceConfiguration*> instances;
    std::vector<const PluginFacts*> facts;
    for (const PluginFacts& plugin : plugins)
      for (const InstanceConfiguration* instance : plugin.instances) {
        if (!plugin.manifest || !plugin.rights) continue;  // said already
        instances.push_back(instance);
        facts.push_back(&plugin);
      }
    reach(instances, installation_, [&](size_t i, const Status& reached) {
      if (reached)
        say(Health::ok, "instance", instances[i]->name, "reachable, plugin " + facts[i]->name);
      else
        say(Health::error, "instance", instances[i]->name, reached.error().message,
            remedy_of(reached.error(), **facts[i]->manifest));
    });
  }

  static std::string remedy_of(const Error& error, const Manifest& manifest) {
    if (error.code == Code::invalid_argument) return "mend its configuration in tenon.yaml";
    if (error.code == Code::permission_denied)
      return "run as a user who may do that, or name other places with --state and in tenon.yaml";
    if (error.code == Code::crashed || error.code == Code::internal)
      return "a bug of the plugin: the log of the instance below the state directory tells more";
    for (const Need& need : manifest.needs)
      if (need.what == Need::What::service)
        return "start " + need.name +
               ", or name another one in tenon.yaml; where it is not installed, on Debian: "
               "apt-get install " +
               need.package;
    return "see that what it speaks to runs, and that tenon.yaml names the right one";
  }

  const Installation& installation_;
  const Arguments& arguments_;
  const Environment& env_;
  const std::function<void(const HealthCheck&)>& told_;
  std::vector<HealthCheck> checks_;
};

}  // namespace

std::string_view to_string(Health health) {
  return health == Health::ok ? "ok" : health == Health::warning ? "warning" : "error";
}

std::vector<HealthCheck> examine(const Installation& installation, const Arguments& arguments,
                                 const Environment& env,
                                 const std::function<void(const HealthCheck&)>& told) {
  return Examination(installation, arguments, env, told).run();
}

bool is_healthy(const std::vector<HealthCheck>& checks) {
  return std::none_of(checks.begin(), checks.end(),
                      [](const HealthCheck& check) { return check.health == Health::error; });
}

// Debian policy 8.1: name and version of the soname, with a hyphen where the name ends in a digit.
std::string debian_package_of(std::string_view library) {
  const size_t so = library.find(".so.");
  if (!library.starts_with("lib") || so == std::string_view::npos) return "";
  std::string name(library.substr(0, so));
  const std::string version(library.substr(so + 4));
  if (std::isdigit(static_cast<unsigned char>(name.back()))) name += '-';
  std::string package = name + version;
  std::transform(package.begin(), package.end(), package.begin(),
                 [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
  return package;
}

}  // namespace tenon
