// The backend of kind VirtualMachine: one resource is one libvirt domain, "<namespace>_<name>".
//
// The domain's UUID is derived from inventory and address, so libvirt itself refuses a second one. The mark
// and the applied spec are in the domain's metadata. Disks belong to the resources that the volumes name:
// they are used and never made, changed or removed here. Thread-safe after open.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "framework/plugin/plugin_sdk.h"
#include "plugins/libvirt/delayed.h"
#include "plugins/libvirt/domain_xml.h"
#include "plugins/libvirt/hypervisor.h"
#include "plugins/libvirt/machine.h"

namespace tenon::libvirt {

using MakeHypervisor = std::function<std::unique_ptr<Hypervisor>(const std::string& uri)>;

class LibvirtBackend final : public sdk::Backend {
 public:
  LibvirtBackend() : LibvirtBackend(make_libvirt_hypervisor) {}
  explicit LibvirtBackend(MakeHypervisor make) : make_(std::move(make)) {}

  void open(const sdk::Json& configuration, const sdk::Call& call) override;
  sdk::Observation observe(const sdk::Resource& resource, const sdk::Call& call) override;
  // Ours already: brings the definition to this generation if it has another, starts if asked to.
  sdk::Outcome create(const sdk::Resource& resource, const sdk::Call& call) override;
  // Changes what differs in the definition and leaves the rest of it; a running machine keeps the old one
  // until its next start. Where only the mark differs, only the mark is changed. One that should not run is
  // stopped first: the power button, in_progress, and after the grace period the power is cut, as long as
  // this process lives; otherwise the next update begins anew.
  sdk::Outcome update(const sdk::Resource& resource, const sdk::Call& call) override;
  sdk::Outcome remove(const sdk::Resource& resource, const sdk::Call& call) override;
  std::vector<sdk::Child> expand(const sdk::Resource& resource, const sdk::Call& call) override;
  sdk::ListPage list(const std::string& inventory, const std::string& after, const sdk::Call& call) override;
  // The pool "memory": what this machine has, times the overcommit that was configured, less what runs.
  sdk::Json pools(const sdk::Call& call) override;
  // A machine takes its memory while it is to run.
  sdk::Check check(const sdk::Change& change, const sdk::Json& pools) override;

 private:
  // By its identity (a UUID, or a name as people give it), else by the UUID or the name that it would be made
  // with.
  std::optional<DomainState> find(const sdk::Resource& resource) const;
  sdk::Outcome change_mark(const sdk::Resource& resource, const DomainState& existing, const Domain& domain);
  sdk::Outcome make(const sdk::Resource& resource) const;
  sdk::Outcome change(const sdk::Resource& resource, const DomainState& existing, const Domain& old,
                      bool define);
  void redefine(const sdk::Resource& resource, const DomainState& existing, const Domain& old,
                const Domain& wanted) const;
  Domain domain_of(const sdk::Resource& resource, const Machine& machine, const Domain* old) const;
  void start(const sdk::Resource& resource, const std::string& uuid) const;
  void cut_power(const sdk::Resource& resource, const std::string& uuid) const;

  MakeHypervisor make_;
  std::unique_ptr<Hypervisor> hypervisor_;
  std::string type_, console_;
  int64_t overcommit_ = 100;  // percent
  Delayed delayed_;           // last: ends before what it uses
};

// Deterministic, version 8 (RFC 9562), from SHA-256.
std::string domain_uuid(const std::string& inventory, const std::string& address);

}  // namespace tenon::libvirt
