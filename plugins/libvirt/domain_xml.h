// Domain: a libvirt domain as far as this plugin writes and reads it, and its XML. Pure; value types.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "framework/base/result.h"

namespace tenon::libvirt {

struct DomainDisk {
  std::string name;    // kept as the alias "ua-<name>", or by the mark; "": not ours
  std::string type;    // file or block
  std::string source;  // absolute path
  std::string format;  // raw or qcow2
  std::string bus;     // virtio, sata or scsi
  bool cdrom = false;
  int boot_order = 0;
  std::string serial;
  std::string target;  // "vda", unique in its domain; written as "": the next free one

  friend bool operator==(const DomainDisk&, const DomainDisk&) = default;
};

// Kept in the domain's <metadata>, so that domain and mark are born in one act.
struct DomainMark {
  std::string inventory, address, nonce, generation;
  std::string spec;    // as applied, JSON text
  std::string record;  // of the inventory's row, JSON text; "": none
  // Target -> name of the disks that the domain had when it was adopted: nobody gave them our alias.
  std::map<std::string, std::string> targets;

  friend bool operator==(const DomainMark&, const DomainMark&) = default;
};

struct Domain {
  std::string name, uuid;
  std::string type;     // qemu or kvm
  std::string machine;  // as written; libvirt makes "pc-q35-7.2" of "q35"
  int64_t memory_kib = 0;
  int sockets = 1, cores = 1, threads = 1;
  std::vector<DomainDisk> disks;
  std::string console_log;  // file; "": none
  std::optional<DomainMark> mark;

  friend bool operator==(const Domain&, const Domain&) = default;
};

// The mark as an element for virDomainSetMetadata, which puts it into that namespace.
inline constexpr char kMarkNamespace[] = "https://tenon.dev/libvirt/v1";
std::string write_mark(const DomainMark& mark);

// The definition: indented, deterministic, everything escaped.
std::string write_domain(const Domain& domain);
std::string write_disk(const DomainDisk& disk);
std::string device_name(const std::string& bus, int index);  // virtio, 0: "vda"; sata, 26: "sdaa"

// From libvirt's XML of any domain; what this plugin does not know is skipped. internal: not the XML of a
// domain. CPUs without a topology are read as sockets, as QEMU makes them.
Result<Domain> read_domain(const std::string& xml);

// By its name; otherwise, if it has none, by its source ("": only by name). Null: there is none.
const DomainDisk* find_disk(const Domain& domain, const std::string& name, const std::string& source = "");

}  // namespace tenon::libvirt
