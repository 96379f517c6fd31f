#include "plugins/libvirt/read_back.h"

namespace tenon::libvirt {
namespace {

using sdk::Json;

void read_cpu(Json& domain_spec, const Machine& machine, const Domain& definition) {
  if (definition.sockets == machine.sockets && definition.cores == machine.cores &&
      definition.threads == machine.threads)
    return;
  domain_spec["cpu"] = {
      {"sockets", definition.sockets}, {"cores", definition.cores}, {"threads", definition.threads}};
}

// One disk as it is; null when the domain has none of that name.
Json read_disk(Json item, const MachineDisk& wanted, const DomainDisk* found, const std::string& expected) {
  if (!found) return nullptr;
  if (!expected.empty() && found->source != expected) item["volumeName"] = found->source;
  if (found->cdrom != wanted.cdrom || found->bus != wanted.bus) {
    item.erase(wanted.cdrom ? "cdrom" : "disk");
    item[found->cdrom ? "cdrom" : "disk"] = {{"bus", found->bus}};
  }
  if (found->boot_order != wanted.boot_order) item["bootOrder"] = found->boot_order;
  if (found->serial != wanted.serial) item["serial"] = found->serial;
  return item;
}

Json read_disks(const Json& items, const Machine& machine, const Domain& definition,
                const std::map<std::string, std::string>& sources) {
  Json disks = Json::array();
  for (size_t i = 0; i < machine.disks.size(); ++i) {
    const MachineDisk& wanted = machine.disks[i];
    const auto supplied = sources.find(wanted.name);
    const std::string expected = supplied == sources.end() ? "" : supplied->second;
    Json disk = read_disk(items.at(i), wanted, find_disk(definition, wanted.name, expected), expected);
    if (!disk.is_null()) disks.push_back(std::move(disk));
  }
  return disks;
}

}  // namespace

Json read_back(const Json& spec, const Machine& machine, const Domain& definition,
               const std::map<std::string, std::string>& sources) {
  Json actual = spec;
  Json& domain = actual["template"]["spec"]["domain"];
  read_cpu(domain, machine, definition);
  if (definition.memory_kib != machine.memory_mib * 1024)
    actual[Json::json_pointer(machine.memory_field)] = std::to_string(definition.memory_kib) + "Ki";
  if (!same_machine_type(machine.type, definition.machine)) domain["machine"]["type"] = definition.machine;
  if (!machine.disks.empty())
    domain["devices"]["disks"] = read_disks(domain["devices"]["disks"], machine, definition, sources);
  return actual;
}

namespace {

// What they are called is no difference to the machine.
std::vector<DomainDisk> without_names(std::vector<DomainDisk> disks) {
  for (DomainDisk& disk : disks) disk.name.clear();
  return disks;
}

}  // namespace

std::vector<std::string> pending_restart(const Domain& running, const Domain& definition) {
  std::vector<std::string> parts;
  if (running.sockets != definition.sockets || running.cores != definition.cores ||
      running.threads != definition.threads)
    parts.push_back("cpu");
  if (running.memory_kib != definition.memory_kib) parts.push_back("memory");
  if (running.machine != definition.machine) parts.push_back("machine");
  if (without_names(running.disks) != without_names(definition.disks)) parts.push_back("disks");
  return parts;
}

}  // namespace tenon::libvirt
