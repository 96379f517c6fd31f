#include "plugins/libvirt/domain_xml.h"

#include <libxml/xmlwriter.h>

#include <cstdlib>

#include "plugins/libvirt/xml_tree.h"

namespace tenon::libvirt {
namespace {

// ---- writing ----

using Attributes = std::vector<std::pair<std::string, std::string>>;

class Writer {
 public:
  Writer() : buffer_(xmlBufferCreate()), writer_(xmlNewTextWriterMemory(buffer_, 0)) {
    xmlTextWriterSetIndent(writer_, 1);
    xmlTextWriterSetIndentString(writer_, in("  "));
  }
  ~Writer() {
    if (writer_) xmlFreeTextWriter(writer_);
    xmlBufferFree(buffer_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void open(const std::string& name, const Attributes& attributes = {}) {
    xmlTextWriterStartElement(writer_, in(name));
    for (const auto& [key, value] : attributes) xmlTextWriterWriteAttribute(writer_, in(key), in(value));
  }
  void close() { xmlTextWriterEndElement(writer_); }
  void empty(const std::string& name, const Attributes& attributes = {}) {
    open(name, attributes);
    close();
  }
  void text(const std::string& name, const std::string& value, const Attributes& attributes = {}) {
    open(name, attributes);
    xmlTextWriterWriteString(writer_, in(value));
    close();
  }
  std::string finish() {
    xmlFreeTextWriter(writer_);  // flushes
    writer_ = nullptr;
    return reinterpret_cast<const char*>(xmlBufferContent(buffer_));
  }

 private:
  xmlBufferPtr buffer_;
  xmlTextWriterPtr writer_;
};

// prefix: "tenon:", or "" where libvirt puts the elements into their namespace.
void write_mark(Writer& xml, const DomainMark& mark, const std::string& prefix) {
  xml.open(prefix + "resource", prefix.empty() ? Attributes{} : Attributes{{"xmlns:tenon", kMarkNamespace}});
  xml.text(prefix + "inventory", mark.inventory);
  xml.text(prefix + "address", mark.address);
  xml.text(prefix + "nonce", mark.nonce);
  xml.text(prefix + "generation", mark.generation);
  xml.text(prefix + "spec", mark.spec);
  if (!mark.record.empty()) xml.text(prefix + "record", mark.record);
  for (const auto& [target, name] : mark.targets)
    xml.empty(prefix + "disk", {{"target", target}, {"name", name}});
  xml.close();
}

void write_disk(Writer& xml, const DomainDisk& disk) {
  xml.open("disk", {{"type", disk.type}, {"device", disk.cdrom ? "cdrom" : "disk"}});
  Attributes driver = {{"name", "qemu"}, {"type", disk.format}};
  if (!disk.cdrom) driver.push_back({"discard", "unmap"});
  xml.empty("driver", driver);
  xml.empty("source", {{disk.type == "block" ? "dev" : "file", disk.source}});
  xml.empty("target", {{"dev", disk.target}, {"bus", disk.bus}});
  if (disk.cdrom) xml.empty("readonly");
  if (!disk.serial.empty()) xml.text("serial", disk.serial);
  if (disk.boot_order > 0) xml.empty("boot", {{"order", std::to_string(disk.boot_order)}});
  xml.empty("alias", {{"name", std::string(kAliasPrefix) + disk.name}});
  xml.close();
}

void write_console(Writer& xml, const std::string& log) {
  xml.open("serial", {{"type", "pty"}});
  if (!log.empty()) xml.empty("log", {{"file", log}, {"append", "on"}});
  xml.empty("target", {{"port", "0"}});
  xml.close();
  xml.open("console", {{"type", "pty"}});
  xml.empty("target", {{"type", "serial"}, {"port", "0"}});
  xml.close();
}

void write_devices(Writer& xml, const Domain& domain) {
  xml.open("devices");
  bool scsi = false;
  std::map<bool, int> used;  // how many have a name of virtio's, and how many another
  for (DomainDisk disk : domain.disks) {
    disk.target = device_name(disk.bus, used[disk.bus == "virtio"]++);
    write_disk(xml, disk);
    scsi = scsi || disk.bus == "scsi";
  }
  if (scsi) xml.empty("controller", {{"type", "scsi"}, {"model", "virtio-scsi"}});
  write_console(xml, domain.console_log);
  xml.close();
}

void write_cpu(Writer& xml, const Domain& domain) {
  xml.text("vcpu", std::to_string(domain.sockets * domain.cores * domain.threads));
  xml.open("os");
  xml.text("type", "hvm", {{"machine", domain.machine}});
  xml.close();
  xml.open("features");
  xml.empty("acpi");
  xml.empty("apic");
  xml.close();
  xml.open("cpu", domain.type == "kvm" ? Attributes{{"mode", "host-model"}} : Attributes{});
  xml.empty("topology", {{"sockets", std::to_string(domain.sockets)},
                         {"cores", std::to_string(domain.cores)},
                         {"threads", std::to_string(domain.threads)}});
  xml.close();
}

// ---- reading ----

int number(const std::string& text, int otherwise) {
  return text.empty() ? otherwise : std::atoi(text.c_str());
}

std::optional<DomainMark> read_mark(xmlNode* domain) {
  xmlNode* mark = mark_element(domain);
  if (!mark) return std::nullopt;
  DomainMark read{.inventory = text(child(mark, "inventory")),
                  .address = text(child(mark, "address")),
                  .nonce = text(child(mark, "nonce")),
                  .generation = text(child(mark, "generation")),
                  .spec = text(child(mark, "spec")),
                  .record = text(child(mark, "record"))};
  for (xmlNode* at = mark->children; at; at = at->next)
    if (is(at, "disk")) read.targets[attribute(at, "target")] = attribute(at, "name");
  return read;
}

DomainDisk read_disk(xmlNode* node) {
  DomainDisk disk;
  disk.type = attribute(node, "type");
  disk.cdrom = attribute(node, "device") == "cdrom";
  const std::string format = attribute(child(node, "driver"), "type");
  disk.format = format.empty() ? "raw" : format;
  disk.source = attribute(child(node, "source"), disk.type == "block" ? "dev" : "file");
  disk.bus = attribute(child(node, "target"), "bus");
  disk.target = attribute(child(node, "target"), "dev");
  disk.serial = text(child(node, "serial"));
  disk.boot_order = number(attribute(child(node, "boot"), "order"), 0);
  const std::string alias = attribute(child(node, "alias"), "name");
  if (alias.starts_with(kAliasPrefix)) disk.name = alias.substr(sizeof(kAliasPrefix) - 1);
  return disk;
}

int64_t read_memory(xmlNode* node) {
  static const std::map<std::string, int64_t> kBytes = {{"b", 1},      {"bytes", 1},     {"", 1024},
                                                        {"KiB", 1024}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
  const auto unit = kBytes.find(attribute(node, "unit"));
  return std::atoll(text(node).c_str()) * (unit == kBytes.end() ? 1024 : unit->second) / 1024;
}

void read_cpu(xmlNode* root, Domain& domain) {
  xmlNode* topology = child(child(root, "cpu"), "topology");
  domain.sockets = number(attribute(topology, "sockets"), number(text(child(root, "vcpu")), 1));
  domain.cores = number(attribute(topology, "cores"), 1);
  domain.threads = number(attribute(topology, "threads"), 1);
}

void read_devices(xmlNode* devices, Domain& domain) {
  for (xmlNode* at = devices ? devices->children : nullptr; at; at = at->next)
    if (is(at, "disk")) domain.disks.push_back(read_disk(at));
  for (DomainDisk& disk : domain.disks)
    if (disk.name.empty() && domain.mark && domain.mark->targets.contains(disk.target))
      disk.name = domain.mark->targets.at(disk.target);
  domain.console_log = attribute(child(child(devices, "serial"), "log"), "file");
}

}  // namespace

std::string device_name(const std::string& bus, int index) {
  std::string letters;
  for (int i = index; i >= 0; i = i / 26 - 1)
    letters.insert(letters.begin(), static_cast<char>('a' + i % 26));
  return (bus == "virtio" ? "vd" : "sd") + letters;
}

std::string write_disk(const DomainDisk& disk) {
  Writer xml;
  write_disk(xml, disk);
  return xml.finish();
}

std::string write_mark(const DomainMark& mark) {
  Writer xml;
  write_mark(xml, mark, "");
  return xml.finish();
}

std::string write_domain(const Domain& domain) {
  Writer xml;
  xml.open("domain", {{"type", domain.type}});
  xml.text("name", domain.name);
  xml.text("uuid", domain.uuid);
  if (domain.mark) {
    xml.open("metadata");
    write_mark(xml, *domain.mark, "tenon:");
    xml.close();
  }
  xml.text("memory", std::to_string(domain.memory_kib), {{"unit", "KiB"}});
  write_cpu(xml, domain);
  xml.empty("clock", {{"offset", "utc"}});
  xml.text("on_poweroff", "destroy");
  xml.text("on_reboot", "restart");
  xml.text("on_crash", "destroy");
  write_devices(xml, domain);
  xml.close();
  return xml.finish();
}

Result<Domain> read_domain(const std::string& xml) {
  const Document document = parse_xml(xml);
  xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  if (!root || !is(root, "domain")) return Error{Code::internal, "this is not the XML of a domain: " + xml};
  Domain domain;
  domain.type = attribute(root, "type");
  domain.name = text(child(root, "name"));
  domain.uuid = text(child(root, "uuid"));
  domain.mark = read_mark(root);
  domain.memory_kib = read_memory(child(root, "memory"));
  domain.machine = attribute(child(child(root, "os"), "type"), "machine");
  read_cpu(root, domain);
  read_devices(child(root, "devices"), domain);
  return domain;
}

const DomainDisk* find_disk(const Domain& domain, const std::string& name, const std::string& source) {
  for (const DomainDisk& disk : domain.disks)
    if (disk.name == name) return &disk;
  for (const DomainDisk& disk : domain.disks)
    if (disk.name.empty() && !source.empty() && disk.source == source) return &disk;
  return nullptr;
}

}  // namespace tenon::libvirt
