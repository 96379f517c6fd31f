#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "plugins/libvirt/hypervisor.h"

namespace tenon::libvirt {
namespace {

// Sends and counts keep-alive messages. libvirt has one event loop for the whole process, so all connections
// share one thread that runs it.
class EventLoop {
 public:
  static std::shared_ptr<EventLoop> shared() {
    static std::mutex mutex;
    static std::weak_ptr<EventLoop> running;
    const std::lock_guard lock(mutex);
    auto loop = running.lock();
    if (!loop) running = loop = std::make_shared<EventLoop>();
    return loop;
  }

  EventLoop() {
    static std::once_flag once;
    std::call_once(once, [] {
      virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});  // the default prints to stderr
      virInitialize();
      virEventRegisterDefaultImpl();
    });
    // A timer that fires lets virEventRunDefaultImpl return, so that the loop sees the end.
    timer_ = virEventAddTimeout(
        200, [](int, void*) {}, nullptr, nullptr);
    thread_ = std::jthread([](std::stop_token stop) {
      while (!stop.stop_requested() && virEventRunDefaultImpl() == 0) {
      }
    });
  }
  ~EventLoop() {
    thread_.request_stop();
    virEventUpdateTimeout(timer_, 0);
    thread_.join();
    virEventRemoveTimeout(timer_);
  }
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

 private:
  int timer_ = -1;
  std::jthread thread_;
};

using Connection = std::shared_ptr<virConnect>;
using DomainHandle = std::unique_ptr<virDomain, int (*)(virDomainPtr)>;

DomainHandle handle(virDomainPtr domain) { return {domain, virDomainFree}; }

Code code_of(const virErrorPtr error) {
  switch (error->code) {
    case VIR_ERR_NO_DOMAIN: return Code::not_found;
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE: return Code::unauthenticated;
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_OPERATION_DENIED: return Code::permission_denied;
    case VIR_ERR_SYSTEM_ERROR:
      if (error->int1 == EACCES || error->int1 == EPERM) return Code::permission_denied;
      return error->domain == VIR_FROM_RPC ? Code::unavailable : Code::failed_precondition;
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_RPC: return Code::unavailable;
    case VIR_ERR_OPERATION_TIMEOUT:
    case VIR_ERR_RESOURCE_BUSY: return Code::aborted;
    case VIR_ERR_NO_MEMORY: return Code::resource_exhausted;
    case VIR_ERR_XML_ERROR:
    case VIR_ERR_XML_DETAIL:
    case VIR_ERR_XML_INVALID_SCHEMA:
    case VIR_ERR_INVALID_ARG:
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_OS_TYPE: return Code::invalid_argument;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_OPERATION_UNSUPPORTED: return Code::unimplemented;
    case VIR_ERR_DOM_EXIST: return Code::already_exists;
    default:  // QEMU's own refusals come as VIR_ERR_INTERNAL_ERROR: the machine is at fault, not this program
      return Code::failed_precondition;
  }
}

std::string word(Power power, int reason) {
  if (power == Power::paused) switch (reason) {
      case VIR_DOMAIN_PAUSED_USER: return "PausedByUser";
      case VIR_DOMAIN_PAUSED_IOERROR: return "DiskError";
      case VIR_DOMAIN_PAUSED_CRASHED: return "GuestCrashed";
      case VIR_DOMAIN_PAUSED_SAVE: return "Saving";
      case VIR_DOMAIN_PAUSED_SNAPSHOT: return "Snapshot";
      case VIR_DOMAIN_PAUSED_STARTING_UP: return "Starting";
    }
  if (power == Power::stopped) switch (reason) {
      case VIR_DOMAIN_SHUTOFF_SHUTDOWN: return "GuestShutDown";
      case VIR_DOMAIN_SHUTOFF_DESTROYED: return "Destroyed";
      case VIR_DOMAIN_SHUTOFF_CRASHED: return "Crashed";
      case VIR_DOMAIN_SHUTOFF_SAVED: return "Saved";
      case VIR_DOMAIN_SHUTOFF_FAILED: return "StartFailed";
      case VIR_DOMAIN_SHUTOFF_DAEMON: return "DaemonRestarted";
    }
  return "";
}

Power power_of(int state, int reason) {
  switch (state) {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED: return Power::running;
    case VIR_DOMAIN_PAUSED:
    case VIR_DOMAIN_PMSUSPENDED: return Power::paused;
    case VIR_DOMAIN_SHUTDOWN: return Power::stopping;
    case VIR_DOMAIN_CRASHED: return Power::crashed;
    default: return reason == VIR_DOMAIN_SHUTOFF_CRASHED ? Power::crashed : Power::stopped;
  }
}

class LibvirtHypervisor final : public Hypervisor {
 public:
  explicit LibvirtHypervisor(const std::string& uri) : uri_(uri) {}

  Result<std::optional<DomainState>> find(const std::string& uuid, const std::string& name) override {
    auto connection = connect();
    if (!connection) return connection.error();
    DomainHandle domain = handle(virDomainLookupByUUIDString(connection->get(), uuid.c_str()));
    if (!domain && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
      domain = handle(virDomainLookupByName(connection->get(), name.c_str()));
    std::optional<DomainState> state;
    if (domain) state = describe(domain.get());
    if (state) return state;
    // It may also have gone between the two calls.
    if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) return std::optional<DomainState>();
    return failure(*connection, "looking for domain '" + name + "'");
  }

  Result<std::string> whole_definition(const std::string& uuid) override {
    std::string xml;
    const Status read = with(uuid, "reading", [&](virDomainPtr domain, const auto& error) -> Status {
      return read_xml(domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE, xml) ? Status() : error();
    });
    return read ? Result<std::string>(std::move(xml)) : read.error();
  }

  Result<std::vector<DomainState>> list() override {
    auto connection = connect();
    if (!connection) return connection.error();
    const auto domains = all_domains(*connection, 0);
    if (!domains) return domains.error();
    std::vector<DomainState> states;
    for (const DomainHandle& domain : *domains) {
      std::optional<DomainState> state = describe(domain.get());
      if (!state && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) continue;  // it has just gone
      if (!state) return failure(*connection, "looking at the domains");
      states.push_back(std::move(*state));
    }
    return states;
  }

  Result<Memory> memory() override {
    auto connection = connect();
    if (!connection) return connection.error();
    virNodeInfo node{};
    if (virNodeGetInfo(connection->get(), &node) < 0) return failure(*connection, "asking for the memory");
    const auto domains = all_domains(*connection, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (!domains) return domains.error();
    Memory memory{.all = static_cast<int64_t>(node.memory) * 1024};
    for (const DomainHandle& domain : *domains) {
      virDomainInfo info{};
      // One that has just gone takes nothing any more.
      if (virDomainGetInfo(domain.get(), &info) == 0)
        memory.taken += static_cast<int64_t>(info.maxMem) * 1024;
    }
    return memory;
  }

  Status set_metadata(const std::string& uuid, const std::string& name_space,
                      const std::string& xml) override {
    return with(uuid, "marking", [&](virDomainPtr domain, const auto& error) -> Status {
      unsigned flags = 0;
      if (virDomainIsPersistent(domain) == 1) flags |= VIR_DOMAIN_AFFECT_CONFIG;
      if (virDomainIsActive(domain) == 1) flags |= VIR_DOMAIN_AFFECT_LIVE;
      const int done =
          virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, xml.empty() ? nullptr : xml.c_str(),
                               "tenon", name_space.c_str(), flags);
      if (done == 0 || (xml.empty() && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN_METADATA)) return {};
      return error();
    });
  }

  Status define(const std::string& xml) override {
    auto connection = connect();
    if (!connection) return connection.error();
    if (handle(virDomainDefineXML(connection->get(), xml.c_str()))) return {};
    // Another domain has the name or the UUID; libvirt has no code of its own for it.
    const bool exists = virGetLastErrorCode() == VIR_ERR_OPERATION_FAILED;
    Error error = failure(*connection, "defining a domain");
    if (exists && error.code == Code::failed_precondition) error.code = Code::already_exists;
    return error;
  }

  Status start(const std::string& uuid) override {
    return with(uuid, "starting", [](virDomainPtr domain, const auto& error) -> Status {
      if (virDomainIsActive(domain) == 1 || virDomainCreate(domain) == 0) return {};
      const Error why = error();
      return virDomainIsActive(domain) == 1 ? Status() : why;
    });
  }

  Status shutdown(const std::string& uuid) override {
    return with(uuid, "shutting down", [](virDomainPtr domain, const auto& error) -> Status {
      if (virDomainShutdownFlags(domain, VIR_DOMAIN_SHUTDOWN_DEFAULT) == 0) return {};
      return error();
    });
  }

  Status destroy(const std::string& uuid) override {
    return absent_is_done(with(uuid, "stopping", [](virDomainPtr domain, const auto& error) -> Status {
      if (virDomainIsActive(domain) == 0 || virDomainDestroy(domain) == 0) return {};
      const Error why = error();
      return virDomainIsActive(domain) == 0 ? Status() : why;
    }));
  }

  Status undefine(const std::string& uuid) override {
    return absent_is_done(with(uuid, "removing", [](virDomainPtr domain, const auto& error) -> Status {
      constexpr unsigned kAll = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                                VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM;
      if (virDomainUndefineFlags(domain, kAll) == 0) return {};
      // Drivers without saved states refuse the flags.
      const int code = virGetLastErrorCode();
      if (code != VIR_ERR_INVALID_ARG && code != VIR_ERR_NO_SUPPORT) return error();
      return virDomainUndefine(domain) == 0 ? Status() : error();
    }));
  }

 private:
  Result<std::vector<DomainHandle>> all_domains(const Connection& connection, unsigned flags) const {
    virDomainPtr* found = nullptr;
    const int count = virConnectListAllDomains(connection.get(), &found, flags);
    if (count < 0) return failure(connection, "listing the domains");
    std::vector<DomainHandle> domains;
    for (int i = 0; i < count; ++i) domains.push_back(handle(found[i]));
    std::free(found);
    return domains;
  }

  static Status absent_is_done(Status status) {
    return !status && status.error().code == Code::not_found ? Status() : status;
  }

  // Each call of libvirt forgets the error of the one before: the work takes it by its second argument.
  template <typename Work>
  Status with(const std::string& uuid, const std::string& doing, const Work& work) {
    auto connection = connect();
    if (!connection) return connection.error();
    const DomainHandle domain = handle(virDomainLookupByUUIDString(connection->get(), uuid.c_str()));
    if (!domain) return failure(*connection, doing + " domain " + uuid);
    const std::string name = virDomainGetName(domain.get());
    return work(domain.get(), [&] { return failure(*connection, doing + " domain '" + name + "'"); });
  }

  // nullopt with libvirt's error set.
  static std::optional<DomainState> describe(virDomainPtr domain) {
    DomainState state;
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    int power = 0, reason = 0;
    if (virDomainGetUUIDString(domain, uuid) < 0) return std::nullopt;
    if (virDomainGetState(domain, &power, &reason, 0) < 0) return std::nullopt;
    const int persistent = virDomainIsPersistent(domain);
    if (persistent < 0) return std::nullopt;
    state.uuid = uuid;
    state.name = virDomainGetName(domain);
    state.power = power_of(power, reason);
    state.reason = word(power_of(power, reason), reason);
    state.persistent = persistent == 1;
    if (!read_xml(domain, VIR_DOMAIN_XML_INACTIVE, state.definition)) return std::nullopt;
    const bool off = power == VIR_DOMAIN_SHUTOFF;
    if (!off && !read_xml(domain, 0, state.running_xml)) return std::nullopt;
    return state;
  }

  static bool read_xml(virDomainPtr domain, unsigned flags, std::string& out) {
    char* text = virDomainGetXMLDesc(domain, flags);
    if (!text) return false;
    out = text;
    std::free(text);
    return true;
  }

  Result<Connection> connect() {
    const std::lock_guard lock(mutex_);
    if (connection_ && virConnectIsAlive(connection_.get()) == 1) return connection_;
    connection_.reset();
    virConnectPtr opened = virConnectOpen(uri_.c_str());
    if (!opened) {
      Error error = last_error("connecting to libvirt");
      if (error.code != Code::permission_denied && error.code != Code::unauthenticated &&
          error.code != Code::invalid_argument && error.code != Code::unimplemented)
        error.code = Code::unavailable;
      error.message += ". Is libvirtd running? Try: systemctl start libvirtd";
      return error;
    }
    // Not every driver has it: one that runs within this process needs none.
    virConnectSetKeepAlive(opened, 2, 5);
    connection_ = Connection(opened, virConnectClose);
    return connection_;
  }

  Error last_error(const std::string& doing) const {
    const virErrorPtr error = virGetLastError();
    if (!error) return {Code::unavailable, doing + " (" + uri_ + "): libvirt gives no reason"};
    return {code_of(error), doing + " (" + uri_ + "): " + (error->message ? error->message : "no reason")};
  }

  // For the last error, which is forgotten.
  Error failure(const Connection& connection, const std::string& doing) const {
    Error error = last_error(doing);
    if (virConnectIsAlive(connection.get()) == 1) return error;
    error.code = Code::unavailable;
    error.message += ". The connection was lost; is libvirtd running?";
    return error;
  }

  const std::string uri_;
  const std::shared_ptr<EventLoop> loop_ = EventLoop::shared();
  std::mutex mutex_;
  Connection connection_;  // closed before the loop ends
};

}  // namespace

std::unique_ptr<Hypervisor> make_libvirt_hypervisor(const std::string& uri) {
  return std::make_unique<LibvirtHypervisor>(uri);
}

}  // namespace tenon::libvirt
