#include "framework/model/catalog.h"

#include <algorithm>
#include <set>

#include "framework/base/diagnostics.h"

namespace tenon {
namespace {

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return result;
}

bool is_called(const KindManifest& kind, const std::string& text) {
  const std::string name = lower(kind.name.kind);
  const std::string suffix = "." + lower(kind.name.group);
  if (text == name || text == lower(kind.plural)) return true;
  if (text == name + suffix || text == lower(kind.plural) + suffix) return true;
  return std::any_of(kind.short_names.begin(), kind.short_names.end(),
                     [&](const std::string& s) { return text == lower(s) || text == lower(s) + suffix; });
}

}  // namespace

Catalog::Catalog(std::vector<Instance> instances, std::vector<Route> routes)
    : instances_(std::move(instances)), routes_(std::move(routes)) {}

const KindManifest* Catalog::find(const KindName& kind) const {
  for (const Instance& instance : instances_)
    if (const KindManifest* found = instance.manifest->find(kind)) return found;
  return nullptr;
}

const KindManifest* Catalog::find(const Address& address) const {
  for (const Instance& instance : instances_)
    for (const KindManifest& kind : instance.manifest->kinds)
      if (kind.name.kind == address.kind && kind.name.group == address.group) return &kind;
  return nullptr;
}

const Instance* Catalog::find_instance(std::string_view name) const {
  for (const Instance& instance : instances_)
    if (instance.name == name) return &instance;
  return nullptr;
}

std::vector<KindName> Catalog::kinds() const {
  std::set<KindName> kinds;
  for (const Instance& instance : instances_)
    for (const KindManifest& kind : instance.manifest->kinds) kinds.insert(kind.name);
  return {kinds.begin(), kinds.end()};
}

Result<std::string> Catalog::route(const Resource& resource) const {
  const KindName kind = resource.address.kind_name();
  std::vector<std::string> candidates;
  for (const Instance& instance : instances_)
    if (instance.manifest->find(kind)) candidates.push_back(instance.name);
  if (candidates.empty()) {
    std::vector<std::string> known;
    for (const KindName& name : kinds()) known.push_back(to_string(name));
    const std::string near(nearest_name(to_string(kind), known));
    const std::string served =
        known.empty() ? "; tenon.yaml has no instance of a plugin" : "; served are " + listed(known);
    return Error{Code::not_found, "no plugin serves " + to_string(kind) +
                                      (near.empty() ? served : "; did you mean " + near + "?")};
  }
  const auto serves = [&](const std::string& name) {
    return std::find(candidates.begin(), candidates.end(), name) != candidates.end();
  };
  if (const auto wanted = resource.annotations.find(std::string(kBackendAnnotation));
      wanted != resource.annotations.end()) {
    if (serves(wanted->second)) return wanted->second;
    return Error{Code::not_found, "the annotation tenon.dev/backend names '" + wanted->second +
                                      "', which does not serve " + to_string(kind) + "; candidates are " +
                                      listed(candidates)};
  }
  for (const Route& route : routes_) {
    if (route.kind != kind || (!route.name_space.empty() && route.name_space != resource.address.name_space))
      continue;
    if (serves(route.instance)) return route.instance;
    // Left out: whoever decided for it does not mean another one.
    if (!find_instance(route.instance))
      return Error{Code::failed_precondition,
                   "tenon.yaml routes it to instance '" + route.instance + "', whose plugin cannot be used"};
  }
  if (candidates.size() == 1) return candidates.front();
  return Error{Code::failed_precondition,
               "several instances serve " + to_string(kind) + " (" + listed(candidates) +
                   "); add a route to tenon.yaml or the annotation tenon.dev/backend"};
}

std::vector<KindName> Catalog::resolve_kind(std::string_view text) const {
  const std::string wanted = lower(text);
  std::set<KindName> kinds;
  for (const Instance& instance : instances_)
    for (const KindManifest& kind : instance.manifest->kinds)
      if (is_called(kind, wanted)) kinds.insert(kind.name);
  return {kinds.begin(), kinds.end()};
}

}  // namespace tenon
