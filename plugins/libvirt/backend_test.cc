// The backend against libvirt's test driver, which keeps its domains in this process.
#include "plugins/libvirt/backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>

#include "framework/base/temporary_directory.h"
#include "framework/plugin/contents_mark.h"
#include "plugins/libvirt/domain_xml.h"
#include "plugins/libvirt/test_support.h"

// glib, which runs libvirt's event loop, is not built for the thread sanitizer: it sees none of its locks.
extern "C" const char* __tsan_default_suppressions() { return "race:libglib-2.0\nrace:libvirt.so\n"; }

namespace tenon::libvirt {
namespace {

using sdk::Failure;
using sdk::Observation;
using sdk::Resource;

const char kUri[] = "test:///default";
const char kName[] = "default_example-vm";

template <typename Work>
Failure failure_of(const Work& work) {
  try {
    work();
  } catch (const Failure& failure) {
    return failure;
  }
  ADD_FAILURE() << "no failure";
  return {"", ""};
}

class LibvirtBackendTest : public testing::Test {
 public:
  LibvirtBackendTest() {
    write_text(disk_, "bytes");
    backend_.open({{"uri", kUri}, {"type", "test"}}, quiet_call());
  }
  ~LibvirtBackendTest() override {
    if (const auto state = found()) {
      EXPECT_TRUE(libvirt_->destroy(state->uuid));
      EXPECT_TRUE(libvirt_->undefine(state->uuid));
    }
  }

 protected:
  Resource request(std::vector<std::string> operations = {}) {
    Resource r = example_request(disk_);
    r.operations = std::move(operations);
    r.desired["running"] = !r.operations.empty() && r.operations[0] == "start";
    return r;
  }
  // Of a machine on a claim by its own name, whose contents are in the directory.
  Resource request_of_claim() {
    Resource r = request({"start"});
    const std::string claim = "core/PersistentVolumeClaim/default/data";
    r.desired["template"]["spec"]["volumes"][0] = {{"name", "example-datavolume"},
                                                   {"persistentVolumeClaim", {{"claimName", "data"}}}};
    r.dependencies = {{claim, r.dependencies.begin().value()}};
    r.dependencies[claim]["nonce"] = "claim-1";
    r.dependencies[claim]["outputs"]["contents"] = {{"directory", directory_}};
    return r;
  }
  std::optional<DomainState> found() {
    return libvirt_->find("00000000-0000-8000-8000-000000000000", kName).value();
  }
  Observation observe(const Resource& r) { return backend_.observe(r, quiet_call()); }
  void define_foreign(const std::string& metadata = "") {
    ASSERT_TRUE(libvirt_->define("<domain type='test'><name>" + std::string(kName) + "</name><metadata>" +
                                 metadata +
                                 "</metadata><memory>1024</memory><os><type>hvm</type></os></domain>"));
  }

  TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.path(), disk_ = directory_ + "/disk.img";
  std::unique_ptr<Hypervisor> libvirt_ = make_libvirt_hypervisor(kUri);
  LibvirtBackend backend_;
};

// S1-36
TEST_F(LibvirtBackendTest, CreateDefinesAndDoesNotStartUnlessAsked) {
  EXPECT_EQ(observe(request()).existence, "absent");
  const std::string identity = backend_.create(request(), quiet_call()).identity;
  EXPECT_EQ(found()->uuid, identity);
  EXPECT_EQ(found()->power, Power::stopped);
  const Observation seen = observe(request());
  EXPECT_EQ(seen.existence, "present");
  EXPECT_EQ(seen.phase, "Stopped");
  EXPECT_EQ(seen.actual, request().desired);
  EXPECT_EQ(seen.owner, request().address);
  EXPECT_EQ(seen.inventory, request().inventory);
  EXPECT_EQ(seen.nonce, "nonce-1");
  EXPECT_EQ(seen.generation, "generation-1");
  EXPECT_EQ(seen.outputs, (Json{{"uuid", identity}, {"domain", kName}}));
}

TEST_F(LibvirtBackendTest, CreateTwiceMakesOneDomainAndStartsIfAsked) {
  backend_.create(request(), quiet_call());
  backend_.create(request({"start"}), quiet_call());
  backend_.create(request({"start"}), quiet_call());
  EXPECT_EQ(found()->power, Power::running);
  EXPECT_EQ(observe(request()).actual["running"], true);
}

TEST_F(LibvirtBackendTest, AForeignDomainIsNotTakenNorRemoved) {
  define_foreign();
  const std::string before = found()->definition;
  EXPECT_EQ(observe(request()).existence, "present");
  EXPECT_EQ(observe(request()).owner, "");
  const Failure failure = failure_of([&] { backend_.create(request({"start"}), quiet_call()); });
  EXPECT_EQ(failure.code(), "already_exists");
  EXPECT_NE(std::string(failure.what()).find("carries no mark"), std::string::npos) << failure.what();
  EXPECT_EQ(failure_of([&] { backend_.update(request(), quiet_call()); }).code(), "failed_precondition");
  EXPECT_EQ(failure_of([&] { backend_.remove(request(), quiet_call()); }).code(), "failed_precondition");
  EXPECT_EQ(found()->definition, before);
}

TEST_F(LibvirtBackendTest, ADomainOfAnotherInventoryNamesItsOwner) {
  define_foreign(
      "<t:resource xmlns:t='https://tenon.dev/libvirt/v1'><t:inventory>other</t:inventory>"
      "<t:address>kubevirt.io/VirtualMachine/default/example-vm</t:address><t:nonce>x</t:nonce>"
      "<t:generation>g</t:generation><t:spec>{}</t:spec></t:resource>");
  const Failure failure = failure_of([&] { backend_.create(request(), quiet_call()); });
  EXPECT_EQ(failure.code(), "already_exists");
  EXPECT_NE(std::string(failure.what()).find("of inventory other"), std::string::npos) << failure.what();
}

TEST_F(LibvirtBackendTest, ADomainMadeByHandIsAdoptedAndKeepsItsUuidWhenItIsChanged) {
  define_foreign();
  const std::string uuid = found()->uuid;
  Resource r = request();
  r.identity = kName;  // as people call it
  EXPECT_EQ(observe(r).identity, uuid);
  EXPECT_EQ(observe(r).actual["template"]["spec"]["domain"]["devices"]["disks"], Json::array());
  r.mark = "set";
  EXPECT_EQ(backend_.update(r, quiet_call()).identity, uuid);
  const Observation seen = observe(r);
  EXPECT_EQ(seen.owner, r.address);
  EXPECT_EQ(seen.nonce, r.nonce);
  EXPECT_NE(seen.actual, r.desired);
  r.mark = "";
  r.identity = uuid;
  backend_.update(r, quiet_call());
  EXPECT_EQ(found()->uuid, uuid);
  EXPECT_EQ(observe(r).actual, r.desired);
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_F(LibvirtBackendTest, AnAdoptedDomainKeepsWhatNoManifestSpeaksOf) {
  const std::string devices =
      "<disk type='file' device='disk'><source file='" + disk_ +
      "'/><target dev='vdx' bus='virtio'/></disk>" +
      "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>"
      "<interface type='user'><mac address='52:54:00:11:22:33'/></interface>"
      "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0xbeef'/></source>"
      "</hostdev><video><model type='vga' vram='16384'/></video>"
      "<graphics type='vnc' passwd='sesame' port='-1'/>";
  ASSERT_TRUE(libvirt_->define("<domain type='test'><name>" + std::string(kName) +
                               "</name><title>by hand</title><memory unit='MiB'>64</memory><vcpu>1</vcpu>"
                               "<os><type machine='q35'>hvm</type></os><devices>" +
                               devices + "</devices></domain>"));
  Resource r = request();
  r.mark = "set";
  backend_.update(r, quiet_call());
  r.mark = "";
  const auto keeps_all = [&] {
    const std::string xml = libvirt_->whole_definition(found()->uuid).value();
    for (const char* part : {"<title>by hand</title>", "52:54:00:11:22:33", "0xbeef", "vram='16384'",
                             "passwd='sesame'", "dev='vdx'", "device='cdrom'"})
      EXPECT_EQ(count(xml, part), 1) << part << " in " << xml;
    EXPECT_EQ(count(xml, "<disk "), 2) << xml;
  };
  const auto without_mark = [&] {
    const std::string xml = found()->definition;
    return xml.substr(xml.find("</metadata>"));
  };

  const std::string before = without_mark();
  r.record = {{"labels", {{"a", "label"}}}};
  r.generation = "generation-2";
  backend_.update(r, quiet_call());
  EXPECT_EQ(without_mark(), before) << "a label changes the mark alone";
  EXPECT_EQ(observe(r).generation, "generation-2");
  keeps_all();

  r.desired["template"]["spec"]["domain"]["resources"]["requests"]["memory"] = "128Mi";
  backend_.update(r, quiet_call());
  EXPECT_EQ(read_domain(found()->definition).value().memory_kib, 131072);
  keeps_all();

  write_text(directory_ + "/other.img", "bytes");
  r.dependencies = example_request(directory_ + "/other.img").dependencies;
  backend_.update(r, quiet_call());
  EXPECT_EQ(read_domain(found()->definition).value().disks.at(0).source, directory_ + "/other.img");
  keeps_all();
}

TEST_F(LibvirtBackendTest, WhatIsForgottenRunsOnAndCanBeAdoptedAgain) {
  backend_.create(request({"start"}), quiet_call());
  Resource r = request({"start"});
  r.operations.clear();
  r.mark = "drop";
  backend_.update(r, quiet_call());
  EXPECT_EQ(found()->power, Power::running);
  EXPECT_EQ(observe(r).owner, "");
  EXPECT_EQ(observe(r).phase, "Running");
  EXPECT_EQ(observe(r).actual, r.desired);
  EXPECT_TRUE(backend_.list("", "", quiet_call()).objects.empty());
  r.mark = "set";
  r.nonce = "nonce-2";
  r.record = {{"set", "lab"}};
  backend_.update(r, quiet_call());
  EXPECT_EQ(observe(r).nonce, "nonce-2");
  const auto listed = backend_.list(r.inventory, "", quiet_call()).objects;
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].identity, found()->uuid);
  EXPECT_EQ(listed[0].applied, r.desired);
  EXPECT_EQ(listed[0].record, r.record);
}

TEST_F(LibvirtBackendTest, WhatMovedIsFoundByItsIdentityUnderAnyName) {
  const std::string uuid = backend_.create(request({"start"}), quiet_call()).identity;
  Resource moved = request({"start"});
  moved.operations.clear();
  moved.identity = uuid;
  moved.from = moved.address;
  moved.address = "kubevirt.io/VirtualMachine/default/renamed";
  moved.name = "renamed";
  moved.mark = "move";
  backend_.update(moved, quiet_call());
  EXPECT_EQ(observe(moved).owner, moved.address);
  EXPECT_EQ(observe(moved).actual, moved.desired);
  EXPECT_EQ(found()->power, Power::running);
  moved.mark = moved.from = "";
  moved.generation = "generation-2";
  backend_.update(moved, quiet_call());
  EXPECT_EQ(observe(moved).generation, "generation-2");
  EXPECT_EQ(found()->uuid, uuid);
  moved.desired = nullptr;
  backend_.remove(moved, quiet_call());
  EXPECT_FALSE(found());
}

// S1-28
TEST_F(LibvirtBackendTest, NothingIsDefinedOnADiskThatIsNotThereOrEmpty) {
  std::filesystem::remove(disk_);
  EXPECT_EQ(failure_of([&] { backend_.create(request({"start"}), quiet_call()); }).code(),
            "failed_precondition");
  EXPECT_FALSE(found());
  EXPECT_FALSE(std::filesystem::exists(disk_));
  write_text(disk_, "");
  EXPECT_EQ(failure_of([&] { backend_.create(request({"start"}), quiet_call()); }).code(),
            "failed_precondition");
  EXPECT_FALSE(found());
}

// S1-28 S1-33
TEST_F(LibvirtBackendTest, NothingIsDefinedOnAnUnfinishedOrFailedImport) {
  const std::string dv = "cdi.kubevirt.io/DataVolume/default/example-dv";
  Resource r = request({"start"});
  for (const std::string phase : {"ImportInProgress", "Failed"}) {
    r.dependencies[dv]["phase"] = phase;
    const Failure refused = failure_of([&] { backend_.create(r, quiet_call()); });
    EXPECT_EQ(refused.code(), "failed_precondition");
    EXPECT_NE(std::string(refused.what()).find("it is " + phase + ", not Succeeded"), std::string::npos)
        << refused.what();
    EXPECT_FALSE(found());
  }
  r = request({"start"});
  r.dependencies.erase(dv);
  EXPECT_EQ(failure_of([&] { backend_.create(r, quiet_call()); }).code(), "failed_precondition");
  EXPECT_FALSE(found());
}

// S1-28: the claim by its own name, with the mark of an import that is under way or was of another claim, or
// with the disk of a worker that was killed before it could tell.
TEST_F(LibvirtBackendTest, NothingIsDefinedOnAClaimThatIsNotPopulated) {
  const Resource r = request_of_claim();
  const auto refused = [&] {
    return failure_of([&] { backend_.create(r, quiet_call()); }).code() == "failed_precondition" && !found();
  };
  ContentsMark placing{.contents = "incomplete", .nonce = "claim-1"};
  placing.own_disk = true;
  ASSERT_TRUE(write_contents_mark(directory_, placing));
  EXPECT_TRUE(refused());
  ASSERT_TRUE(std::filesystem::remove(disk_));
  EXPECT_TRUE(refused());
  ASSERT_TRUE(std::filesystem::remove(directory_ + "/contents.json"));
  EXPECT_TRUE(refused());
  for (const ContentsMark& mark : {ContentsMark{.contents = "incomplete", .nonce = "claim-1"},
                                   ContentsMark{.contents = "populated", .nonce = "claim-0"}}) {
    ASSERT_TRUE(write_contents_mark(directory_, mark));
    EXPECT_TRUE(refused()) << mark.contents;
  }
  write_text(disk_, "bytes");
  ASSERT_TRUE(write_contents_mark(directory_, {.contents = "populated", .nonce = "claim-1"}));
  backend_.create(r, quiet_call());
  EXPECT_EQ(found()->power, Power::running);
}

TEST_F(LibvirtBackendTest, ADiskThatSomebodyPutIntoItsClaimIsUsed) {
  write_text(disk_, "bytes");
  backend_.create(request_of_claim(), quiet_call());
  EXPECT_EQ(found()->power, Power::running);
}

TEST_F(LibvirtBackendTest, AStopBehindItsBackIsDriftAndUpdateHealsIt) {
  backend_.create(request({"start"}), quiet_call());
  ASSERT_TRUE(libvirt_->destroy(found()->uuid));
  const Observation seen = observe(request());
  EXPECT_EQ(seen.actual["running"], false);
  EXPECT_EQ(seen.phase, "Halted");
  backend_.update(request({"start"}), quiet_call());
  EXPECT_EQ(found()->power, Power::running);
}

TEST_F(LibvirtBackendTest, StopWithoutGraceCutsThePowerEvenWithoutDisk) {
  backend_.create(request({"start"}), quiet_call());
  Resource r = request({"stop"});
  r.generation = "generation-2";
  r.dependencies = Json::object();
  EXPECT_FALSE(backend_.update(r, quiet_call()).in_progress);
  EXPECT_EQ(found()->power, Power::stopped);
  EXPECT_EQ(observe(r).generation, "generation-2");
  EXPECT_EQ(observe(r).phase, "Stopped");
}

// A create that is resumed after the manifest was changed.
TEST_F(LibvirtBackendTest, AResumedCreateStopsWhatShouldNoLongerRun) {
  backend_.create(request({"start"}), quiet_call());
  Resource r = request();
  r.generation = "generation-2";
  backend_.create(r, quiet_call());
  EXPECT_EQ(found()->power, Power::stopped);
  EXPECT_EQ(observe(r).actual, r.desired);
}

TEST_F(LibvirtBackendTest, ADomainOfAnotherIntentIsNotTakenByCreate) {
  backend_.create(request(), quiet_call());
  Resource r = request();
  r.nonce = "nonce-2";
  EXPECT_EQ(failure_of([&] { backend_.create(r, quiet_call()); }).code(), "already_exists");
}

TEST_F(LibvirtBackendTest, AChangeOfARunningMachineWaitsForItsRestart) {
  backend_.create(request({"start"}), quiet_call());
  Resource r = request({"start"});
  r.operations.clear();
  r.generation = "generation-2";
  r.desired["template"]["spec"]["domain"]["cpu"]["cores"] = 2;
  r.desired["template"]["spec"]["domain"]["resources"]["requests"]["memory"] = "100M";
  EXPECT_EQ(backend_.update(r, quiet_call()).notes,
            std::vector<std::string>{"memory is rounded up to 96 MiB"});
  const Observation seen = observe(r);
  EXPECT_EQ(seen.generation, "generation-2");
  EXPECT_EQ(seen.actual, r.desired);
  ASSERT_EQ(seen.conditions.size(), 1u);
  EXPECT_EQ(seen.conditions[0]["type"], "RestartPending");
  EXPECT_EQ(seen.conditions[0]["message"], "changes of cpu, memory take effect at the next start");
}

TEST_F(LibvirtBackendTest, AChangedDefinitionIsDrift) {
  backend_.create(request(), quiet_call());
  Domain domain = read_domain(found()->definition).value();
  domain.cores = 3;
  domain.memory_kib = 131072;
  domain.disks[0].source = directory_ + "/other.img";
  ASSERT_TRUE(libvirt_->define(write_domain(domain)));
  const Json actual = observe(request()).actual["template"]["spec"]["domain"];
  EXPECT_EQ(actual["cpu"], (Json{{"sockets", 1}, {"cores", 3}, {"threads", 1}}));
  EXPECT_EQ(actual["resources"]["requests"]["memory"], "131072Ki");
  EXPECT_EQ(actual["devices"]["disks"][0]["volumeName"], directory_ + "/other.img");
  domain.disks.clear();
  ASSERT_TRUE(libvirt_->define(write_domain(domain)));
  EXPECT_EQ(observe(request()).actual["template"]["spec"]["domain"]["devices"]["disks"], Json::array());
  backend_.update(request(), quiet_call());
  EXPECT_EQ(observe(request()).actual, request().desired);
}

// S1-45: the disk is the DataVolume's.
TEST_F(LibvirtBackendTest, RemoveStopsAndUndefinesAndLeavesTheDisk) {
  backend_.create(request({"start"}), quiet_call());
  Resource r = request();
  r.desired = nullptr;
  backend_.remove(r, quiet_call());
  EXPECT_FALSE(found());
  EXPECT_EQ(read_text(disk_), "bytes");
  backend_.remove(r, quiet_call());
}

// S1-42
TEST_F(LibvirtBackendTest, ExpandChecksTheChainAndMakesTheDataVolume) {
  EXPECT_EQ(backend_.expand(request(), quiet_call()).at(0).name, "example-dv");
  Resource r = request();
  r.desired["template"]["spec"]["volumes"][0]["name"] = "other";
  EXPECT_EQ(failure_of([&] { backend_.expand(r, quiet_call()); }).code(), "invalid_argument");
}

TEST_F(LibvirtBackendTest, ADaemonOnAnotherHostIsRefused) {
  LibvirtBackend backend;
  EXPECT_EQ(failure_of([&] {
              backend.open({{"uri", "qemu+ssh://host/system"}}, quiet_call());
            }).code(),
            "invalid_argument");
}

TEST_F(LibvirtBackendTest, WithoutADaemonExistenceIsUnknownAndSaysWhatToDo) {
  LibvirtBackend backend;
  backend.open({{"uri", "qemu:///system?socket=" + directory_ + "/none"}}, quiet_call());
  const Failure failure = failure_of([&] { backend.observe(request(), quiet_call()); });
  EXPECT_EQ(failure.code(), "unavailable");
  EXPECT_NE(std::string(failure.what()).find("systemctl start libvirtd"), std::string::npos)
      << failure.what();
}

// A machine that takes its time to shut down, which the test driver does not have.
class SlowGuest final : public Hypervisor {
 public:
  Result<std::optional<DomainState>> find(const std::string&, const std::string&) override { return state; }
  Result<std::vector<DomainState>> list() override { return std::vector<DomainState>{*state}; }
  Result<std::string> whole_definition(const std::string&) override { return state->definition; }
  Result<Memory> memory() override { return Memory{.all = int64_t{4} << 30, .taken = int64_t{1} << 30}; }
  Status set_metadata(const std::string&, const std::string& name_space, const std::string& xml) override {
    Domain domain = read_domain(state->definition).value();
    const std::string element = "<resource xmlns='" + name_space + "'" + xml.substr(std::strlen("<resource"));
    domain.mark = read_domain("<domain><metadata>" + element + "</metadata></domain>").value().mark;
    return define(write_domain(domain));
  }
  Status define(const std::string& xml) override {
    if (!state) state = DomainState{.uuid = read_domain(xml).value().uuid, .name = kName};
    state->definition = xml;
    return {};
  }
  Status start(const std::string&) override {
    state->power = Power::running;
    state->running_xml = state->definition;
    return {};
  }
  Status shutdown(const std::string&) override {
    ++buttons;
    return {};
  }
  Status destroy(const std::string&) override {
    state->power = Power::stopped;
    state->running_xml.clear();
    cut = true;
    cut.notify_all();
    return {};
  }
  Status undefine(const std::string&) override {
    state.reset();
    return {};
  }

  std::optional<DomainState> state;
  int buttons = 0;
  std::atomic<bool> cut = false;
};

// A machine that was asked to start, on a hypervisor that the test plays.
class SlowGuestTest : public LibvirtBackendTest {
 protected:
  SlowGuestTest() {
    played_.open(Json::object(), quiet_call());
    played_.create(request({"start"}), quiet_call());
  }

  SlowGuest* guest_ = nullptr;
  LibvirtBackend played_{[this](const std::string&) {
    auto made = std::make_unique<SlowGuest>();
    guest_ = made.get();
    return made;
  }};
};

TEST_F(SlowGuestTest, AStartThatLibvirtNeverFinishedIsNoPause) {
  guest_->state->power = Power::paused;
  for (const auto& [reason, advice] :
       {std::pair("Starting", "remove /run/libvirt/qemu/" + std::string(kName) + ".xml"),
        {"PausedByUser", "virsh resume " + std::string(kName)}}) {
    guest_->state->reason = reason;
    const Observation seen = played_.observe(request(), quiet_call());
    EXPECT_EQ(seen.phase, "Paused");
    EXPECT_NE(seen.message.find(advice), std::string::npos) << seen.message;
  }
}

TEST_F(SlowGuestTest, AGuestHasItsGracePeriodToShutDown) {
  Resource r = request({"stop"});
  r.generation = "generation-2";
  r.desired["template"]["spec"]["terminationGracePeriodSeconds"] = 1000;
  sdk::Outcome outcome = played_.update(r, quiet_call());
  EXPECT_TRUE(outcome.in_progress);
  r.private_state = outcome.private_state;
  Observation seen = played_.observe(r, quiet_call());
  EXPECT_TRUE(seen.busy);
  EXPECT_EQ(seen.phase, "Stopping");
  EXPECT_TRUE(played_.update(r, quiet_call()).in_progress);
  EXPECT_EQ(guest_->buttons, 1);
  EXPECT_EQ(guest_->state->power, Power::running);

  r.generation = "generation-3";
  r.private_state = Json::object();
  r.desired["template"]["spec"]["terminationGracePeriodSeconds"] = 1;
  EXPECT_TRUE(played_.update(r, quiet_call()).in_progress);
  EXPECT_EQ(guest_->buttons, 2);
  guest_->cut.wait(false);
  EXPECT_EQ(played_.observe(r, quiet_call()).phase, "Stopped");
}

TEST(Memory, IsAPoolOfWhatThisMachineHas) {
  LibvirtBackend backend([](const std::string&) { return std::make_unique<SlowGuest>(); });
  backend.open(Json::object(), quiet_call());
  EXPECT_EQ(
      backend.pools(quiet_call()),
      Json({{"memory", {{"capacity", int64_t{4} << 30}, {"free", int64_t{3} << 30}, {"unit", "bytes"}}}}));
  backend.open({{"overcommit", 20}}, quiet_call());
  EXPECT_EQ(backend.pools(quiet_call())["memory"]["free"], 0) << "more is taken than may be";
  backend.open({{"overcommit", 200}}, quiet_call());
  EXPECT_EQ(backend.pools(quiet_call())["memory"]["free"], int64_t{7} << 30);
}

TEST_F(LibvirtBackendTest, TellsTheMemoryOfItsHypervisor) {
  const Json pool = backend_.pools(quiet_call()).at("memory");
  EXPECT_GT(pool.at("capacity"), 0);
  EXPECT_GE(pool.at("free"), 0);
}

// What a change takes of the pool.
int64_t demand(const sdk::Change& change) {
  LibvirtBackend backend;
  const sdk::Check check = backend.check(change, {{"memory", Json::object()}});
  return check.demands.at(0).second;
}

TEST_F(LibvirtBackendTest, AMachineTakesItsMemoryWhileItIsToRun) {
  const Json on = request({"start"}).desired, off = request().desired;
  Json large = on;
  large["template"]["spec"]["domain"]["resources"]["requests"]["memory"] = "1Gi";
  constexpr int64_t kMiB = 1 << 20;
  EXPECT_EQ(demand({.action = "create", .desired = on}), 64 * kMiB);
  EXPECT_EQ(demand({.action = "create", .desired = off}), 0);
  EXPECT_EQ(demand({.action = "update", .desired = large, .actual = on}), 960 * kMiB);
  EXPECT_EQ(demand({.action = "update", .desired = on, .actual = off}), 64 * kMiB);
  EXPECT_EQ(demand({.action = "update", .desired = off, .actual = on}), -64 * kMiB);
  EXPECT_EQ(demand({.action = "delete", .actual = on}), -64 * kMiB);
  LibvirtBackend backend;
  const Json pools = {{"memory", Json::object()}};
  const sdk::Change open{
      .action = "create", .desired = on, .unknown = {"/template/spec/domain/memory/guest"}};
  EXPECT_NE(backend.check(open, pools).unchecked, "");
  // Nobody has said what there is.
  EXPECT_NE(backend.check({.action = "create", .desired = on}, Json::object()).unchecked, "");
  EXPECT_EQ(backend.check({.action = "create", .desired = off}, Json::object()).unchecked, "");
  EXPECT_EQ(backend.check({.action = "delete", .actual = on}, Json::object()).unchecked, "");
}

TEST(DomainUuid, IsTheSameForTheSameAddressOnly) {
  const std::string uuid = domain_uuid("i", "kubevirt.io/VirtualMachine/default/a");
  EXPECT_EQ(uuid, domain_uuid("i", "kubevirt.io/VirtualMachine/default/a"));
  EXPECT_NE(uuid, domain_uuid("i", "kubevirt.io/VirtualMachine/default/b"));
  EXPECT_NE(uuid, domain_uuid("j", "kubevirt.io/VirtualMachine/default/a"));
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '8');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
}

}  // namespace
}  // namespace tenon::libvirt
