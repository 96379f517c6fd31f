#include "framework/model/catalog.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

Instance instance(const char* name, const char* group, const char* kind, const char* short_name) {
  const Json json = {{"manifestVersion", 1},
                     {"name", name},
                     {"kinds",
                      {{{"group", group},
                        {"kind", kind},
                        {"versions", {"v1"}},
                        {"shortNames", {short_name}},
                        {"schema", Json::object()}}}}};
  return {name, std::make_shared<const Manifest>(*parse_manifest(json.dump()))};
}

const KindName kVm{"kubevirt.io", "VirtualMachine"};

Catalog catalog(std::vector<Route> routes = {}) {
  return Catalog({instance("local", "kubevirt.io", "VirtualMachine", "vm"),
                  instance("remote", "kubevirt.io", "VirtualMachine", "vm"),
                  instance("cloud", "kupenstack.io", "VirtualMachine", "vm"),
                  instance("disks", "core", "PersistentVolumeClaim", "pvc")},
                 std::move(routes));
}

Resource vm(const char* name_space = "default") {
  Resource resource;
  resource.address = {"kubevirt.io", "VirtualMachine", name_space, "x"};
  return resource;
}

TEST(Catalog, RoutesByAnnotationThenRouteThenOnlyCandidate) {
  Resource resource = vm();
  EXPECT_EQ(*catalog({{kVm, "other", "local"}, {kVm, "", "remote"}}).route(resource), "remote");
  EXPECT_EQ(*catalog({{kVm, "other", "local"}, {kVm, "", "remote"}}).route(vm("other")), "local");
  resource.annotations["tenon.dev/backend"] = "local";
  EXPECT_EQ(*catalog({{kVm, "", "remote"}}).route(resource), "local");
  resource.address = {"core", "PersistentVolumeClaim", "default", "x"};
  EXPECT_EQ(catalog().route(resource).error().code, Code::not_found);  // the annotation names one that cannot
  resource.annotations.clear();
  EXPECT_EQ(*catalog().route(resource), "disks");
}

TEST(Catalog, RefusesToGuessAndNamesTheCandidates) {
  const Result<std::string> route = catalog().route(vm());
  ASSERT_FALSE(route);
  EXPECT_EQ(route.error().code, Code::failed_precondition);
  EXPECT_NE(route.error().message.find("local, remote"), std::string::npos);
}

TEST(Catalog, NamesTheNearestKindForAnUnknownOne) {
  Resource resource = vm();
  resource.address.kind = "VirtualMachin";
  EXPECT_NE(catalog().route(resource).error().message.find("did you mean kubevirt.io/VirtualMachine?"),
            std::string::npos);
}

TEST(Catalog, FindsKindsByAnyNamePeopleUse) {
  const std::vector<KindName> one = {kVm};
  for (const char* text : {"VirtualMachine.kubevirt.io", "virtualmachines.kubevirt.io", "vm.kubevirt.io"})
    EXPECT_EQ(catalog().resolve_kind(text), one) << text;
  for (const char* text : {"vm", "virtualmachines", "VirtualMachine"})
    EXPECT_EQ(catalog().resolve_kind(text).size(), 2u) << text;
  EXPECT_TRUE(catalog().resolve_kind("pod").empty());
}

}  // namespace
}  // namespace tenon
