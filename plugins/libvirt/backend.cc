#include "plugins/libvirt/backend.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include "framework/base/digest.h"
#include "framework/base/files.h"
#include "framework/plugin/contents_mark.h"
#include "framework/plugin/sdk_result.h"
#include "plugins/libvirt/domain_edit.h"
#include "plugins/libvirt/read_back.h"

namespace tenon::libvirt {
namespace {

using sdk::Failure;
using sdk::Json;
using sdk::Observation;
using sdk::Outcome;
using sdk::Resource;
using sdk::value_or_throw;

std::string domain_name(const Resource& resource) { return resource.name_space + "_" + resource.name; }

bool asks_for(const Resource& resource, const char* operation) {
  return std::count(resource.operations.begin(), resource.operations.end(), operation) > 0;
}

int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool is_uuid(const std::string& text) {
  return text.size() == 36 && text.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
}

// ---- whose it is ----

DomainMark mark_of(const Resource& resource) {
  return {
      resource.inventory,
      resource.address,
      resource.nonce,
      resource.generation,
      resource.desired.dump(-1, ' ', true, Json::error_handler_t::replace),
      resource.record.is_null() ? "" : resource.record.dump(-1, ' ', true, Json::error_handler_t::replace)};
}

bool is_ours(const Resource& resource, const std::optional<DomainMark>& mark) {
  return mark && mark->inventory == resource.inventory && mark->address == resource.address;
}

std::string owner(const std::optional<DomainMark>& mark) {
  if (!mark) return "it carries no mark, so it was not made by Tenon";
  return "it belongs to " + mark->address + " of inventory " + mark->inventory + " (nonce " + mark->nonce +
         ")";
}

[[noreturn]] void refuse_foreign(const Resource& resource, const DomainState& state, const Domain& domain,
                                 const char* code) {
  throw Failure(code, resource.address + ": there is already a domain '" + state.name + "' (" + state.uuid +
                          "), and " + owner(domain.mark) + ". Remove or rename it, or choose another name");
}

// ---- disks ----

// Disk name -> {type, source, format}, as far as the dependencies tell.
std::map<std::string, DomainDisk> supplied_disks(const Machine& machine, const Json& dependencies) {
  std::map<std::string, DomainDisk> disks;
  for (const MachineDisk& disk : machine.disks) {
    const auto found = dependencies.find(disk.claim);
    if (found == dependencies.end() || !found->is_object()) continue;
    const Json supplied = found->value("outputs", Json::object()).value("disk", Json::object());
    if (!supplied.is_object() || supplied.empty()) continue;
    const std::string type = supplied.value("type", "");
    disks[disk.name] = {
        .type = type, .source = supplied.value("path", ""), .format = supplied.value("format", "raw")};
  }
  return disks;
}

std::map<std::string, std::string> disk_sources(const Machine& machine, const Json& dependencies) {
  std::map<std::string, std::string> sources;
  for (const auto& [name, disk] : supplied_disks(machine, dependencies)) sources[name] = disk.source;
  return sources;
}

// Why the disk's contents may not be used yet; "" when they may.
std::string unfinished_contents(const MachineDisk& wanted, const DomainDisk& disk, const Json& dependency) {
  const bool data_volume = wanted.claim.rfind("cdi.kubevirt.io/", 0) == 0;
  const std::string phase = dependency.value("phase", "");
  if (data_volume && !phase.empty() && phase != "Succeeded") return "it is " + phase + ", not Succeeded";
  const Json::json_pointer place("/outputs/contents/directory");
  if (!dependency.contains(place)) return "";
  const std::string nonce = data_volume ? "" : dependency.value("nonce", "");
  const std::string contents =
      value_or_throw(look_at_contents(dependency.at(place).get<std::string>(), disk.source,
                                      nonce.empty() ? std::nullopt : std::optional(nonce)))
          .state;
  return contents == "populated" ? "" : "its contents are " + contents + ", not populated";
}

// Last look before a machine may use a disk: it is there, finished as far as its owner says, and not empty.
void check_disk(const Resource& resource, const MachineDisk& wanted, const DomainDisk& disk) {
  const auto refuse = [&](const std::string& problem) {
    throw Failure("failed_precondition",
                  resource.address + ": disk '" + wanted.name + "' (" + wanted.claim + "): " + problem);
  };
  const Json dependency = resource.dependencies.value(wanted.claim, Json::object());
  if (const std::string unfinished = unfinished_contents(wanted, disk, dependency); !unfinished.empty())
    refuse(unfinished + "; the machine must not use it");
  if (disk.type != "file" && disk.type != "block")
    throw Failure("unimplemented", resource.address + ": disk '" + wanted.name + "' (" + wanted.claim +
                                       ") is of type '" + disk.type + "'; file and block are supported");
  struct stat status {};
  if (::stat(disk.source.c_str(), &status) != 0)
    refuse(disk.source + ": " + std::strerror(errno) + "; the machine must not use it");
  if (disk.type == "block" ? !S_ISBLK(status.st_mode) : !S_ISREG(status.st_mode))
    refuse(disk.source + " is no " + (disk.type == "block" ? "block device" : "regular file"));
  if (disk.type == "file" && status.st_size == 0)
    refuse(disk.source + " is empty; the machine must not use it");
}

// Without a start, a disk that nobody supplies any more keeps its place: stopping is never held back.
std::vector<DomainDisk> domain_disks(const Resource& resource, const Machine& machine, const Domain* existing,
                                     bool starts) {
  const auto supplied = supplied_disks(machine, resource.dependencies);
  std::vector<DomainDisk> disks;
  for (const MachineDisk& wanted : machine.disks) {
    DomainDisk disk;
    if (const auto found = supplied.find(wanted.name); found != supplied.end()) {
      disk = found->second;
      check_disk(resource, wanted, disk);
    } else {
      const DomainDisk* kept = nullptr;
      for (const DomainDisk& old : existing && !starts ? existing->disks : std::vector<DomainDisk>())
        if (old.name == wanted.name) kept = &(disk = old);
      if (!kept)
        throw Failure("failed_precondition", resource.address + ": " + wanted.claim + " supplies no disk '" +
                                                 wanted.name + "'; is it there and finished?");
    }
    disk.name = wanted.name;
    disk.bus = wanted.bus;
    disk.cdrom = wanted.cdrom;
    disk.boot_order = wanted.boot_order;
    disk.serial = wanted.serial;
    disks.push_back(std::move(disk));
  }
  return disks;
}

// Which disks of the domain are the machine's, as far as they do not say so themselves.
std::map<std::string, std::string> targets_of(const Machine& machine, const Json& dependencies,
                                              const Domain& domain) {
  std::map<std::string, std::string> targets;
  const auto sources = disk_sources(machine, dependencies);
  for (const MachineDisk& wanted : machine.disks) {
    const auto source = sources.find(wanted.name);
    const DomainDisk* disk = find_disk(domain, wanted.name, source == sources.end() ? "" : source->second);
    const bool marked = disk && domain.mark && domain.mark->targets.contains(disk->target);
    if (disk && (disk->name.empty() || marked)) targets[disk->target] = wanted.name;
  }
  return targets;
}

std::set<std::string> disk_names(const std::vector<Json>& specs) {
  const Json::json_pointer place("/template/spec/domain/devices/disks");
  std::set<std::string> names;
  for (const Json& spec : specs)
    if (spec.contains(place))
      for (const Json& disk : spec.at(place)) names.insert(disk.value("name", ""));
  return names;
}

// One that was adopted boots as whoever made it wanted, until an order is asked for.
void keep_boot_order(std::vector<DomainDisk>& disks, const Machine& machine, const Domain& existing) {
  const auto ordered = [&existing](const DomainDisk& disk) {
    return !disk.name.empty() && !existing.mark->targets.contains(disk.target) && disk.boot_order > 0;
  };
  if (machine.boot_order_given || std::any_of(existing.disks.begin(), existing.disks.end(), ordered)) return;
  for (DomainDisk& disk : disks)
    if (const DomainDisk* there = find_disk(existing, disk.name, disk.source))
      disk.boot_order = there->boot_order;
}

// ---- observing ----

struct Phase {
  std::string word, message;
};

Phase phase_of(const DomainState& state, bool wanted) {
  const std::string domain = "domain '" + state.name + "' ";
  switch (state.power) {
    case Power::running: return {"Running", ""};
    case Power::stopping: return {"Stopping", ""};
    case Power::paused:
      // libvirt 9 waits for ever for a guest that it had recorded and not yet begun when it was killed.
      if (state.reason == "Starting")
        return {"Paused", domain +
                              "is being started by libvirt; if that does not end, libvirtd was killed in "
                              "the middle of it: stop libvirtd, remove /run/libvirt/qemu/" +
                              state.name + ".xml, start libvirtd"};
      return {"Paused", domain + "is paused; continue it by virsh resume " + state.name};
    case Power::crashed:
      if (wanted) return {"Crashed", domain + "has crashed"};
      break;
    case Power::stopped: break;
  }
  if (wanted) return {"Halted", domain + "does not run although it should"};
  return {"Stopped", ""};
}

bool is_on(Power power) {
  return power == Power::running || power == Power::paused || power == Power::stopping;
}

Json condition(const char* type, const char* reason, const std::string& message) {
  return {{"type", type}, {"status", "True"}, {"reason", reason}, {"message", message}};
}

constexpr int kCutSeconds = 30;  // what cutting the power may take after the grace period

// How far a shutdown that this plugin has begun is, 0 to 1; nothing without one.
std::optional<double> shutdown_progress(const Resource& resource, int grace_seconds) {
  if (!resource.private_state.is_object() || !resource.private_state.contains("stopSince"))
    return std::nullopt;
  const int64_t passed = now_seconds() - resource.private_state.value("stopSince", int64_t{0});
  if (passed < 0 || passed >= grace_seconds + kCutSeconds) return std::nullopt;
  return static_cast<double>(passed) / (grace_seconds + kCutSeconds);
}

Outcome outcome_of(const std::string& uuid, const Machine& machine) {
  Outcome outcome{.identity = uuid};
  outcome.private_state = Json::object();
  if (machine.memory_rounded)
    outcome.notes.push_back("memory is rounded up to " + std::to_string(machine.memory_mib) + " MiB");
  return outcome;
}

// As far as it can be said in the words of what is wanted there.
void observe_unmarked(Observation& observation, const Resource& resource, const DomainState& state,
                      const Domain& definition) {
  observation.phase = phase_of(state, false).word;
  if (resource.desired.is_object() && !resource.desired.empty()) {
    const Machine machine = parse_machine(resource.desired, resource.name_space);
    observation.phase = phase_of(state, machine.running).word;
    observation.actual =
        read_back(resource.desired, machine, definition, disk_sources(machine, resource.dependencies));
  }
  observation.actual["running"] = is_on(state.power);
}

void observe_restart(Observation& observation, const DomainState& state, const Domain& definition) {
  if (state.running_xml.empty()) return;
  std::string parts;
  for (const std::string& part : pending_restart(value_or_throw(read_domain(state.running_xml)), definition))
    parts += (parts.empty() ? "" : ", ") + part;
  if (parts.empty()) return;
  const std::string message = "changes of " + parts + " take effect at the next start";
  observation.conditions.push_back(condition("RestartPending", "Redefined", message));
  observation.notes.push_back(message);
}

void observe_ours(Observation& observation, const Resource& resource, const DomainState& state,
                  const Domain& definition) {
  const DomainMark& mark = *definition.mark;
  observation.inventory = mark.inventory;
  observation.owner = mark.address;
  observation.nonce = mark.nonce;
  observation.generation = mark.generation;
  const Json spec = Json::parse(mark.spec, nullptr, false);
  if (!spec.is_object())
    throw Failure("internal", "domain '" + state.name + "' has a mark with a broken spec");
  const Machine machine = parse_machine(spec, resource.name_space);
  const bool wanted = machine.running;
  const Phase phase = phase_of(state, wanted);
  observation.phase = phase.word;
  observation.message = phase.message;
  observation.actual = read_back(spec, machine, definition, disk_sources(machine, resource.dependencies));
  observation.actual["running"] = is_on(state.power);
  if (!wanted && is_on(state.power))
    observation.progress = shutdown_progress(resource, machine.grace_seconds);
  observation.busy = observation.progress.has_value();
  if (observation.busy) observation.phase = "Stopping";
  // Undefined while it ran: it would vanish at its next stop; create defines it again.
  observation.resumable = !state.persistent;
  if (observation.resumable) observation.notes.push_back("domain '" + state.name + "' is no longer defined");
}

// ---- room ----

constexpr const char* kMemoryPool = "memory";

// Bytes that a machine of this spec takes; 0 unless it is to run.
int64_t memory_while_running(const Json& spec) {
  if (!spec.is_object() || !spec.value("running", false) || !spec.contains("template")) return 0;
  return memory_mib_of(spec) << 20;
}

}  // namespace

std::string domain_uuid(const std::string& inventory, const std::string& address) {
  std::string hex = sha256(inventory + "\n" + address).substr(std::strlen("sha256:"), 32);
  hex[12] = '8';  // version
  const int variant = std::stoi(hex.substr(16, 1), nullptr, 16);
  hex[16] = "89ab"[variant % 4];
  for (const size_t dash : {8, 13, 18, 23}) hex.insert(dash, "-");
  return hex;
}

void LibvirtBackend::open(const Json& configuration, const sdk::Call&) {
  const std::string uri = configuration.value("uri", "qemu:///system");
  if (uri.find(":///") == std::string::npos)
    throw Failure("invalid_argument", "uri '" + uri +
                                          "' names another host; disks are files of this machine, so the "
                                          "daemon must be here too, such as qemu:///system");
  type_ = configuration.value("type", "qemu");
  console_ = configuration.value("console", "");
  overcommit_ = configuration.value("overcommit", int64_t{100});
  if (!console_.empty()) {
    console_ = std::filesystem::absolute(console_).lexically_normal().string();
    value_or_throw(make_directories(console_));
  }
  hypervisor_ = make_(uri);
}

std::optional<DomainState> LibvirtBackend::find(const Resource& resource) const {
  const std::string& identity = resource.identity;
  if (!identity.empty()) {
    const bool uuid = is_uuid(identity);
    auto state =
        value_or_throw(hypervisor_->find(uuid ? identity : domain_uuid(resource.inventory, resource.address),
                                         uuid ? domain_name(resource) : identity));
    if (state && (state->uuid == identity || state->name == identity)) return state;
  }
  return value_or_throw(
      hypervisor_->find(domain_uuid(resource.inventory, resource.address), domain_name(resource)));
}

Observation LibvirtBackend::observe(const Resource& resource, const sdk::Call&) {
  const auto state = find(resource);
  Observation observation;
  if (!state) return observation;
  const Domain definition = value_or_throw(read_domain(state->definition));
  observation.existence = "present";
  observation.identity = state->uuid;
  observation.reason = state->reason;
  observation.outputs = {{"uuid", state->uuid}, {"domain", state->name}};
  if (definition.mark) {
    observe_ours(observation, resource, *state, definition);
    observe_restart(observation, *state, definition);
  } else {
    observe_unmarked(observation, resource, *state, definition);
  }
  return observation;
}

Domain LibvirtBackend::domain_of(const Resource& resource, const Machine& machine, const Domain* old) const {
  Domain domain{.name = old ? old->name : domain_name(resource),
                .uuid = old ? old->uuid : domain_uuid(resource.inventory, resource.address),
                .type = type_,
                .machine = machine.type,
                .memory_kib = machine.memory_mib * 1024,
                .sockets = machine.sockets,
                .cores = machine.cores,
                .threads = machine.threads,
                .disks = domain_disks(resource, machine, old, asks_for(resource, "start"))};
  if (!console_.empty()) domain.console_log = console_ + "/" + domain.name + ".log";
  domain.mark = mark_of(resource);
  if (!old) return domain;
  if (resource.nonce.empty()) domain.mark->nonce = old->mark->nonce;
  domain.mark->targets = targets_of(machine, resource.dependencies, *old);
  keep_boot_order(domain.disks, machine, *old);
  return domain;
}

void LibvirtBackend::redefine(const Resource& resource, const DomainState& existing, const Domain& old,
                              const Domain& wanted) const {
  const std::set<std::string> ours =
      disk_names({Json::parse(old.mark->spec, nullptr, false), resource.desired});
  if (existing.persistent && !needs_edit(wanted, old, ours)) {
    value_or_throw(hypervisor_->set_metadata(existing.uuid, kMarkNamespace, write_mark(*wanted.mark)));
    return;
  }
  const std::string xml = value_or_throw(hypervisor_->whole_definition(existing.uuid));
  value_or_throw(hypervisor_->define(value_or_throw(edit_domain(xml, wanted, ours))));
}

void LibvirtBackend::start(const Resource& resource, const std::string& uuid) const {
  if (asks_for(resource, "start")) value_or_throw(hypervisor_->start(uuid));
}

Outcome LibvirtBackend::make(const Resource& resource) const {
  const Machine machine = parse_machine(resource.desired, resource.name_space);
  const Domain domain = domain_of(resource, machine, nullptr);
  value_or_throw(hypervisor_->define(write_domain(domain)));
  start(resource, domain.uuid);
  return outcome_of(domain.uuid, machine);
}

Outcome LibvirtBackend::change(const Resource& resource, const DomainState& existing, const Domain& old,
                               bool define) {
  const Machine machine = parse_machine(resource.desired, resource.name_space);
  const bool waits = !machine.running && is_on(existing.power) && machine.grace_seconds > 0;
  const bool begins = waits && !shutdown_progress(resource, machine.grace_seconds);
  if (begins) value_or_throw(hypervisor_->shutdown(existing.uuid));
  if (!machine.running && !waits) value_or_throw(hypervisor_->destroy(existing.uuid));
  // Looks at the disks even if nothing is to be defined: a start may follow.
  const Domain domain = domain_of(resource, machine, &old);
  if (define) redefine(resource, existing, old, domain);
  start(resource, existing.uuid);
  Outcome outcome = outcome_of(existing.uuid, machine);
  outcome.in_progress = waits;
  if (waits) outcome.private_state = resource.private_state;
  if (!begins) return outcome;
  outcome.private_state = {{"stopSince", now_seconds()}};
  delayed_.after(std::chrono::seconds(machine.grace_seconds),
                 [this, resource, uuid = existing.uuid] { cut_power(resource, uuid); });
  return outcome;
}

// Of the machine that this request has begun to stop, unless something else was asked for since.
void LibvirtBackend::cut_power(const Resource& resource, const std::string& uuid) const {
  const auto state = hypervisor_->find(uuid, domain_name(resource));
  if (!state || !*state) return;
  const auto domain = read_domain((*state)->definition);
  if (!domain || !is_ours(resource, domain->mark)) return;
  if (domain->mark->generation != resource.generation) return;
  // What cannot be stopped goes on running, which is seen and planned again.
  (void)hypervisor_->destroy(uuid);
}

Outcome LibvirtBackend::create(const Resource& resource, const sdk::Call&) {
  const auto existing = find(resource);
  if (!existing) return make(resource);
  const Domain domain = value_or_throw(read_domain(existing->definition));
  if (!is_ours(resource, domain.mark) || domain.mark->nonce != resource.nonce)
    refuse_foreign(resource, *existing, domain, "already_exists");
  const bool define = domain.mark->generation != resource.generation || !existing->persistent;
  return change(resource, *existing, domain, define);
}

Outcome LibvirtBackend::update(const Resource& resource, const sdk::Call&) {
  const auto existing = find(resource);
  if (!existing)
    throw Failure("not_found", resource.address + ": domain '" + domain_name(resource) + "' is gone");
  const Domain domain = value_or_throw(read_domain(existing->definition));
  if (!resource.mark.empty()) return change_mark(resource, *existing, domain);
  if (!is_ours(resource, domain.mark)) refuse_foreign(resource, *existing, domain, "failed_precondition");
  return change(resource, *existing, domain, true);
}

Outcome LibvirtBackend::change_mark(const Resource& resource, const DomainState& existing,
                                    const Domain& domain) {
  Resource before = resource;
  if (resource.mark == "move") before.address = resource.from;
  const bool free = resource.mark == "set" && !domain.mark;
  if (!free && !is_ours(resource, domain.mark) && !is_ours(before, domain.mark))
    refuse_foreign(resource, existing, domain, "failed_precondition");
  std::string xml;
  if (resource.mark != "drop") {
    DomainMark mark = mark_of(resource);
    if (resource.mark == "move") mark.spec = domain.mark->spec;
    // What cannot be understood could not be observed afterwards.
    const Machine machine = parse_machine(Json::parse(mark.spec), resource.name_space);
    mark.targets = targets_of(machine, resource.dependencies, domain);
    xml = write_mark(mark);
  }
  value_or_throw(hypervisor_->set_metadata(existing.uuid, kMarkNamespace, xml));
  return {.identity = existing.uuid, .private_state = Json::object()};
}

sdk::ListPage LibvirtBackend::list(const std::string& inventory, const std::string&, const sdk::Call&) {
  sdk::ListPage page;
  for (const DomainState& state : value_or_throw(hypervisor_->list())) {
    const Domain domain = value_or_throw(read_domain(state.definition));
    if (!domain.mark || (!inventory.empty() && domain.mark->inventory != inventory)) continue;
    const auto json = [](const std::string& text) {
      Json parsed = Json::parse(text, nullptr, false);
      return parsed.is_discarded() ? Json() : parsed;
    };
    const DomainMark& mark = *domain.mark;
    page.objects.push_back({mark.inventory, mark.address, mark.nonce, mark.generation, state.uuid,
                            json(mark.spec), json(mark.record), Json::object()});
  }
  return page;
}

Outcome LibvirtBackend::remove(const Resource& resource, const sdk::Call&) {
  const auto existing = find(resource);
  if (!existing) return {};
  const Domain domain = value_or_throw(read_domain(existing->definition));
  if (!is_ours(resource, domain.mark)) refuse_foreign(resource, *existing, domain, "failed_precondition");
  value_or_throw(hypervisor_->destroy(existing->uuid));
  value_or_throw(hypervisor_->undefine(existing->uuid));
  return {.identity = existing->uuid};
}

Json LibvirtBackend::pools(const sdk::Call&) {
  const Memory memory = value_or_throw(hypervisor_->memory());
  const int64_t capacity = memory.all * overcommit_ / 100;
  return {
      {kMemoryPool,
       {{"capacity", capacity}, {"free", std::max<int64_t>(capacity - memory.taken, 0)}, {"unit", "bytes"}}}};
}

sdk::Check LibvirtBackend::check(const sdk::Change& change, const Json& pools) {
  for (const std::string& pointer : change.unknown)
    if (pointer == "/running" || pointer.starts_with("/template/spec/domain"))
      return {.unchecked = "how much memory it takes"};
  const int64_t after = change.action == "delete" ? 0 : memory_while_running(change.desired);
  const int64_t more = after - memory_while_running(change.actual);
  if (pools.contains(kMemoryPool)) return {.demands = {{kMemoryPool, more}}};
  return more > 0 ? sdk::Check{.unchecked = "how much memory there is"} : sdk::Check();
}

std::vector<sdk::Child> LibvirtBackend::expand(const Resource& resource, const sdk::Call&) {
  parse_machine(resource.desired, resource.name_space);
  return data_volumes(resource.desired);
}

}  // namespace tenon::libvirt
