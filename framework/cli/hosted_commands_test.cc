// Whole commands on real plugins and real hosts, and on none where none is allowed.
#include <sys/stat.h>

#include <algorithm>

#include "framework/base/files.h"
#include "framework/cli/commands_testing.h"
#include "framework/cli/exit_code.h"
#include "framework/plugin/test_plugins.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

// An installation of its own, in which every start of a host leaves a line.
class Hosted : public CommandLine {
 protected:
  void SetUp() override {
    const std::string host = fs::canonical(host_program());
    const std::string shelf = fs::canonical(test_plugin("shelf")),
                      misbehaving = fs::canonical(test_plugin("misbehaving"));
    CommandLine::SetUp();
    const std::string here = fs::current_path();
    install(shelf, "shelf");
    install(misbehaving, "misbehaving");
    fs::create_directories("prefix/libexec/tenon");
    write("prefix/libexec/tenon/tenon-plugin-host",
          "#!/bin/sh\necho \"$@\" >>" + here + "/starts\nexec " + host + " \"$@\"\n");
    chmod("prefix/libexec/tenon/tenon-plugin-host", 0755);
    variables_["TENON_PREFIX"] = here + "/prefix";
    write("tenon.yaml", "instances:\n- name: board\n  plugin: shelf\n");
    write("thing.yaml", "apiVersion: test.tenon.dev/v1\nkind: Thing\nmetadata: {name: a}\nspec: {size: 1}\n");
  }

  std::unique_ptr<PluginSource> plugins(const PluginOptions& options) override {
    return shared_object_plugins(options);
  }

  static std::string installed(const std::string& name) { return "prefix/lib/tenon/plugins/" + name + ".so"; }
  static void install(const std::string& file, const std::string& name) {
    fs::create_directories("prefix/lib/tenon/plugins");
    fs::copy_file(file, installed(name), fs::copy_options::overwrite_existing);
    chmod(installed(name).c_str(), 0755);
  }

  static size_t starts() {
    const std::string lines = read_file("starts").value_or("");
    return static_cast<size_t>(std::count(lines.begin(), lines.end(), '\n'));
  }

  // The commands that must do without: what they answer shows that they know the manifest.
  void ask_what_needs_no_host() {
    EXPECT_EQ(run({"validate", "-f", "thing.yaml"}).out,
              "Valid: 1 resource.\n  test.tenon.dev/Thing/default/a\n");
    const Done explained = run({"explain", "thing.spec.size"});
    EXPECT_EQ(explained.status, kSuccess) << explained.err;
    EXPECT_NE(explained.out.find("how large it is"), std::string::npos) << explained.out;
    EXPECT_EQ(run({"__complete", "explain", "thing.spec.s"}).out,
              ":nospace\nthing.spec.size\thow large it is\n");
    EXPECT_EQ(run({"__complete", "get", "th"}).out, "thing\ttest.tenon.dev\n");
    EXPECT_EQ(run({"__complete", "doctor", ""}).out, "board\tshelf\n");
  }
};

TEST_F(Hosted, WhatOnlyReadsMakesNoStateDirectory) {
  for (const auto& command : std::vector<std::vector<std::string>>{{"get"},
                                                                   {"plan", "-f", "thing.yaml"},
                                                                   {"validate", "-f", "thing.yaml"},
                                                                   {"graph", "-f", "thing.yaml"},
                                                                   {"explain", "thing"},
                                                                   {"plugins", "--check"},
                                                                   {"doctor"}}) {
    run(command);
    EXPECT_FALSE(fs::exists(".tenon")) << command.front();
  }
  EXPECT_GT(starts(), 0u);
}

TEST_F(Hosted, ValidateExplainAndCompletionStartNoHostOnceAManifestIsKnown) {
  fs::create_directory(".tenon");
  EXPECT_EQ(run({"validate", "-f", "thing.yaml"}).status, kSuccess);
  ASSERT_EQ(starts(), 1u);  // --manifest
  ask_what_needs_no_host();
  EXPECT_EQ(starts(), 1u);
  fs::remove_all(".tenon/cache");
  EXPECT_EQ(run({"explain", "thing"}).status, kSuccess);
  EXPECT_EQ(starts(), 2u);
}

TEST_F(Hosted, AnInstallationThatShipsItsManifestsNeedsNoHostEvenAtFirst) {
  fs::create_directory(".tenon");
  ASSERT_EQ(run({"validate", "-f", "thing.yaml"}).status, kSuccess);
  fs::create_directories("prefix/share/tenon");
  fs::rename(".tenon/cache", "prefix/share/tenon/manifests");
  fs::remove_all(".tenon");
  write("prefix/libexec/tenon/tenon-plugin-host", "#!/bin/sh\necho forbidden >>starts\nexit 1\n");
  fs::remove("starts");
  ask_what_needs_no_host();
  EXPECT_EQ(starts(), 0u);
}

// Two instances of which the second's plugin breaks: half an upgrade, a wrong file, a file that others can
// write.
class Broken : public Hosted {
 protected:
  void SetUp() override {
    Hosted::SetUp();
    fs::copy_file(installed("shelf"), installed("second"));
    write("tenon.yaml",
          "instances:\n- {name: board, plugin: shelf}\n- {name: other, plugin: second}\n"
          "routes:\n- {kind: test.tenon.dev/Thing, namespace: x, instance: other}\n"
          "- {kind: test.tenon.dev/Thing, instance: board}\n");
    write(
        "far.yaml",
        "apiVersion: test.tenon.dev/v1\nkind: Thing\nmetadata: {name: far, namespace: x}\nspec: {size: 1}\n");
    ASSERT_EQ(run({"apply", "--yes", "-f", "far.yaml"}).status, kSuccess);
    fs::rename(installed("second"), "good.so");
  }

  void destroys_everything_once_mended() {
    install("good.so", "second");
    const Done done = run({"destroy", "--yes"});
    EXPECT_EQ(done.status, kSuccess) << done.err;
    EXPECT_EQ(Json::parse(run({"get", "-A", "-o", "json"}).out)["items"], Json::array());
  }
};

TEST_F(Broken, APluginThatIsNoneLeavesTheOthersToGoOn) {
  write(installed("second"), "garbage");
  chmod(installed("second").c_str(), 0755);
  const Done applied = run({"apply", "--yes", "-f", "thing.yaml"});
  EXPECT_EQ(applied.status, kSuccess) << applied.err;
  EXPECT_NE(applied.err.find("tenon.yaml:3:25: warning: plugin 'second' cannot be used and is left out"),
            std::string::npos)
      << applied.err;
  EXPECT_NE(applied.err.find("second.so: file too short"), std::string::npos) << applied.err;
  const Done destroyed = run({"destroy", "--yes"});
  EXPECT_EQ(destroyed.status, kPartial);
  EXPECT_NE(destroyed.out.find("! test.tenon.dev/Thing/x/far"), std::string::npos) << destroyed.out;
  EXPECT_NE(destroyed.out.find("there is no instance 'other' to ask"), std::string::npos) << destroyed.out;
  destroys_everything_once_mended();
}

TEST_F(Broken, WhatIsRoutedToABrokenPluginGoesNowhereElse) {
  write(installed("second"), "garbage");
  write("new.yaml",
        "apiVersion: test.tenon.dev/v1\nkind: Thing\nmetadata: {name: new, namespace: x}\nspec: {size: 1}\n");
  const Done done = run({"apply", "--yes", "-f", "new.yaml"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.err.find(
                "new.yaml:2:7: error: tenon.yaml routes it to instance 'other', whose plugin cannot be used"),
            std::string::npos)
      << done.err;
  destroys_everything_once_mended();
}

TEST_F(Broken, WithoutAConfigurationItIsLeftOutToo) {
  write(installed("second"), "garbage");
  fs::remove("tenon.yaml");
  fs::remove(installed("misbehaving"));
  const Done done = run({"apply", "--yes", "-f", "thing.yaml"});
  EXPECT_EQ(done.status, kSuccess) << done.err;
  EXPECT_NE(done.err.find("second.so: warning: plugin 'second' cannot be used and is left out"),
            std::string::npos)
      << done.err;
}

TEST_F(Hosted, CompletingAWordWritesNothing) {
  EXPECT_EQ(run({"__complete", "get", "th"}).out, "thing\ttest.tenon.dev\n");
  EXPECT_FALSE(fs::exists(".tenon"));
}

TEST_F(Hosted, PluginsAreListedWithTheirInstancesAndFiles) {
  const Done done = run({"plugins"});
  EXPECT_EQ(done.status, kSuccess) << done.err;
  const std::string directory = fs::current_path() / "prefix/lib/tenon/plugins";
  EXPECT_EQ(done.out,
            "INSTANCE  PLUGIN       VERSION  ABI  KINDS                 CAPABILITIES          FILE\n"
            "-         misbehaving  1        1    Thing.test.tenon.dev  check,convert,expand  " +
                directory +
                "/misbehaving.so\n"
                "board     shelf        1.0.0    1    Thing.test.tenon.dev  -                     " +
                directory + "/shelf.so\n");
}

TEST_F(Hosted, PluginsTellEverythingAsJson) {
  const Done done = run({"plugins", "board", "--check", "-o", "json"});
  EXPECT_EQ(done.status, kSuccess) << done.err;
  const Json plugins = Json::parse(done.out)["plugins"];
  ASSERT_EQ(plugins.size(), 1u);
  EXPECT_EQ(plugins[0]["name"], "shelf");
  EXPECT_EQ(plugins[0]["mode"], "0755");
  EXPECT_EQ(plugins[0]["interface"], 1);
  EXPECT_EQ(plugins[0]["kinds"], Json({"Thing.test.tenon.dev"}));
  EXPECT_EQ(plugins[0]["instances"], Json::parse(R"([{"name": "board", "reachable": {"ok": true}}])"));
  bool libc = false;
  for (const Json& library : plugins[0]["libraries"]) libc |= library["name"] == "libc.so.6";
  EXPECT_TRUE(libc) << done.out;
}

// Whole frames, and in them what no member may be.
TEST_F(Hosted, AnAnswerOfTheWrongTypesBlocksWhatItIsAboutAndNothingElse) {
  write("tenon.yaml", "instances:\n- name: bad\n  plugin: misbehaving\n");
  const std::string child = R"("apiVersion": "test.tenon.dev/v1", "kind": "Thing")";
  for (const std::string& say :
       {std::string(R"({observe: {existence: present, outputs: [1]}})"),
        std::string(R"({observe: {existence: present, actual: text}})"),
        std::string(R"({observe: {existence: present, progress: 1.0e+300}})"),
        std::string(R"({observe: {existence: present, users: somebody}})"), std::string(R"({observe: [1]})"),
        "{expand: {" + child + R"(, "name": "c", "pointer": "template"}})",
        "{expand: {" + child + R"(, "name": "c", "spec": [1]}})",
        "{expand: {" + child + R"(, "name": 1}})"}) {
    write("thing.yaml",
          "apiVersion: test.tenon.dev/v1\nkind: Thing\nmetadata: {name: a}\nspec: {say: " + say +
              "}\n---\napiVersion: test.tenon.dev/v1\nkind: Thing\nmetadata: {name: b}\n");
    const Done done = run({"plan", "-f", "thing.yaml"});
    EXPECT_NE(done.out.find("+ test.tenon.dev/Thing/default/b"), std::string::npos)
        << say << done.out << done.err;
    EXPECT_EQ(done.out.find("+ test.tenon.dev/Thing/default/a"), std::string::npos) << say << done.out;
    EXPECT_NE(done.out.find("test.tenon.dev/Thing/default/a"), std::string::npos) << say << done.out;
  }
  // A name that is none is the manifest's fault as well as the plugin's.
  write("thing.yaml",
        "apiVersion: test.tenon.dev/v1\nkind: Thing\nmetadata: {name: a}\nspec: {say: {expand: {" + child +
            ", name: x/y}}}\n");
  const Done named = run({"plan", "-f", "thing.yaml"});
  EXPECT_EQ(named.status, kFailure);
  EXPECT_NE(named.err.find("'x/y' is not a name"), std::string::npos) << named.err;
}

TEST_F(Hosted, AnInstanceThatIsNotThereIsRefusedWithTheNearest) {
  for (const char* command : {"plugins", "doctor"}) {
    const Done unknown = run({command, "baord"});
    EXPECT_EQ(unknown.status, kFailure);
    EXPECT_NE(unknown.err.find("did you mean 'board'?"), std::string::npos) << unknown.err;
  }
}

TEST_F(Hosted, ADoctorWhoFindsNothingSaysSo) {
  const Done done = run({"doctor", "board"});
  EXPECT_EQ(done.status, kSuccess) << done.out;
  EXPECT_NE(done.out.find("reachable, plugin shelf"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("\nNothing is wrong.\n"), std::string::npos) << done.out;
}

TEST_F(Hosted, ADoctorWaitsForNothingThatHangs) {
  ASSERT_EQ(run({"apply", "--yes", "-f", "thing.yaml"}).status, kSuccess);
  write("prefix/libexec/tenon/tenon-plugin-host", "#!/bin/sh\nexec sleep 600\n");
  const Done done = run({"doctor", "board"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.out.find("did not end within 5000 ms"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("does not answer within T"), std::string::npos) << done.out;
}

TEST_F(Hosted, ADoctorFindsAPluginThatOthersCanWrite) {
  chmod(installed("shelf").c_str(), 0777);
  const Done done = run({"doctor"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.out.find("run chmod go-w"), std::string::npos) << done.out;
  // Nothing of it was run to find that out.
  EXPECT_EQ(done.out.find("reachable, plugin shelf"), std::string::npos) << done.out;
}

TEST_F(Hosted, ADoctorNamesALibraryThatIsMissingAndItsPackage) {
  ASSERT_EQ(run({"validate", "-f", "thing.yaml"}).status, kSuccess);
  std::string bytes = read_file(installed("shelf")).value();
  const size_t at = bytes.find(std::string(1, '\0') + "libc.so.6" + '\0');
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at + 1, 9, "libx.so.9");
  ASSERT_TRUE(write_file_atomically(installed("shelf"), bytes, 0755));
  const Done done = run({"doctor", "board"});
  EXPECT_EQ(done.status, kFailure);
  EXPECT_NE(done.out.find("libx.so.9"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("apt-get install libx9"), std::string::npos) << done.out;
}

}  // namespace
}  // namespace tenon
