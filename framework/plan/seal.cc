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
    if (is_handle(value)) return;
    if (const auto references = references_in(value); !references || !references->empty())
      return error(pointer, "a secret is not put together from outputs of other resources", "");
    if (is_default(pointer))
      value = vault_.seal(value, {.address = resource_.address, .pointer = pointer});
    else
      value = vault_.seal(value, {.address = declared_,
                                  .pointer = resource_.origin.pointer + pointer,
                                  .file = resource_.origin.locate(pointer).file});
  }

  bool is_default(const std::string& pointer) const {
    return std::any_of(resource_.defaulted.begin(), resource_.defaulted.end(),
                       [&](const std::string& outer) { return lies_in(pointer, outer); });
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

bool seal_known(const Catalog& catalog, const Address& address, Json& spec, const Vault& vault) {
  const KindManifest* kind = catalog.find(address);
  if (!kind || spec.is_null()) return false;
  const auto schema_of = [&catalog](const std::string& name) -> const Schema* {
    const auto known = parse_kind_name(name);
    const KindManifest* of = known ? catalog.find(*known) : nullptr;
    return of ? &of->schema : nullptr;
  };
  return replace_secrets(kind->schema, spec, schema_of,
                         [&vault](const Json& value) { return vault.handle_of(value); });
}

bool seal_known(const Catalog& catalog, const Address& address, SharedJson& spec, const Vault& vault) {
  return !spec.is_null() && seal_known(catalog, address, spec.edit(), vault);
}

bool seal_row(const Catalog& catalog, Owned& row, const Vault& vault) {
  const bool applied = seal_known(catalog, row.address, row.applied, vault);
  return (row.intent && seal_known(catalog, row.address, row.intent->spec, vault)) || applied;
}

bool would_show_secret(const Schema& schema, const std::string& pointer, const Json& value) {
  const Schema* place = find_schema(schema, pointer);
  return place && place->secret && !is_handle(value);
}

}  // namespace tenon
