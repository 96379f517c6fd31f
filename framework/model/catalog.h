// Catalog: every instance, what it serves, and which one a resource is routed to. Built once by the driver,
// then immutable; thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/model/manifest.h"
#include "framework/model/resource.h"

namespace tenon {

struct Instance {
  std::string name;
  std::shared_ptr<const Manifest> manifest;
};

struct Route {
  KindName kind;
  std::string name_space;  // "": any
  std::string instance;
};

class Catalog {
 public:
  Catalog() = default;
  // Routes are tried in order; the first that fits decides.
  Catalog(std::vector<Instance> instances, std::vector<Route> routes);

  // The kind as any instance serves it; null: nobody does.
  const KindManifest* find(const KindName& kind) const;
  const KindManifest* find(const Address& address) const;  // its kind
  const Instance* find_instance(std::string_view name) const;
  const std::vector<Instance>& instances() const { return instances_; }
  std::vector<KindName> kinds() const;

  // The instance for a resource: annotation tenon.dev/backend, then the routes, then the only candidate.
  // not_found: nobody serves the kind (the nearest kind is named); failed_precondition: several could and
  // nothing decides (all are named).
  Result<std::string> route(const Resource& resource) const;

  // Every kind a person may mean by "vm", "virtualmachines", "VirtualMachine" or
  // "VirtualMachine.kubevirt.io".
  std::vector<KindName> resolve_kind(std::string_view text) const;

 private:
  std::vector<Instance> instances_;
  std::vector<Route> routes_;
};

}  // namespace tenon
