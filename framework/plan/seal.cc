#include "framework/plan/seal.h"

#include <algorithm>

#include "framework/plan/words.h"

namespace tenon {
namespace {

class Sealer {
 public:
  Sealer(const Catalog& catalog, const Address& declared, const Resource& resource, Vault& vault,
         Diagnostics& diagnostics)
      : catalog_(catalog),
        declared_(declared),
        resource_(resource),
        vault_(vault),
        diagnostics_(diagnostics) {}

  void seal(const Schema& schema, Json& value, const std::string& pointer) {
    if (value.is_null() || is_reference(value)) return;
    if (schema.secret) return seal_value(value, pointer);
    if (schema.refers_to == "core/Secret" && value.is_string()) return allow(value, pointer);
    if (value.is_object())
      for (auto& [name, member] : value.items()) seal_member(schema, name, member, joined(pointer, name));
    if (value.is_array() && schema.items)
      for (size_t i = 0; i < value.size(); ++i)
        seal(*schema.items, value[i], joined(pointer, std::to_string(i)));
  }

 private:
  void seal_member(const Schema& schema, const std::string& name, Json& member, const std::string& pointer) {
    const auto kind = parse_kind_name(schema.template_of);
    if (const KindManifest* of = kind && name == "spec" ? catalog_.find(*kind) : nullptr)
      return seal(of->schema, member, pointer);
    const auto property = schema.properties.find(name);
    if (property != schema.properties.end())
      seal(property->second, member, pointer);
    else if (schema.additional)
      seal(*schema.additional, member, pointer);
  }

  void seal_value(Json& value, const std::string& pointer) {
    if (is_handle(value)) {
      // A default that the resource was sent with: the inventory has no values, and nobody sends it again.
      const auto& defaulted = resource_.defaulted;
      const bool kept = std::find(defaulted.begin(), defaulted.end(), pointer) != defaulted.end();
      if (!kept && !vault_.knows(value))
        error(pointer, "a handle stands for a secret and is none",
              "write the value, or the name of a Secret");
      return;
    }
    if (const auto references = references_in(value); !references || !references->empty())
      return error(pointer, "a secret is not put together from outputs of other resources", "");
    value = vault_.seal(value, {.address = declared_,
                                .pointer = resource_.origin.pointer + pointer,
                                .file = resource_.origin.locate(pointer).file});
  }

  // "": none.
  void allow(const Json& value, const std::string& pointer) {
    const std::string& name = value.get_ref<const std::string&>();
    if (name.empty() ||
        vault_.allow(resource_.address, {"core", "Secret", resource_.address.name_space, name}))
      return;
    error(pointer, "there is no Secret '" + name + "' in namespace " + resource_.address.name_space,
          "its document (apiVersion: v1, kind: Secret) must be among the manifests");
  }

  void error(const std::string& pointer, std::string summary, std::string detail) {
    diagnostics_.push_back({Severity::error, std::move(summary), std::move(detail),
                            to_string(resource_.address), resource_.origin.locate(pointer)});
  }

  const Catalog& catalog_;
  const Address& declared_;
  const Resource& resource_;
  Vault& vault_;
  Diagnostics& diagnostics_;
};

}  // namespace

void seal(const Catalog& catalog, const Schema& schema, const Address& declared, Resource& resource,
          Vault& vault, Diagnostics& diagnostics) {
  Sealer(catalog, declared, resource, vault, diagnostics).seal(schema, resource.spec.edit(), "");
}

}  // namespace tenon
