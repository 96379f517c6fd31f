// Hypervisor: the little that this plugin asks of libvirt, so that everything else can be tested by itself.
//
// Thread-safe; calls block. Errors name the domain and the connection: not_found no such domain;
// unavailable the daemon cannot be reached or the connection was lost on the way, after which a change may or
// may not have happened; invalid_argument libvirt refuses the definition; already_exists another domain has
// the name; failed_precondition it cannot be done to the domain as it is.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/base/result.h"

namespace tenon::libvirt {

enum class Power { stopped, running, paused, stopping, crashed };

struct DomainState {
  std::string uuid, name;
  Power power = Power::stopped;
  std::string reason;       // one CamelCase word, "Destroyed"; may be empty
  bool persistent = true;   // false: gone once it stops
  std::string definition;   // XML of the next start, without secrets
  std::string running_xml;  // XML of what runs; empty when nothing does
};

// In bytes: what this machine has, and what the domains that run may take together.
struct Memory {
  int64_t all = 0, taken = 0;
};

class Hypervisor {
 public:
  virtual ~Hypervisor() = default;

  // By UUID, else by name. nullopt only if a healthy daemon says that there is none.
  virtual Result<std::optional<DomainState>> find(const std::string& uuid, const std::string& name) = 0;
  // XML of the next start with its secrets, such as a display's password: for define, and never to be shown.
  virtual Result<std::string> whole_definition(const std::string& uuid) = 0;
  // All domains, running or not.
  virtual Result<std::vector<DomainState>> list() = 0;
  virtual Result<Memory> memory() = 0;
  // Replaces one element of the domain's metadata, now and for every start to come; xml "": removes it.
  virtual Status set_metadata(const std::string& uuid, const std::string& name_space,
                              const std::string& xml) = 0;
  // Makes the domain, or replaces the definition of the one with this UUID and name; a running one goes on.
  virtual Status define(const std::string& xml) = 0;
  // Done at once if it runs already.
  virtual Status start(const std::string& uuid) = 0;
  // Presses the power button and returns.
  virtual Status shutdown(const std::string& uuid) = 0;
  // Cuts the power. Done at once if it does not run or is not there.
  virtual Status destroy(const std::string& uuid) = 0;
  // Removes definition, saved state and snapshot records, never a disk. Done at once if it is not there.
  virtual Status undefine(const std::string& uuid) = 0;
};

// Connects when first needed and again after the connection was lost; a daemon that does not answer for 10 s
// counts as lost.
std::unique_ptr<Hypervisor> make_libvirt_hypervisor(const std::string& uri);

}  // namespace tenon::libvirt
