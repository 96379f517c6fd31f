// What a domain says of a spec: the spec as it really is, and whether what runs is what is defined. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugins/libvirt/domain_xml.h"
#include "plugins/libvirt/machine.h"

namespace tenon::libvirt {

// The spec with what the definition says put over it: CPUs, memory, machine type, disks. What is as asked
// for, rounded or under an alias, stays as it was written. sources: disk name -> path that is expected, for
// the disks where that is known; a disk with another source shows that path as its volumeName.
sdk::Json read_back(const sdk::Json& spec, const Machine& machine, const Domain& definition,
                    const std::map<std::string, std::string>& sources);

// What a restart would change, in words: "cpu", "memory", "machine", "disks". Empty: nothing.
std::vector<std::string> pending_restart(const Domain& running, const Domain& definition);

}  // namespace tenon::libvirt
