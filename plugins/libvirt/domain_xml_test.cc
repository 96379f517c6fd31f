#include "plugins/libvirt/domain_xml.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace tenon::libvirt {
namespace {

std::string read(const std::string& name) {
  std::ifstream file("plugins/libvirt/testdata/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

DomainMark mark() {
  return {.inventory = "11111111-2222-3333-4444-555555555555",
          .address = "kubevirt.io/VirtualMachine/default/example-vm",
          .nonce = "n-1",
          .generation = "g-1",
          .spec = R"({"running":false})"};
}

Domain example() {
  return {.name = "default_example-vm",
          .uuid = "01234567-89ab-8def-8123-456789abcdef",
          .type = "qemu",
          .machine = "q35",
          .memory_kib = 65536,
          .disks = {{.name = "disk0",
                     .type = "file",
                     .source = "/data/default/example-dv/disk.img",
                     .format = "raw",
                     .bus = "virtio",
                     .boot_order = 1}},
          .mark = mark()};
}

// Everything that can be said, in one domain.
Domain rich() {
  Domain domain = example();
  domain.type = "kvm";
  domain.sockets = 2;
  domain.cores = 3;
  domain.threads = 2;
  domain.console_log = "/log/default_example-vm.log";
  domain.disks.push_back({.name = "data",
                          .type = "block",
                          .source = "/dev/vg/data",
                          .format = "raw",
                          .bus = "virtio",
                          .boot_order = 2,
                          .serial = "D-1"});
  domain.disks.push_back(
      {.name = "more", .type = "file", .source = "/data/more.qcow2", .format = "qcow2", .bus = "scsi"});
  domain.disks.push_back({.name = "cd",
                          .type = "file",
                          .source = "/data/cd.iso",
                          .format = "raw",
                          .bus = "sata",
                          .cdrom = true});
  return domain;
}

TEST(DomainXml, WritesTheExampleAsTheGoldenFile) { EXPECT_EQ(write_domain(example()), read("example.xml")); }

TEST(DomainXml, WritesEverythingAsTheGoldenFile) { EXPECT_EQ(write_domain(rich()), read("rich.xml")); }

// The names that disks are given when they are written.
Domain with_targets(Domain domain, const std::vector<std::string>& targets) {
  for (size_t i = 0; i < targets.size(); ++i) domain.disks.at(i).target = targets[i];
  return domain;
}

TEST(DomainXml, ReadsBackWhatItWrote) {
  EXPECT_EQ(read_domain(write_domain(example())).value(), with_targets(example(), {"vda"}));
  EXPECT_EQ(read_domain(write_domain(rich())).value(), with_targets(rich(), {"vda", "vdb", "sda", "sdb"}));
}

TEST(DomainXml, EscapesEverything) {
  Domain domain = example();
  domain.name = "a&b<c>";
  domain.disks[0].source = "/data/it's \"x\" & <y>/\n.img";
  domain.mark->spec = R"({"a":"</tenon:spec>]]>&amp;'\""})";
  domain.mark->address = "<metadata/>";
  EXPECT_EQ(read_domain(write_domain(domain)).value(), with_targets(domain, {"vda"}));
}

TEST(DomainXml, ADomainWithoutOurMarkHasNone) {
  EXPECT_FALSE(read_domain("<domain><metadata><r:resource xmlns:r='https://other/'/></metadata></domain>")
                   .value()
                   .mark.has_value());
  EXPECT_FALSE(read_domain("<domain><title>t</title></domain>").value().mark.has_value());
}

TEST(DomainXml, ReadsForeignDomains) {
  const Domain domain = read_domain(R"(<domain type='qemu' id='7'><name>x</name><memory unit='MiB'>2</memory>
      <vcpu placement='static'>4</vcpu><os><type machine='pc-q35-7.2'>hvm</type></os>
      <devices><disk type='file' device='disk'><source file='/a'/><target dev='sda' bus='ide'/>
      <alias name='ide0-0'/></disk></devices></domain>)")
                            .value();
  EXPECT_EQ(domain.memory_kib, 2048);
  EXPECT_EQ(domain.sockets, 4);
  EXPECT_EQ(domain.machine, "pc-q35-7.2");
  ASSERT_EQ(domain.disks.size(), 1u);
  EXPECT_EQ(domain.disks[0].name, "");
}

TEST(DomainXml, RefusesWhatIsNoDomain) {
  EXPECT_EQ(read_domain("<network/>").error().code, Code::internal);
  EXPECT_EQ(read_domain("<domain>").error().code, Code::internal);
  EXPECT_EQ(read_domain("").error().code, Code::internal);
}

// No external entity is ever loaded.
TEST(DomainXml, DoesNotFollowEntities) {
  const auto domain = read_domain(
      "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><domain><name>&x;</name></domain>");
  EXPECT_EQ(domain.value().name, "");
}

}  // namespace
}  // namespace tenon::libvirt
