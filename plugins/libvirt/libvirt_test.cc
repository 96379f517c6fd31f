// The backend against a real libvirtd and QEMU, both of this test.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "framework/plugin/conformance/conformance.h"
#include "framework/plugin/open.h"
#include "plugins/libvirt/backend.h"
#include "plugins/libvirt/test_support.h"

namespace tenon::libvirt {
namespace {

using sdk::Failure;
using sdk::Observation;
using sdk::Resource;

const char kDomain[] = "default_example-vm";
const char kText[] = "sentinel 4711";
constexpr int kSkip = 77;  // the lab's word for: packages are missing

struct Ran {
  int status = -1;
  std::string output;  // standard output
};

Ran run(const std::string& command) {
  Ran ran;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return ran;
  char buffer[4096];
  while (const size_t size = fread(buffer, 1, sizeof buffer, pipe)) ran.output.append(buffer, size);
  ran.status = WEXITSTATUS(pclose(pipe));
  return ran;
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t at = text.find(begin) + begin.size();
  return text.substr(at, text.find(end, at) - at);
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

bool wait_until(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

// One libvirtd for each test; it goes with this process at the latest.
class LibvirtTest : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/tv-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    directory_ = pattern;
    up();
    if (IsSkipped() || HasFatalFailure()) return;
    const Ran made = run("e2e/lab/disk/make --text '" + std::string(kText) + "' " + disk());
    if (made.status == kSkip) GTEST_SKIP() << "packages are missing";
    ASSERT_EQ(made.status, 0);
    backend_.open({{"uri", uri_}, {"console", directory_ + "/console"}}, quiet_call());
  }
  void TearDown() override {
    run("e2e/lab/libvirt/down --state " + directory_ + "/s");
    std::filesystem::remove_all(directory_);
  }

  void up() {
    const Ran lab =
        run("e2e/lab/libvirt/up --state " + directory_ + "/s --owner " + std::to_string(getpid()));
    if (lab.status == kSkip) GTEST_SKIP() << "packages are missing";
    ASSERT_EQ(lab.status, 0);
    uri_ = between(lab.output, "LAB_LIBVIRT_URI='", "'");
  }
  std::string disk() const { return directory_ + "/disk.img"; }
  Resource request(const std::string& operation = "") const {
    Resource r = example_request(disk());
    if (!operation.empty()) r.operations = {operation};
    r.desired["running"] = operation != "stop";
    return r;
  }
  Observation observe() { return backend_.observe(request(), quiet_call()); }
  std::string virsh(const std::string& arguments) const {
    const Ran ran = run("virsh -q -c '" + uri_ + "' " + arguments);
    EXPECT_EQ(ran.status, 0) << arguments;
    return ran.output;
  }
  // The names that virsh lists, one a line.
  std::string domains(const std::string& which) const {
    std::string names = virsh("list --name " + which);
    while (!names.empty() && names.back() == '\n') names.pop_back();
    return names;
  }
  // How often the machine has said the text of its disk, once it has said it that often.
  bool said(int times) const {
    return wait_until(
        [&] { return count(read_text(directory_ + "/console/" + kDomain + ".log"), kText) >= times; });
  }

  std::string directory_, uri_;
  LibvirtBackend backend_;
};

// S1-36
TEST_F(LibvirtTest, BootsFromItsDiskAndHealsAfterDestroyAndUndefine) {
  EXPECT_EQ(observe().existence, "absent");
  const std::string identity = backend_.create(request("start"), quiet_call()).identity;
  EXPECT_TRUE(said(1));
  EXPECT_EQ(virsh("domuuid " + std::string(kDomain)).substr(0, 36), identity);
  Observation seen = observe();
  EXPECT_EQ(seen.phase, "Running");
  EXPECT_EQ(seen.actual, request().desired);  // "q35" and 64Mi as they were asked for
  EXPECT_EQ(seen.conditions, Json::array());

  virsh("destroy " + std::string(kDomain));
  seen = observe();
  EXPECT_EQ(seen.actual["running"], false);
  EXPECT_EQ(seen.phase, "Halted");
  EXPECT_EQ(seen.reason, "Destroyed");
  backend_.update(request("start"), quiet_call());
  EXPECT_TRUE(said(2));

  virsh("destroy " + std::string(kDomain));
  virsh("undefine " + std::string(kDomain));
  EXPECT_EQ(observe().existence, "absent");
  backend_.create(request("start"), quiet_call());
  EXPECT_TRUE(said(3));
  EXPECT_EQ(observe().identity, identity);

  backend_.update(request("stop"), quiet_call());
  EXPECT_EQ(domains("--state-shutoff"), kDomain);
  EXPECT_EQ(observe().phase, "Stopped");
  backend_.remove(request(), quiet_call());
  EXPECT_EQ(domains("--all"), "");
  EXPECT_TRUE(std::filesystem::exists(disk()));
}

// S1-38 S1-39
TEST_F(LibvirtTest, EverythingThatCanBeAskedForReadsBackAsAsked) {
  Resource r = request("start");
  Json& machine = r.desired["template"]["spec"];
  machine["domain"]["machine"]["type"] = "pc";
  machine["domain"]["cpu"] = {{"sockets", 2}, {"cores", 1}, {"threads", 2}};
  machine["domain"]["memory"]["guest"] = "0.1G";
  Json& disks = machine["domain"]["devices"]["disks"];
  disks[0]["bootOrder"] = 2;
  disks.push_back({{"name", "scsi"}, {"disk", {{"bus", "scsi"}}}, {"serial", "S-1"}, {"bootOrder", 1}});
  disks.push_back({{"name", "sata"}, {"disk", {{"bus", "sata"}}}});
  disks.push_back({{"name", "cd"}, {"cdrom", Json::object()}});
  for (const std::string name : {"scsi", "sata", "cd"}) {
    machine["volumes"].push_back({{"name", name}, {"persistentVolumeClaim", {{"claimName", name}}}});
    std::filesystem::copy_file(disk(), directory_ + "/" + name);
    r.dependencies["core/PersistentVolumeClaim/default/" + name]["outputs"]["disk"] = {
        {"type", "file"}, {"path", directory_ + "/" + name}, {"format", "raw"}};
  }
  backend_.create(r, quiet_call());
  EXPECT_TRUE(said(1));
  const Observation seen = backend_.observe(r, quiet_call());
  EXPECT_EQ(seen.actual, r.desired);
  EXPECT_EQ(seen.conditions, Json::array());
  EXPECT_NE(virsh("dumpxml " + std::string(kDomain)).find("<serial>S-1</serial>"), std::string::npos);
}

TEST_F(LibvirtTest, ManyCreatesAtOnceMakeOneDomain) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([this] { EXPECT_NO_THROW(backend_.create(request("start"), quiet_call())); });
  threads.clear();
  EXPECT_EQ(domains("--all"), kDomain);
  EXPECT_EQ(observe().phase, "Running");
}

TEST_F(LibvirtTest, UndefinedWhileItRunsIsDefinedAgain) {
  backend_.create(request("start"), quiet_call());
  virsh("undefine " + std::string(kDomain));
  EXPECT_TRUE(observe().resumable);
  backend_.create(request("start"), quiet_call());
  EXPECT_FALSE(observe().resumable);
  EXPECT_EQ(domains("--persistent"), kDomain);
}

TEST_F(LibvirtTest, AForeignDomainStaysAsItIs) {
  write_text(directory_ + "/foreign.xml",
             "<domain type='qemu'><name>" + std::string(kDomain) +
                 "</name><memory>65536</memory><os><type>hvm</type></os></domain>");
  virsh("define " + directory_ + "/foreign.xml");
  const std::string before = virsh("dumpxml " + std::string(kDomain));
  try {
    backend_.create(request("start"), quiet_call());
    ADD_FAILURE() << "created over a foreign domain";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), "already_exists");
  }
  EXPECT_EQ(virsh("dumpxml " + std::string(kDomain)), before);
}

TEST_F(LibvirtTest, AnAdoptedDomainKeepsWhatNoManifestSpeaksOf) {
  write_text(directory_ + "/by-hand.xml",
             "<domain type='qemu'><name>" + std::string(kDomain) +
                 "</name><title>by hand</title><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type "
                 "machine='q35'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' "
                 "type='raw'/><source file='" +
                 disk() +
                 "'/><target dev='vda' bus='virtio'/></disk><interface type='user'><mac "
                 "address='52:54:00:11:22:33'/><model type='virtio'/></interface><hostdev mode='subsystem' "
                 "type='usb'><source startupPolicy='optional'><vendor id='0x1234'/><product id='0xbeef'/>"
                 "</source></hostdev><serial type='pty'/><graphics type='vnc' passwd='sesame'/>"
                 "<video><model type='cirrus'/></video></devices></domain>");
  virsh("define " + directory_ + "/by-hand.xml");
  const auto definition = [&] { return virsh("dumpxml --inactive --security-info " + std::string(kDomain)); };
  const auto without_mark = [&] {
    const std::string xml = definition();
    return xml.substr(xml.find("</metadata>"));
  };
  Resource r = request("stop");
  r.mark = "set";
  backend_.update(r, quiet_call());
  r.mark = "";
  r.operations.clear();
  const std::string before = without_mark();

  r.record = {{"labels", {{"a", "label"}}}};
  r.generation = "generation-2";
  backend_.update(r, quiet_call());
  EXPECT_EQ(without_mark(), before);

  r.desired["template"]["spec"]["domain"]["resources"]["requests"]["memory"] = "96Mi";
  r.generation = "generation-3";
  backend_.update(r, quiet_call());
  const std::string after = definition();
  for (const char* part : {"<title>by hand</title>", "52:54:00:11:22:33", "0xbeef", "passwd='sesame'",
                           "type='cirrus'", "<memory unit='KiB'>98304</memory>"})
    EXPECT_EQ(count(after, part), 1) << part << " in " << after;
  const Observation seen = backend_.observe(r, quiet_call());
  EXPECT_EQ(seen.generation, "generation-3");
  EXPECT_EQ(seen.owner, r.address);
}

TEST_F(LibvirtTest, ASecondDaemonAfterTheFirstIsConnectedAgain) {
  EXPECT_EQ(observe().existence, "absent");
  EXPECT_EQ(run("e2e/lab/libvirt/down --state " + directory_ + "/s").status, 0);
  try {
    observe();
    ADD_FAILURE() << "observed without a daemon";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), "unavailable") << failure.what();
  }
  up();
  EXPECT_EQ(observe().existence, "absent");
}

TEST_F(LibvirtTest, ConformsInAHostProcess) {
  const auto file = [](const char* variable) { return std::filesystem::absolute(std::getenv(variable)); };
  const auto manifest = manifest_in_process(file("PLUGIN")).value_or(nullptr);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(failures(check_manifest(*manifest)), "");
  const auto open = [&] {
    return open_hosted({.program = file("HOST"), .plugin = file("PLUGIN"), .instance = "libvirt"},
                       {{"uri", uri_}}, manifest);
  };
  const Resource r = request("stop");
  ConformanceSample sample{.address = {"kubevirt.io", "VirtualMachine", "default", "example-vm"},
                           .spec = r.desired,
                           .changed = r.desired,
                           .manifest = manifest,
                           .reopen = open};
  sample.kill = [] { kill_hosts(std::filesystem::absolute(std::getenv("HOST"))); };
  sample.changed["template"]["spec"]["domain"]["cpu"]["cores"] = 2;
  sample.dependencies[{"cdi.kubevirt.io", "DataVolume", "default", "example-dv"}] = {
      .phase = "Succeeded", .outputs = r.dependencies.begin().value()["outputs"]};
  const auto findings = run_conformance(*open(), sample);
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings), (std::set<std::string>{"secrets are not echoed", "the log tells no secret"}))
      << "it has none";
}

TEST_F(LibvirtTest, ADaemonThatHangsIsUnavailableAndNotWaitedForForever) {
  EXPECT_EQ(observe().existence, "absent");
  const std::string daemon = "$(pgrep -P $(cut -d' ' -f1 " + directory_ + "/s/init.pid) -x libvirtd)";
  ASSERT_EQ(run("kill -STOP " + daemon).status, 0);
  try {
    observe();
    ADD_FAILURE() << "a stopped daemon answered";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), "unavailable") << failure.what();
  }
  ASSERT_EQ(run("kill -CONT " + daemon).status, 0);
  EXPECT_EQ(observe().existence, "absent");
}

}  // namespace
}  // namespace tenon::libvirt
