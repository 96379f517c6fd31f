// Machine: what the spec of a VirtualMachine means, checked as a whole. Pure; value types.
//
// Everything here throws sdk::Failure("invalid_argument") that names the field.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "framework/plugin/plugin_sdk.h"

namespace tenon::libvirt {

struct MachineDisk {
  std::string name;    // unique in the machine
  std::string volume;  // name in template.spec.volumes
  std::string claim;   // address of the DataVolume or claim that supplies it
  std::string bus;     // virtio, sata or scsi
  bool cdrom = false;
  int boot_order = 0;  // 0: not booted from
  std::string serial;
};

struct Machine {
  bool running = false;
  int sockets = 1, cores = 1, threads = 1;
  int64_t memory_mib = 0;
  bool memory_rounded = false;  // the spec asks for a part of a MiB
  std::string memory_field;     // JSON pointer of the field that decided
  std::string type;             // "q35"
  int grace_seconds = 0;
  bool boot_order_given = false;  // false: the first disk, by default
  std::vector<MachineDisk> disks;
};

// name_space: of the machine, and so of what its volumes name. Refuses disks whose chain disk -> volume does
// not resolve, volumes nobody uses, and every name that is there twice.
Machine parse_machine(const sdk::Json& spec, const std::string& name_space);

// Memory of a machine with this spec, in MiB, rounded up.
int64_t memory_mib_of(const sdk::Json& spec);

// The DataVolumes of spec.dataVolumeTemplates. Refuses a template that no volume names. A volume may name a
// DataVolume that is declared elsewhere.
std::vector<sdk::Child> data_volumes(const sdk::Json& spec);

// "q35" is met by "pc-q35-7.2", "pc" by "pc-i440fx-7.2"; otherwise only by itself.
bool same_machine_type(const std::string& requested, const std::string& actual);

}  // namespace tenon::libvirt
