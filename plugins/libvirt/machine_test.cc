#include "plugins/libvirt/machine.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace tenon::libvirt {
namespace {

using sdk::Failure;
using sdk::Json;

std::string read(const std::string& name) {
  std::ifstream file("plugins/libvirt/testdata/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The spec of "Example VM using DV", as the engine hands it over.
Json example() { return Json::parse(read("example.json")); }
Json& domain(Json& spec) { return spec["template"]["spec"]["domain"]; }
Json& disks(Json& spec) { return domain(spec)["devices"]["disks"]; }
Json& volumes(Json& spec) { return spec["template"]["spec"]["volumes"]; }

// What parse_machine and data_volumes refuse it with.
std::string refusal(const Json& spec) {
  try {
    parse_machine(spec, "default");
    data_volumes(spec);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), "invalid_argument");
    return failure.what();
  }
  return "";
}

// S1-36 S1-38 S1-39 S1-40 S1-41
TEST(Machine, ReadsTheExample) {
  const Machine machine = parse_machine(example(), "default");
  EXPECT_FALSE(machine.running);
  EXPECT_EQ(machine.cores, 1);
  EXPECT_EQ(machine.memory_mib, 64);
  EXPECT_FALSE(machine.memory_rounded);
  EXPECT_EQ(machine.type, "q35");
  EXPECT_EQ(machine.grace_seconds, 0);
  ASSERT_EQ(machine.disks.size(), 1u);
  EXPECT_EQ(machine.disks[0].name, "disk0");
  EXPECT_EQ(machine.disks[0].bus, "virtio");
  EXPECT_EQ(machine.disks[0].claim, "cdi.kubevirt.io/DataVolume/default/example-dv");
  EXPECT_EQ(machine.disks[0].boot_order, 1);
}

// S1-29 S1-30 S1-35
TEST(Machine, ExpandsEachTemplateToADataVolume) {
  Json spec = example();
  spec["dataVolumeTemplates"][0]["metadata"]["labels"] = {{"a", "b"}};
  const auto children = data_volumes(spec);
  ASSERT_EQ(children.size(), 1u);
  EXPECT_EQ(children[0].api_version, "cdi.kubevirt.io/v1alpha1");
  EXPECT_EQ(children[0].kind, "DataVolume");
  EXPECT_EQ(children[0].name, "example-dv");
  EXPECT_EQ(children[0].spec, spec["dataVolumeTemplates"][0]["spec"]);
  EXPECT_EQ(children[0].labels, (Json{{"a", "b"}}));
  EXPECT_EQ(children[0].pointer, "/dataVolumeTemplates/0");
}

// S1-42
TEST(Machine, RefusesADiskWithoutItsVolume) {
  Json spec = example();
  disks(spec)[0]["volumeName"] = "other";
  EXPECT_EQ(refusal(spec),
            "spec/template/spec/domain/devices/disks/0/volumeName: there is no volume 'other' in "
            "template.spec.volumes (there: example-datavolume)");
}

// S1-42
TEST(Machine, ADiskWithoutVolumeNameNamesItsVolumeItself) {
  Json spec = example();
  disks(spec)[0].erase("volumeName");
  EXPECT_NE(refusal(spec).find("there is no volume 'disk0'"), std::string::npos);
  volumes(spec)[0]["name"] = "disk0";
  EXPECT_EQ(refusal(spec), "");
}

// S1-42
TEST(Machine, AVolumeMayNameADataVolumeDeclaredElsewhereButATemplateMustBeUsed) {
  Json spec = example();
  spec.erase("dataVolumeTemplates");
  EXPECT_EQ(refusal(spec), "");
  spec = example();
  volumes(spec)[0]["dataVolume"]["name"] = "elsewhere";
  EXPECT_NE(refusal(spec).find("names DataVolume 'example-dv'"), std::string::npos);
}

// S1-42
TEST(Machine, RefusesWhatIsThereTwice) {
  Json spec = example();
  disks(spec).push_back(disks(spec)[0]);
  EXPECT_NE(refusal(spec).find("two disks 'disk0'"), std::string::npos);
  disks(spec)[1]["name"] = "disk1";
  EXPECT_NE(refusal(spec).find("already uses volume 'example-datavolume'"), std::string::npos);
  spec = example();
  volumes(spec).push_back(volumes(spec)[0]);
  EXPECT_NE(refusal(spec).find("two volumes 'example-datavolume'"), std::string::npos);
  volumes(spec)[1] = {{"name", "again"}, {"persistentVolumeClaim", {{"claimName", "example-dv"}}}};
  EXPECT_NE(refusal(spec).find("another volume already uses"), std::string::npos);
  spec = example();
  spec["dataVolumeTemplates"].push_back(spec["dataVolumeTemplates"][0]);
  EXPECT_NE(refusal(spec).find("two templates 'example-dv'"), std::string::npos);
}

TEST(Machine, RefusesAVolumeThatNoDiskUses) {
  Json spec = example();
  disks(spec) = Json::array();
  EXPECT_NE(refusal(spec).find("no disk uses volume 'example-datavolume'"), std::string::npos);
}

TEST(Machine, MemoryIsRoundedUpToMiBAndGuestMemoryDecides) {
  Json spec = example();
  domain(spec)["resources"]["requests"]["memory"] = "64M";
  EXPECT_EQ(parse_machine(spec, "default").memory_mib, 62);
  EXPECT_TRUE(parse_machine(spec, "default").memory_rounded);
  domain(spec)["memory"]["guest"] = "1.5Gi";
  EXPECT_EQ(parse_machine(spec, "default").memory_mib, 1536);
  EXPECT_EQ(parse_machine(spec, "default").memory_field, "/template/spec/domain/memory/guest");
  domain(spec).erase("memory");
  domain(spec).erase("resources");
  EXPECT_NE(refusal(spec).find("no memory is given"), std::string::npos);
}

TEST(Machine, CpusAreTheTopologyOrElseTheRequestRoundedUp) {
  Json spec = example();
  domain(spec)["cpu"] = {{"sockets", 2}, {"threads", 2}};
  EXPECT_EQ(parse_machine(spec, "default").sockets, 2);
  EXPECT_EQ(parse_machine(spec, "default").cores, 1);
  EXPECT_EQ(parse_machine(spec, "default").threads, 2);
  domain(spec).erase("cpu");
  domain(spec)["resources"]["requests"]["cpu"] = "1500m";
  EXPECT_EQ(parse_machine(spec, "default").cores, 2);
}

TEST(Machine, TheFirstDiskBootsUnlessAnOrderIsGiven) {
  Json spec = example();
  disks(spec).push_back({{"name", "data"}, {"cdrom", Json::object()}});
  volumes(spec).push_back({{"name", "data"}, {"persistentVolumeClaim", {{"claimName", "c"}}}});
  Machine machine = parse_machine(spec, "ns");
  EXPECT_EQ(machine.disks[0].boot_order, 1);
  EXPECT_EQ(machine.disks[1].boot_order, 0);
  EXPECT_EQ(machine.disks[1].bus, "sata");
  EXPECT_EQ(machine.disks[1].claim, "core/PersistentVolumeClaim/ns/c");
  disks(spec)[1]["bootOrder"] = 1;
  EXPECT_EQ(parse_machine(spec, "ns").disks[0].boot_order, 0);
}

TEST(Machine, KnowsAliasesOfMachineTypes) {
  EXPECT_TRUE(same_machine_type("q35", "pc-q35-7.2"));
  EXPECT_TRUE(same_machine_type("pc", "pc-i440fx-7.2"));
  EXPECT_TRUE(same_machine_type("pc-q35-5.0", "pc-q35-5.0"));
  EXPECT_FALSE(same_machine_type("pc-q35-5.0", "pc-q35-7.2"));
  EXPECT_FALSE(same_machine_type("pc", "pc-q35-7.2"));
}

}  // namespace
}  // namespace tenon::libvirt
