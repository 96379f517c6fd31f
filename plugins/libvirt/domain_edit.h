// Changing a domain that is there: only what the spec speaks of, so that whatever else somebody gave it
// (network interfaces, passed-through devices, displays, its type) is there at its next start. Pure.
#pragma once

#include <set>
#include <string>

#include "plugins/libvirt/domain_xml.h"

namespace tenon::libvirt {

// Whether more than the mark has to change. ours: the names of disks that were or are declared; one of them
// that is not wanted any more has to go, other disks are not looked at.
bool needs_edit(const Domain& wanted, const Domain& actual, const std::set<std::string>& ours);

// The XML with memory, CPUs, machine type, disks, console log and mark as wanted; each is touched only where
// it differs. name, uuid and type stay. internal: not the XML of a domain.
Result<std::string> edit_domain(const std::string& xml, const Domain& wanted,
                                const std::set<std::string>& ours);

}  // namespace tenon::libvirt
