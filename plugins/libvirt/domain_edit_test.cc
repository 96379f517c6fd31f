#include "plugins/libvirt/domain_edit.h"

#include <gtest/gtest.h>

namespace tenon::libvirt {
namespace {

// As somebody made it by hand, with what no manifest speaks of.
const char kByHand[] = R"(<domain xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0" type="kvm">
  <name>by-hand</name>
  <uuid>01234567-89ab-4def-8123-456789abcdef</uuid>
  <metadata><o:app xmlns:o="https://other.example/">theirs</o:app></metadata>
  <memory unit="KiB">65536</memory>
  <currentMemory unit="KiB">32768</currentMemory>
  <vcpu placement="static" cpuset="0-1">2</vcpu>
  <cputune><shares>512</shares></cputune>
  <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type><boot dev="hd"/></os>
  <cpu mode="host-passthrough"><feature policy="require" name="vmx"/></cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type="file" device="disk"><driver name="qemu" type="raw" cache="none"/><source file="/data/a.img"/><target dev="vda" bus="virtio"/><address type="pci" slot="0x04"/></disk>
    <disk type="file" device="cdrom"><source file="/data/cd.iso"/><target dev="sda" bus="sata"/><readonly/></disk>
    <controller type="pci" index="0" model="pcie-root"/>
    <interface type="network"><mac address="52:54:00:11:22:33"/><source network="default"/><address type="pci" slot="0x03"/></interface>
    <serial type="pty"><log file="/theirs.log"/><target port="0"/></serial>
    <hostdev mode="subsystem" type="pci"><source><address domain="0x0000" bus="0x06" slot="0x12"/></source></hostdev>
    <graphics type="vnc" passwd="sesame"/>
    <video><model type="qxl" vram="65536"/></video>
  </devices>
  <qemu:commandline><qemu:arg value="-foo"/></qemu:commandline>
</domain>)";

// What the domain is, with its first disk declared as "a".
Domain as_it_is() {
  Domain domain = read_domain(kByHand).value();
  domain.disks.resize(1);
  domain.disks[0].name = "a";
  domain.console_log.clear();
  return domain;
}

std::string edited(const Domain& wanted, const std::set<std::string>& ours = {"a"},
                   const std::string& xml = kByHand) {
  return edit_domain(xml, wanted, ours).value();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

const char kNamed[] = R"(<alias name="ua-a"/></disk>)";
// An edit without a change gives the disk its name, and that is all.
std::string named() { return replaced(kByHand, "</disk>", kNamed); }

TEST(DomainEdit, TouchesNothingButTheDisksName) { EXPECT_EQ(edited(as_it_is()), named()); }

TEST(DomainEdit, MemoryChangesAlone) {
  Domain wanted = as_it_is();
  wanted.memory_kib = 131072;
  EXPECT_EQ(edited(wanted), replaced(replaced(named(), "65536</memory>", "131072</memory>"),
                                     "32768</currentMemory>", "131072</currentMemory>"));
}

TEST(DomainEdit, CpusChangeAlone) {
  Domain wanted = as_it_is();
  wanted.sockets = 1;
  wanted.cores = 3;
  EXPECT_EQ(edited(wanted), replaced(replaced(named(), ">2</vcpu>", ">3</vcpu>"), "</cpu>",
                                     R"(<topology sockets="1" cores="3" threads="1"/></cpu>)"));
}

TEST(DomainEdit, ADiskChangesInItsPlace) {
  Domain wanted = as_it_is();
  wanted.disks[0].source = "/data/b.img";
  wanted.disks[0].serial = "S";
  wanted.disks[0].boot_order = 1;
  const std::string before = named();  // it has its name by now
  EXPECT_EQ(edited(wanted, {"a"}, before),
            replaced(replaced(replaced(before, "/data/a.img", "/data/b.img"), kNamed,
                              R"(<alias name="ua-a"/><serial>S</serial><boot order="1"/></disk>)"),
                     R"(<boot dev="hd"/>)", ""));
}

TEST(DomainEdit, DisksThatWereNeverDeclaredStay) {
  Domain wanted = as_it_is();
  wanted.disks[0].name = "b";
  wanted.disks[0].source = "/data/b.img";
  wanted.disks[0].bus = "sata";
  const Domain after = read_domain(edited(wanted, {"a", "b"}, named())).value();
  ASSERT_EQ(after.disks.size(), 2u);
  EXPECT_EQ(after.disks[0].source, "/data/cd.iso");
  EXPECT_EQ(after.disks[1].name, "b");
  EXPECT_EQ(after.disks[1].source, "/data/b.img");
  EXPECT_EQ(after.disks[1].target, "sdb");
  wanted.disks.clear();
  EXPECT_EQ(read_domain(edited(wanted, {}, named())).value().disks.size(), 2u);
}

TEST(DomainEdit, ADiskOnAnotherBusIsPluggedInAnew) {
  Domain wanted = as_it_is();
  wanted.disks[0].bus = "scsi";
  const std::string after = edited(wanted);
  EXPECT_NE(after.find(R"(<target dev="sdb" bus="scsi"/>)"), std::string::npos) << after;
  EXPECT_EQ(after.find(R"(slot="0x04")"), std::string::npos);
  EXPECT_NE(after.find(R"(<controller type="scsi" model="virtio-scsi"/>)"), std::string::npos);
}

TEST(DomainEdit, AnotherMachineLeavesOnlyTheWiringToLibvirt) {
  Domain wanted = as_it_is();
  wanted.machine = "pc";
  const std::string after = edited(wanted);
  EXPECT_NE(after.find(R"(<type arch="x86_64" machine="pc">hvm</type>)"), std::string::npos);
  for (const char* gone : {R"(slot="0x03")", R"(slot="0x04")", "pcie-root"})
    EXPECT_EQ(after.find(gone), std::string::npos) << gone;
  for (const char* kept : {R"(slot="0x12")", "52:54:00:11:22:33", "qxl"})
    EXPECT_NE(after.find(kept), std::string::npos) << kept;
}

TEST(DomainEdit, TheMarkIsReplacedAndOthersMetadataStays) {
  Domain wanted = as_it_is();
  wanted.mark = DomainMark{.inventory = "i", .address = "a", .nonce = "n", .generation = "g", .spec = "{}"};
  const std::string once = edited(wanted);
  wanted.mark->generation = "g2";
  wanted.mark->targets = {{"vda", "a"}};
  const std::string twice = edited(wanted, {"a"}, once);
  EXPECT_EQ(read_domain(once).value().mark->generation, "g");
  EXPECT_EQ(read_domain(twice).value().mark, wanted.mark);
  EXPECT_EQ(twice.find(">g<"), std::string::npos);
  EXPECT_NE(twice.find(">theirs<"), std::string::npos);
}

TEST(DomainEdit, TheMarkNamesTheDisksOfADomainThatWasAdopted) {
  Domain wanted = as_it_is();
  wanted.mark = DomainMark{.inventory = "i", .targets = {{"vda", "a"}}};
  const std::string marked = replaced(edited(wanted), R"(<alias name="ua-a"/>)", "");
  EXPECT_EQ(read_domain(marked).value().disks[0].name, "a");
  wanted.disks[0].source = "/data/b.img";
  const Domain after = read_domain(edited(wanted, {"a"}, marked)).value();
  ASSERT_EQ(after.disks.size(), 2u);
  EXPECT_EQ(after.disks[0].source, "/data/b.img");
}

TEST(DomainEdit, TheConsoleIsLoggedWhereThereIsASerialLine) {
  Domain wanted = as_it_is();
  wanted.console_log = "/ours.log";
  EXPECT_EQ(read_domain(edited(wanted)).value().console_log, "/ours.log");
  const std::string bare = "<domain><devices/></domain>";
  EXPECT_EQ(read_domain(edited(wanted, {"a"}, bare)).value().console_log, "");
}

TEST(DomainEdit, IsNeededForWhatTheSpecSpeaksOfAndNothingElse) {
  Domain actual = read_domain(named()).value();
  const Domain wanted = as_it_is();
  EXPECT_FALSE(needs_edit(wanted, actual, {"a"}));
  EXPECT_FALSE(needs_edit(wanted, read_domain(kByHand).value(), {"a"})) << "found by its source";
  for (const auto& change : std::initializer_list<void (*)(Domain&)>{
           [](Domain& d) { d.memory_kib = 1; }, [](Domain& d) { d.threads = 2; },
           [](Domain& d) { d.machine = "pc"; }, [](Domain& d) { d.disks[0].source = "/other"; },
           [](Domain& d) { d.disks.clear(); }}) {
    Domain other = wanted;
    change(other);
    EXPECT_TRUE(needs_edit(other, actual, {"a"}));
  }
  actual.type = "qemu";
  actual.console_log = "/x";
  actual.mark = DomainMark{};
  EXPECT_FALSE(needs_edit(wanted, actual, {"a"}));
}

}  // namespace
}  // namespace tenon::libvirt
