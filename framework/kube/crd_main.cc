// crd-generator: writes the definitions of the kinds in plugins' manifests to a folder, with the
// kustomization.yaml that lists them. tools/crds runs it.
#include <algorithm>
#include <iostream>
#include <map>
#include <string>

#include "framework/base/files.h"
#include "framework/base/yaml_text.h"
#include "framework/kube/crd.h"

namespace tenon {
namespace {

constexpr unsigned kReadable = 0644;
constexpr char kHeader[] = "# Written by tools/crds from the plugins' manifests. Do not edit.\n";

using Files = std::map<std::string, std::string>;

Status add_manifest(const std::string& path, Files& files) {
  const Result<std::string> text = read_file(path);
  if (!text) return text.error();
  const Result<Manifest> manifest = parse_manifest(*text);
  if (!manifest) return with_context(path, manifest.error());
  for (const Json& definition : custom_resource_definitions(*manifest)) {
    const Json& spec = definition["spec"];
    const std::string name =
        spec["group"].get<std::string>() + "_" + spec["names"]["plural"].get<std::string>() + ".yaml";
    if (!files.emplace(name, kHeader + to_yaml(definition, Quotes::where_needed)).second)
      return Error{Code::already_exists, path + ": another plugin has " +
                                             definition["metadata"]["name"].get<std::string>() + " too"};
  }
  return {};
}

std::string kustomization(const Files& files) {
  OrderedJson json = {{"apiVersion", "kustomize.config.k8s.io/v1beta1"}, {"kind", "Kustomization"}};
  json["resources"] = OrderedJson::array();
  for (const auto& [name, unused] : files) json["resources"].push_back(name);
  return kHeader + to_yaml(json, Quotes::where_needed);
}

Status generate(const std::string& folder, const std::vector<std::string>& manifests) {
  Files files;
  for (const std::string& path : manifests)
    if (Status status = add_manifest(path, files); !status) return status;
  files.emplace("kustomization.yaml", kustomization(files));
  for (const auto& [name, text] : files)
    if (Status status = write_file_atomically(folder + "/" + name, text, kReadable); !status) return status;
  return {};
}

}  // namespace
}  // namespace tenon

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: crd-generator FOLDER MANIFEST...\n";
    return 1;
  }
  const tenon::Status status = tenon::generate(argv[1], {argv + 2, argv + argc});
  if (!status) std::cerr << "crd-generator: " << status.error().message << "\n";
  return status ? 0 : 1;
}
