#include "plugins/libvirt/machine.h"

#include <map>
#include <set>

#include "framework/base/quantity.h"

namespace tenon::libvirt {
namespace {

using sdk::Child;
using sdk::Failure;
using sdk::Json;

const char kMachine[] = "/template/spec";

[[noreturn]] void refuse(const std::string& field, const std::string& problem) {
  throw Failure("invalid_argument", "spec" + field + ": " + problem);
}

// The value at a pointer, or null.
Json at(const Json& spec, const std::string& pointer) {
  const Json::json_pointer place(pointer);
  return spec.contains(place) ? spec.at(place) : Json();
}

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string joined(const std::map<std::string, std::string>& names) {
  std::string list;
  for (const auto& [name, other] : names) list += (list.empty() ? "" : ", ") + name;
  return list.empty() ? "none" : list;
}

struct Amount {
  Json value;
  std::string field;
};

// The first of the fields that is given.
Amount first_of(const Json& spec, std::initializer_list<const char*> fields) {
  for (const char* field : fields) {
    const std::string pointer = std::string(kMachine) + "/domain" + field;
    if (Json value = at(spec, pointer); !value.is_null()) return {value, pointer};
  }
  return {};
}

Quantity quantity_of(const Amount& amount) {
  const auto quantity = Quantity::from_json(amount.value);
  if (!quantity) refuse(amount.field, quantity.error().message);
  return *quantity;
}

void set_memory(Machine& machine, const Json& spec) {
  const Amount amount =
      first_of(spec, {"/memory/guest", "/resources/requests/memory", "/resources/limits/memory"});
  if (amount.value.is_null())
    refuse("/template/spec/domain", "no memory is given; set resources.requests.memory, such as 64Mi");
  const Quantity memory = quantity_of(amount);
  const int64_t bytes = memory.value();
  if (!memory.is_positive()) refuse(amount.field, "memory must be more than nothing");
  constexpr int64_t kMiB = 1 << 20;
  machine.memory_mib = bytes / kMiB + (bytes % kMiB != 0);
  machine.memory_rounded = bytes % kMiB != 0;
  machine.memory_field = amount.field;
}

void set_cpu(Machine& machine, const Json& spec) {
  const Json cpu = at(spec, "/template/spec/domain/cpu");
  if (cpu.is_object() && (cpu.contains("sockets") || cpu.contains("cores") || cpu.contains("threads"))) {
    machine.sockets = cpu.value("sockets", 1);
    machine.cores = cpu.value("cores", 1);
    machine.threads = cpu.value("threads", 1);
    return;
  }
  const Amount amount = first_of(spec, {"/resources/requests/cpu", "/resources/limits/cpu"});
  if (amount.value.is_null()) return;
  const Quantity cpus = quantity_of(amount);
  if (!cpus.is_positive() || cpus.value() > 4096) refuse(amount.field, "between 1m and 4096 CPUs can be had");
  machine.cores = static_cast<int>(cpus.value());
}

// Volume name -> address of what supplies it.
std::map<std::string, std::string> volume_claims(const Json& spec, const std::string& name_space) {
  std::map<std::string, std::string> claims;
  std::set<std::string> used;
  const Json volumes = at(spec, "/template/spec/volumes");
  for (size_t i = 0; i < volumes.size(); ++i) {
    const std::string field = "/template/spec/volumes/" + std::to_string(i);
    const std::string data_volume = text(volumes[i].value("dataVolume", Json::object()), "name");
    const std::string claim = text(volumes[i].value("persistentVolumeClaim", Json::object()), "claimName");
    if (data_volume.empty() == claim.empty())
      refuse(field, "name exactly one of dataVolume.name and persistentVolumeClaim.claimName");
    const std::string address = data_volume.empty()
                                    ? "core/PersistentVolumeClaim/" + name_space + "/" + claim
                                    : "cdi.kubevirt.io/DataVolume/" + name_space + "/" + data_volume;
    if (!claims.emplace(text(volumes[i], "name"), address).second)
      refuse(field + "/name", "there are two volumes '" + text(volumes[i], "name") + "'");
    // A DataVolume and its claim share the name, and the disk.
    if (!used.insert(data_volume.empty() ? claim : data_volume).second)
      refuse(field, "another volume already uses " + address);
  }
  return claims;
}

MachineDisk parse_disk(const Json& item, const std::string& field,
                       const std::map<std::string, std::string>& claims) {
  MachineDisk disk;
  disk.name = text(item, "name");
  const bool by_volume_name = item.contains("volumeName");
  disk.volume = by_volume_name ? text(item, "volumeName") : disk.name;
  const auto claim = claims.find(disk.volume);
  if (claim == claims.end())
    refuse(
        field + (by_volume_name ? "/volumeName" : "/name"),
        "there is no volume '" + disk.volume + "' in template.spec.volumes (there: " + joined(claims) + ")");
  disk.claim = claim->second;
  disk.cdrom = item.contains("cdrom");
  if (disk.cdrom && item.contains("disk")) refuse(field, "give one of disk and cdrom");
  const Json drive = item.value(disk.cdrom ? "cdrom" : "disk", Json::object());
  disk.bus = drive.value("bus", disk.cdrom ? "sata" : "virtio");
  disk.boot_order = item.value("bootOrder", 0);
  disk.serial = text(item, "serial");
  return disk;
}

void set_disks(Machine& machine, const Json& spec, const std::string& name_space) {
  const auto claims = volume_claims(spec, name_space);
  const Json disks = at(spec, "/template/spec/domain/devices/disks");
  std::set<std::string> names, volumes;
  std::set<int> orders;
  for (size_t i = 0; i < disks.size(); ++i) {
    const std::string field = "/template/spec/domain/devices/disks/" + std::to_string(i);
    MachineDisk disk = parse_disk(disks[i], field, claims);
    if (!names.insert(disk.name).second) refuse(field + "/name", "there are two disks '" + disk.name + "'");
    if (!volumes.insert(disk.volume).second)
      refuse(field, "another disk already uses volume '" + disk.volume + "'");
    if (disk.boot_order > 0 && !orders.insert(disk.boot_order).second)
      refuse(field + "/bootOrder", "another disk already has " + std::to_string(disk.boot_order));
    machine.disks.push_back(std::move(disk));
  }
  machine.boot_order_given = !orders.empty();
  if (orders.empty() && !machine.disks.empty()) machine.disks.front().boot_order = 1;
  for (const auto& [volume, claim] : claims)
    if (!volumes.count(volume))
      refuse("/template/spec/volumes", "no disk uses volume '" + volume + "'; add one or drop the volume");
}

}  // namespace

Machine parse_machine(const Json& spec, const std::string& name_space) {
  Machine machine;
  machine.running = spec.value("running", false);
  set_memory(machine, spec);
  set_cpu(machine, spec);
  const Json type = at(spec, "/template/spec/domain/machine/type");
  machine.type = type.is_string() ? type.get<std::string>() : "q35";
  machine.grace_seconds = at(spec, kMachine).value("terminationGracePeriodSeconds", 30);
  set_disks(machine, spec, name_space);
  return machine;
}

int64_t memory_mib_of(const Json& spec) {
  Machine machine;
  set_memory(machine, spec);
  return machine.memory_mib;
}

std::vector<Child> data_volumes(const Json& spec) {
  std::set<std::string> named;
  for (const Json& volume : at(spec, "/template/spec/volumes"))
    named.insert(text(volume.value("dataVolume", Json::object()), "name"));
  std::vector<Child> children;
  std::set<std::string> names;
  const Json templates = at(spec, "/dataVolumeTemplates");
  for (size_t i = 0; i < templates.size(); ++i) {
    Child child{.api_version = "cdi.kubevirt.io/v1alpha1", .kind = "DataVolume"};
    child.pointer = "/dataVolumeTemplates/" + std::to_string(i);
    const Json metadata = templates[i].value("metadata", Json::object());
    child.name = text(metadata, "name");
    child.spec = templates[i].value("spec", Json::object());
    child.labels = metadata.value("labels", Json::object());
    child.annotations = metadata.value("annotations", Json::object());
    if (!names.insert(child.name).second)
      refuse(child.pointer + "/metadata/name", "there are two templates '" + child.name + "'");
    if (!named.count(child.name))
      refuse(child.pointer + "/metadata/name",
             "no volume in template.spec.volumes names DataVolume '" + child.name + "'");
    children.push_back(std::move(child));
  }
  return children;
}

bool same_machine_type(const std::string& requested, const std::string& actual) {
  const auto begins = [&actual](const char* prefix) { return actual.rfind(prefix, 0) == 0; };
  return requested == actual || (requested == "q35" && begins("pc-q35-")) ||
         (requested == "pc" && begins("pc-i440fx-"));
}

}  // namespace tenon::libvirt
