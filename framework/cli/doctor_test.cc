// What `doctor` says about things that are missing, on a plugin and a machine that the test makes up.
#include <sys/stat.h>

#include "framework/cli/commands_testing.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/health.h"
#include "framework/inventory/lock.h"

namespace tenon {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "cloud", "version": "2",
  "configuration": {"type": "object", "properties": {"tool": {"type": "string"}}},
  "needs": [{"program": "cloud-tool", "setting": "/tool", "package": "cloud-utils", "for": "imports"},
            {"library": "libcloud.so.2", "package": "libcloud-two"},
            {"service": "cloudd", "package": "cloud-daemon"}],
  "kinds": [{"group": "test", "kind": "Server", "versions": ["v1"], "schema": {"type": "object"}}]
})";

// What is wrong with the machine.
struct Machine {
  std::vector<Library> libraries;
  std::optional<Error> server;          // what observe says
  std::function<void()> asked = [] {};  // called when somebody looks for libraries
};

class Server final : public Backend {
 public:
  explicit Server(const Machine& machine) : machine_(machine) {}
  Result<Observed> observe(const std::vector<Request>& requests, const CallContext&) override {
    if (machine_.server) return *machine_.server;
    return Observed(std::vector<Observation>(requests.size()));
  }
  Result<Outcome> create(const Request&, const CallContext&) override { return forbidden(); }
  Result<Outcome> update(const Request&, const CallContext&) override { return forbidden(); }
  Result<Outcome> remove(const Request&, const CallContext&) override { return forbidden(); }
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>&,
                                                             const CallContext&) override {
    return forbidden();
  }

 private:
  static Error forbidden() {
    ADD_FAILURE() << "a doctor changes nothing";
    return {Code::internal, "changed"};
  }
  const Machine& machine_;
};

class Cloud final : public PluginSource {
 public:
  explicit Cloud(const Machine& machine) : machine_(machine) {}
  Result<std::shared_ptr<const Manifest>> manifest(const std::string&) override {
    return std::make_shared<const Manifest>(*parse_manifest(kManifest));
  }
  Result<std::vector<Library>> libraries(const std::string&) override {
    machine_.asked();
    return machine_.libraries;
  }
  Result<std::unique_ptr<Backend>> open(const InstanceConfiguration&) override {
    return std::unique_ptr<Backend>(new Server(machine_));
  }

 private:
  const Machine& machine_;
};

class Doctor : public CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    std::filesystem::create_directory("bin");
    add_program("bin/cloud-tool");
    variables_["PATH"] = std::filesystem::current_path() / "bin";
    write("cloud.so", "");
    write("tenon.yaml", "instances:\n- name: north\n  plugin: ./cloud.so\n");
  }
  std::unique_ptr<PluginSource> plugins(const PluginOptions&) override {
    return std::make_unique<Cloud>(machine_);
  }
  void add_program(const std::string& name) {
    write(name, "");
    chmod(name.c_str(), 0755);
  }

  // The checks that are not ok, as "state check subject: finding → remedy".
  std::vector<std::string> complaints() {
    const Done done = run({"doctor", "--isolation", "none", "-o", "json"});
    const Json document = Json::parse(done.out);
    EXPECT_EQ(done.status, document["healthy"] ? kSuccess : kFailure);
    std::vector<std::string> found;
    for (const Json& check : document["checks"])
      if (check["state"] != "ok")
        found.push_back(check["state"].get<std::string>() + " " + check["check"].get<std::string>() + " " +
                        check["subject"].get<std::string>() + ": " + check["finding"].get<std::string>() +
                        " → " + check.value("remedy", ""));
    return found;
  }

  Machine machine_;
};

using Texts = std::vector<std::string>;

TEST_F(Doctor, FindsNothingWhereNothingIsWrong) { EXPECT_EQ(complaints(), Texts()); }

TEST_F(Doctor, TellsEachThingAsSoonAsItIsKnown) {
  std::string before;
  machine_.asked = [&] { before = said_(); };
  const Done done = run({"doctor", "--isolation", "none"});
  EXPECT_NE(before.find("ok       configuration  tenon.yaml            1 instance\n"), std::string::npos)
      << before;
  EXPECT_EQ(before.find("cloud"), std::string::npos) << before;
  EXPECT_TRUE(done.out.starts_with(before)) << done.out;
}

TEST_F(Doctor, SaysWhichPackageAMissingProgramIsIn) {
  std::filesystem::remove("bin/cloud-tool");
  EXPECT_EQ(complaints(), Texts{"error program cloud-tool: is not in PATH (plugin cloud, imports) → "
                                "install it; on Debian: apt-get install cloud-utils"});
}

TEST_F(Doctor, LooksForTheProgramThatTheConfigurationNames) {
  std::filesystem::remove("bin/cloud-tool");
  add_program("bin/mine");
  write("tenon.yaml", "instances:\n- name: north\n  plugin: ./cloud.so\n  configuration: {tool: mine}\n");
  EXPECT_EQ(complaints(), Texts());
}

TEST_F(Doctor, SaysWhichPackageAMissingLibraryIsIn) {
  machine_.libraries = {
      {"libcloud.so.2", "", "libcloud.so.2: cannot open shared object file"},
      {"libfoo.so.1", "", "libbar3.so.4: cannot open shared object file"},  // which libfoo needs
      {"libc.so.6", "/lib/libc.so.6", ""}};
  EXPECT_EQ(
      complaints(),
      (Texts{"error library libcloud.so.2: plugin cloud: libcloud.so.2: cannot open shared object file → "
             "install it; on Debian: apt-get install libcloud-two",
             "error library libfoo.so.1: plugin cloud: libbar3.so.4: cannot open shared object file → "
             "install it; on Debian: apt-get install libbar3-4 (if that is not its name, `apt-file "
             "search libbar3.so.4` tells)"}));
}

TEST_F(Doctor, SaysWhatAnInstanceThatCannotBeReachedNeeds) {
  machine_.server = Error{Code::unavailable, "connection refused"};
  EXPECT_EQ(complaints(),
            Texts{"error instance north: connection refused → start cloudd, or name another one "
                  "in tenon.yaml; where it is not installed, on Debian: apt-get install "
                  "cloud-daemon"});
  EXPECT_EQ(run({"plugins", "--check"}).status, kFailure);
  EXPECT_EQ(run({"plugins"}).status, kSuccess);
}

TEST_F(Doctor, NamesAFieldOfTheConfigurationThatIsWrong) {
  write("tenon.yaml", "instances:\n- name: north\n  plugin: ./cloud.so\n  configuration: {tol: x}\n");
  EXPECT_EQ(complaints(),
            Texts{"error configuration tenon.yaml:4:19: unknown field 'tol' → did you mean 'tool'?"});
}

TEST_F(Doctor, FindsAStateDirectoryThatOthersCanWrite) {
  std::filesystem::create_directory(".tenon");
  chmod(".tenon", 0777);
  EXPECT_EQ(complaints(), Texts{"error state ./.tenon: can be written by others, who could change what Tenon "
                                "owns → chmod go-w ./.tenon"});
}

TEST_F(Doctor, FindsThatAStateDirectoryCannotBeMade) {
  write("file", "");
  const Done done = run({"doctor", "--isolation", "none", "--state", "file/state", "-o", "json"});
  EXPECT_EQ(done.status, kFailure);
  const std::string file = std::filesystem::current_path() / "file";
  const Json expected = {{"check", "state"},
                         {"finding", "is not there, and this user can make nothing in " + file},
                         {"remedy", "run it where you may write, or name another place with --state"},
                         {"state", "error"},
                         {"subject", "file/state"}};
  EXPECT_EQ(Json::parse(done.out)["checks"][2], expected) << done.out;
  EXPECT_NE(run({"doctor", "--isolation", "none", "--state", "new/state"}).out.find("not there yet"),
            std::string::npos);
}

TEST_F(Doctor, WhatMayNotBeDoneIsNotMendedByAService) {
  machine_.server = Error{Code::permission_denied, "creating directory /x: Permission denied"};
  EXPECT_EQ(complaints(),
            Texts{"error instance north: creating directory /x: Permission denied → run as a user "
                  "who may do that, or name other places with --state and in tenon.yaml"});
}

TEST_F(Doctor, FindsADamagedInventory) {
  std::filesystem::create_directory(".tenon");
  write(".tenon/inventory.db", "no database");
  const Texts found = complaints();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].starts_with("error inventory ./.tenon/inventory.db: ")) << found[0];
}

TEST_F(Doctor, TellsWhoHoldsTheLock) {
  const auto lock = RunLock::acquire("./.tenon/lock", "tenon apply -f x", clock_.now());
  ASSERT_TRUE(lock);
  const Done done = run({"doctor", "--isolation", "none"});
  EXPECT_EQ(done.status, kSuccess);
  EXPECT_NE(done.out.find("held by \"tenon apply -f x\""), std::string::npos) << done.out;
}

TEST(DebianPackages, AreNamedAsThePolicySays) {
  EXPECT_EQ(debian_package_of("libvirt.so.0"), "libvirt0");
  EXPECT_EQ(debian_package_of("libsqlite3.so.0"), "libsqlite3-0");
  EXPECT_EQ(debian_package_of("libdevmapper.so.1.02.1"), "libdevmapper1.02.1");
  EXPECT_EQ(debian_package_of("libgcc_s.so.1"), "libgcc-s1");
  EXPECT_EQ(debian_package_of("ld-linux-x86-64.so.2"), "");
}

}  // namespace
}  // namespace tenon
