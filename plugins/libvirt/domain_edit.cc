#include "plugins/libvirt/domain_edit.h"

#include <algorithm>

#include "plugins/libvirt/machine.h"
#include "plugins/libvirt/xml_tree.h"

namespace tenon::libvirt {
namespace {

xmlNode* child_or_new(xmlNode* node, const std::string& name) {
  xmlNode* found = child(node, name);
  return found ? found : xmlNewChild(node, nullptr, in(name), nullptr);
}

void set_text(xmlNode* node, const std::string& text) {
  xmlNodeSetContent(node, nullptr);
  xmlNodeAddContent(node, in(text));
}

// "": without it.
void set_attribute(xmlNode* node, const char* name, const std::string& value) {
  if (value.empty())
    xmlUnsetProp(node, in(name));
  else
    xmlSetProp(node, in(name), in(value));
}

// A copy of the only element of that text; the document's.
xmlNode* add_element(xmlNode* parent, const std::string& xml) {
  const Document document = parse_xml(xml);
  return xmlAddChild(parent, xmlDocCopyNode(xmlDocGetRootElement(document.get()), parent->doc, 1));
}

void put_into(xmlNode* node, xmlNs* name_space) {
  xmlSetNs(node, name_space);
  for (xmlNode* at = node->children; at; at = at->next)
    if (at->type == XML_ELEMENT_NODE) put_into(at, name_space);
}

bool same_cpus(const Domain& a, const Domain& b) {
  return a.sockets == b.sockets && a.cores == b.cores && a.threads == b.threads;
}

// Without where it is plugged in: an empty target leaves that to libvirt.
bool same_disk(DomainDisk a, const DomainDisk& b) {
  a.target = b.target;
  a.name = b.name;
  return a == b;
}

class Editor {
 public:
  Editor(xmlNode* domain, const Domain& before, const Domain& wanted, const std::set<std::string>& ours)
      : domain_(domain), before_(before), wanted_(wanted), ours_(ours) {}

  void run() {
    if (before_.memory_kib != wanted_.memory_kib) set_memory();
    if (!same_cpus(before_, wanted_)) set_cpus();
    if (!same_machine_type(wanted_.machine, before_.machine)) set_machine();
    set_disks();
    set_console_log();
    set_mark();
  }

 private:
  xmlNode* devices() const { return child_or_new(domain_, "devices"); }

  void set_memory() const {
    for (const char* name : {"memory", "currentMemory"}) {
      xmlNode* memory = child(domain_, name);
      if (!memory) continue;
      set_text(memory, std::to_string(wanted_.memory_kib));
      set_attribute(memory, "unit", "KiB");
    }
  }

  void set_cpus() const {
    xmlNode* count = child_or_new(domain_, "vcpu");
    set_text(count, std::to_string(wanted_.sockets * wanted_.cores * wanted_.threads));
    set_attribute(count, "current", "");
    remove(child(domain_, "vcpus"));  // each one of the former number
    xmlNode* topology = child_or_new(child_or_new(domain_, "cpu"), "topology");
    for (const char* finer : {"dies", "clusters"}) set_attribute(topology, finer, "");
    set_attribute(topology, "sockets", std::to_string(wanted_.sockets));
    set_attribute(topology, "cores", std::to_string(wanted_.cores));
    set_attribute(topology, "threads", std::to_string(wanted_.threads));
  }

  // Another machine has other buses: where things are plugged in is libvirt's to say anew.
  void set_machine() const {
    set_attribute(child(child(domain_, "os"), "type"), "machine", wanted_.machine);
    for (xmlNode *at = devices()->children, *next = nullptr; at; at = next) {
      next = at->next;
      if (is(at, "controller") && attribute(at, "type") == "pci")
        remove(at);
      else if (attribute(child(at, "address"), "type") == "pci")
        remove(child(at, "address"));
    }
  }

  void set_disks() {
    size_t index = 0;
    for (xmlNode *at = devices()->children, *next = nullptr; at; at = next) {
      next = at->next;
      if (!is(at, "disk")) continue;
      const DomainDisk& seen = before_.disks.at(index++);
      const DomainDisk* disk = wanted_disk(seen);
      if (disk)
        change_disk(at, seen, *disk);
      else if (ours_.contains(seen.name))
        remove(at);
    }
    for (const DomainDisk& disk : wanted_.disks)
      if (!placed_.contains(disk.name)) add_disk(disk);
    const bool ordered = std::any_of(wanted_.disks.begin(), wanted_.disks.end(),
                                     [](const DomainDisk& disk) { return disk.boot_order > 0; });
    // libvirt takes one or the other.
    for (xmlNode* os = child(domain_, "os"); ordered && child(os, "boot");) remove(child(os, "boot"));
  }

  const DomainDisk* wanted_disk(const DomainDisk& seen) {
    for (const DomainDisk& disk : wanted_.disks) {
      const bool same = seen.name.empty() ? seen.source == disk.source && !find_disk(before_, disk.name)
                                          : seen.name == disk.name;
      if (same && placed_.insert(disk.name).second) return &disk;
    }
    return nullptr;
  }

  void change_disk(xmlNode* node, const DomainDisk& seen, const DomainDisk& disk) {
    set_attribute(child_or_new(node, "alias"), "name", kAliasPrefix + disk.name);
    if (same_disk(disk, seen)) return;
    set_attribute(node, "type", disk.type);
    if (seen.format != disk.format) set_attribute(child_or_new(node, "driver"), "type", disk.format);
    xmlNode* source = child_or_new(node, "source");
    set_attribute(source, "file", disk.type == "file" ? disk.source : "");
    set_attribute(source, "dev", disk.type == "block" ? disk.source : "");
    if (seen.bus != disk.bus || seen.cdrom != disk.cdrom) replug(node, disk);
    remove(child(node, "serial"));
    if (!disk.serial.empty()) set_text(child_or_new(node, "serial"), disk.serial);
    remove(child(node, "boot"));
    if (disk.boot_order > 0)
      set_attribute(child_or_new(node, "boot"), "order", std::to_string(disk.boot_order));
  }

  void replug(xmlNode* node, const DomainDisk& disk) {
    left_.insert(attribute(child(node, "target"), "dev"));
    set_attribute(node, "device", disk.cdrom ? "cdrom" : "disk");
    if (disk.cdrom && child(node, "driver")) set_attribute(child(node, "driver"), "discard", "");
    xmlNode* target = child_or_new(node, "target");
    set_attribute(target, "bus", disk.bus);
    set_attribute(target, "dev", free_target(disk.bus));
    remove(child(node, "address"));
    remove(child(node, "readonly"));
    if (disk.cdrom) child_or_new(node, "readonly");
    provide_controller(disk.bus);
  }

  void add_disk(DomainDisk disk) const {
    disk.target = free_target(disk.bus);
    provide_controller(disk.bus);
    add_element(devices(), write_disk(disk));
  }

  // Without it libvirt takes a model that many systems have no driver for.
  void provide_controller(const std::string& bus) const {
    if (bus != "scsi") return;
    for (xmlNode* at = devices()->children; at; at = at->next)
      if (is(at, "controller") && attribute(at, "type") == "scsi") return;
    xmlNode* controller = xmlNewChild(devices(), nullptr, in("controller"), nullptr);
    set_attribute(controller, "type", "scsi");
    set_attribute(controller, "model", "virtio-scsi");
  }

  std::string free_target(const std::string& bus) const {
    std::set<std::string> taken;
    for (xmlNode* at = devices()->children; at; at = at->next)
      if (is(at, "disk")) taken.insert(attribute(child(at, "target"), "dev"));
    for (int index = 0;; ++index)
      if (std::string name = device_name(bus, index); !taken.contains(name)) return name;
  }

  // A machine without a serial line gets none.
  void set_console_log() const {
    xmlNode* serial = child(child(domain_, "devices"), "serial");
    if (!serial || wanted_.console_log.empty() || wanted_.console_log == before_.console_log) return;
    xmlNode* log = child_or_new(serial, "log");
    set_attribute(log, "file", wanted_.console_log);
    set_attribute(log, "append", "on");
  }

  void set_mark() const {
    xmlNode* metadata = child_or_new(domain_, "metadata");
    remove(mark_element(domain_));
    if (!wanted_.mark) return;
    DomainMark mark = *wanted_.mark;
    for (const std::string& target : left_) mark.targets.erase(target);
    xmlNode* element = add_element(metadata, write_mark(mark));
    put_into(element, xmlNewNs(element, in(kMarkNamespace), in("tenon")));
  }

  xmlNode* const domain_;
  const Domain& before_;
  const Domain& wanted_;
  const std::set<std::string>& ours_;
  std::set<std::string> placed_;  // names of wanted disks that are there
  std::set<std::string> left_;    // targets that are no longer theirs
};

}  // namespace

bool needs_edit(const Domain& wanted, const Domain& actual, const std::set<std::string>& ours) {
  if (wanted.memory_kib != actual.memory_kib || !same_cpus(wanted, actual)) return true;
  if (!same_machine_type(wanted.machine, actual.machine)) return true;
  for (const DomainDisk& disk : wanted.disks) {
    const DomainDisk* there = find_disk(actual, disk.name, disk.source);
    if (!there || !same_disk(disk, *there)) return true;
  }
  return std::any_of(actual.disks.begin(), actual.disks.end(), [&](const DomainDisk& disk) {
    return ours.contains(disk.name) && !find_disk(wanted, disk.name);
  });
}

Result<std::string> edit_domain(const std::string& xml, const Domain& wanted,
                                const std::set<std::string>& ours) {
  const auto before = read_domain(xml);
  if (!before) return before.error();
  const Document document = parse_xml(xml);
  xmlNode* root = xmlDocGetRootElement(document.get());
  Editor(root, *before, wanted, ours).run();
  const std::unique_ptr<xmlBuffer, decltype(&xmlBufferFree)> buffer(xmlBufferCreate(), xmlBufferFree);
  xmlNodeDump(buffer.get(), document.get(), root, 0, 0);
  return std::string(reinterpret_cast<const char*>(xmlBufferContent(buffer.get())));
}

}  // namespace tenon::libvirt
