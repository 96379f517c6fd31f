// Property 9 with the real programs: a recognisable secret goes through every command, and afterwards is in
// no file, no stream, no log, no request, no argument and no environment. What the plugin's process was
// started with is in world/opened.jsonl.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "framework/base/base64.h"
#include "framework/base/files.h"
#include "framework/base/json.h"
#include "framework/base/process.h"
#include "framework/base/temporary_directory.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr char kCanary[] = "c4n4ry-in-the-mine";
constexpr char kOther[] = "n1ght1ng4le-at-n00n";

std::string hash(const std::string& text) { return std::to_string(std::hash<std::string>{}(text)); }

class Canary : public testing::Test {
 protected:
  Canary() {
    fs::create_directories(prefix_ / "lib/tenon/plugins");
    fs::create_directories(prefix_ / "libexec/tenon");
    fs::create_directories(work_ / "world");
    for (const auto& [variable, place] : {std::pair("TENON", "tenon"),
                                          {"HOST", "libexec/tenon/tenon-plugin-host"},
                                          {"KEEPER", "lib/tenon/plugins/keeper.so"}}) {
      fs::copy_file(fs::canonical(std::getenv(variable)), prefix_ / place);
      fs::permissions(prefix_ / place, fs::perms(0755));
    }
    write("tenon.yaml", "instances:\n- {name: keeper, plugin: keeper, configuration: {world: " +
                            (work_ / "world").string() + "}}\n");
    write_manifests(kCanary);
  }

  void write(const std::string& name, const std::string& text) { std::ofstream(work_ / name) << text; }

  // A secret that stands in a spec, one in a template, an object that is one, and a Secret that is named.
  void write_manifests(const std::string& secret) {
    write("manifests.yaml",
          "apiVersion: v1\nkind: Secret\nmetadata: {name: me}\ndata: {key: " + to_base64(secret) +
              "}\n---\n"
              "apiVersion: test.tenon.dev/v1\nkind: Safe\nmetadata: {name: a}\nspec:\n  combination: " +
              secret + "\n  papers: {deed: " + secret +
              "}\n  owner: me\n---\n"
              "apiVersion: test.tenon.dev/v1\nkind: Vault\nmetadata: {name: v}\nspec:\n  safes:\n"
              "  - metadata: {name: b}\n    spec: {combination: " +
              secret + "}\n");
  }

  RunOutput tenon(const std::string& arguments) {
    const std::string script = "cd " + work_.string() + " && TENON_PREFIX=" + prefix_.string() + " " +
                               (prefix_ / "tenon").string() + " " + arguments;
    const auto output = run({"/bin/sh", "-c", script});
    EXPECT_TRUE(output) << output.error().message;
    said_ += output->out + output->err;
    return *output;
  }
  void expect_success(const std::string& arguments) {
    const RunOutput output = tenon(arguments);
    EXPECT_EQ(output.status, 0) << arguments << ":\n" << output.out << output.err;
  }

  // Files below the working directory that have this text in them.
  std::vector<std::string> files_with(const std::string& text) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(work_))
      if (entry.is_regular_file() && read_file(entry.path()).value_or("").find(text) != std::string::npos)
        found.push_back(fs::relative(entry.path(), work_));
    return found;
  }

  void expect_nowhere(const std::string& secret) const {
    for (const std::string& form : {secret, to_base64(secret)}) {
      EXPECT_EQ(said_.find(form), std::string::npos) << said_;
      for (const std::string& file : files_with(form))
        EXPECT_TRUE(file == "manifests.yaml" || file == "tenon.yaml") << file;
    }
  }

  // What the plugin made of the secrets of a Safe: {field or key: hash}.
  Json made_of(const std::string& name) const {
    std::ifstream in(work_ / "world" / name);
    return in ? Json::parse(in).at("outputs") : Json();
  }

  const TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_, prefix_ = directory_ / "prefix", work_ = directory_ / "work";
  std::string said_;
};

TEST_F(Canary, GoesToThePluginAndNowhereElse) {
  expect_success("validate -f manifests.yaml");
  expect_success("plan -f manifests.yaml");
  expect_success("plan -f manifests.yaml -o json");
  expect_success("graph -f manifests.yaml");
  expect_success("apply -f manifests.yaml --yes");
  EXPECT_EQ(made_of("a"), Json({{"combination", hash(Json(kCanary).dump())},
                                {"papers", hash(Json({{"deed", kCanary}}).dump())},
                                {"key", hash(kCanary)}}));
  EXPECT_EQ(made_of("b"), Json({{"combination", hash(Json(kCanary).dump())}}));
  EXPECT_EQ(tenon("plan -f manifests.yaml").out, "No changes.\n");
  for (const char* what :
       {"get", "get -o json", "get -o yaml", "describe safe/a", "describe vault/v -o json"})
    expect_success(what);
  expect_success("destroy --yes");
  EXPECT_EQ(made_of("a"), Json());

  EXPECT_EQ(files_with(kCanary), std::vector<std::string>{"manifests.yaml"});
  expect_nowhere(kCanary);
  // What was searched is what there is to be searched.
  for (const char* file : {".tenon/inventory.db", ".tenon/log/keeper.log", "world/requests.jsonl"})
    EXPECT_TRUE(fs::exists(work_ / file)) << file;
  const std::string opened = read_file(work_ / "world/opened.jsonl").value_or("");
  for (const char* word : {"--plugin", "TENON_PREFIX="})
    EXPECT_NE(opened.find(word), std::string::npos) << word;
  EXPECT_NE(read_file(work_ / "world/requests.jsonl").value_or("").find("hmac-sha256:"), std::string::npos);
}

TEST_F(Canary, ARotatedSecretIsAnUpdateThatShowsNeitherValue) {
  expect_success("apply -f manifests.yaml --yes");
  write_manifests(kOther);
  const RunOutput planned = tenon("plan -f manifests.yaml");
  EXPECT_NE(planned.out.find("combination: (sensitive) → (sensitive)"), std::string::npos) << planned.out;
  expect_success("apply -f manifests.yaml --yes");
  EXPECT_EQ(made_of("b"), Json({{"combination", hash(Json(kOther).dump())}}));
  EXPECT_EQ(tenon("plan -f manifests.yaml").out, "No changes.\n");
  expect_nowhere(kCanary);
  expect_nowhere(kOther);
}

TEST_F(Canary, ASavedPlanNamesWhereItsSecretsAreAndReadsThemAgain) {
  expect_success("plan -f manifests.yaml --out saved.json");
  const Json saved = Json::parse(read_file(work_ / "saved.json").value());
  std::vector<std::string> places;
  for (const Json& source : saved.at("secrets")) {
    EXPECT_EQ(source.at("file"), (work_ / "manifests.yaml").string());
    places.push_back(source.at("address").get<std::string>() + source.value("pointer", ""));
  }
  EXPECT_EQ(places, (std::vector<std::string>{
                        "core/Secret/default/me", "test.tenon.dev/Safe/default/a/spec/combination",
                        "test.tenon.dev/Safe/default/a/spec/papers",
                        "test.tenon.dev/Vault/default/v/spec/safes/0/spec/combination"}));
  expect_success("apply saved.json --yes");
  EXPECT_EQ(made_of("a")["key"], hash(kCanary));
  EXPECT_EQ(made_of("b")["combination"], hash(Json(kCanary).dump()));
  expect_nowhere(kCanary);
}

TEST_F(Canary, ASavedPlanIsRefusedWhenASecretIsAnotherOne) {
  expect_success("plan -f manifests.yaml --out saved.json");
  write_manifests(kOther);
  const RunOutput applied = tenon("apply saved.json --yes");
  EXPECT_EQ(describe_status(applied.status), "exit status 4");
  EXPECT_NE(applied.err.find("the secret of core/Secret/default/me in"), std::string::npos) << applied.err;
  EXPECT_EQ(made_of("a"), Json());
  fs::remove(work_ / "manifests.yaml");
  EXPECT_EQ(describe_status(tenon("apply saved.json --yes").status), "exit status 4");
}

TEST_F(Canary, ASavedPlanFindsSecretsInListsAndInDefaults) {
  write("manifests.yaml",
        std::string("apiVersion: v1\nkind: List\nitems:\n") +
            "- {apiVersion: test.tenon.dev/v1, kind: Safe, metadata: {name: a}, spec: {combination: " +
            kCanary + ", lock: {}}}\n" +
            "- apiVersion: test.tenon.dev/v1\n  kind: Vault\n  metadata: {name: v}\n  spec:\n"
            "    safes: [{metadata: {name: b}, spec: {lock: {}}}]\n");
  expect_success("plan -f manifests.yaml --out saved.json");
  expect_success("apply saved.json --yes");
  EXPECT_EQ(made_of("a"), Json({{"combination", hash(Json(kCanary).dump())}, {"lock", hash("\"0000\"")}}));
  EXPECT_EQ(made_of("b"), Json({{"lock", hash("\"0000\"")}}));
  expect_nowhere(kCanary);
}

TEST_F(Canary, ADamagedPlaceInASavedPlanIsNamed) {
  expect_success("plan -f manifests.yaml --out saved.json");
  Json saved = Json::parse(read_file(work_ / "saved.json").value());
  for (const char* pointer : {"/specX", "spec", "/spec/~5", "/spec", "/items/0/spec/combination"}) {
    for (Json& source : saved["secrets"])
      if (source.contains("pointer")) source["pointer"] = pointer;
    write("saved.json", saved.dump());
    const RunOutput applied = tenon("apply saved.json --yes");
    EXPECT_TRUE(applied.status == 1 << 8 || applied.status == 4 << 8)
        << pointer << ": " << describe_status(applied.status) << applied.err;
    EXPECT_FALSE(applied.err.empty());
  }
  EXPECT_EQ(made_of("a"), Json());
}

TEST_F(Canary, AConfigurationsSecretGoesToThePluginAndNowhereElse) {
  write("tenon.yaml", "instances:\n- {name: keeper, plugin: keeper, configuration: {password: " +
                          std::string(kCanary) + ", world: " + (work_ / "world").string() + "}}\n");
  for (const char* what : {"apply -f manifests.yaml --yes", "get", "describe safe/a", "plugins -o json",
                           "plan -f manifests.yaml --out saved.json"})
    expect_success(what);
  tenon("doctor");
  EXPECT_NE(read_file(work_ / "world/opened.jsonl")->find(hash(Json(kCanary).dump())), std::string::npos);
  expect_nowhere(kCanary);
}

TEST_F(Canary, APlanOfWhatCannotBeReadAgainIsNotSaved) {
  const RunOutput planned = tenon("plan -f - --out saved.json < manifests.yaml");
  EXPECT_EQ(describe_status(planned.status), "exit status 1");
  EXPECT_NE(planned.err.find("standard input"), std::string::npos) << planned.err;
  EXPECT_FALSE(fs::exists(work_ / "saved.json"));
}

TEST_F(Canary, ASecretThatNobodyDeclaresIsNamedWhereItIsMissing) {
  write("manifests.yaml",
        "apiVersion: test.tenon.dev/v1\nkind: Safe\nmetadata: {name: a}\nspec: {owner: you}\n");
  const RunOutput planned = tenon("plan -f manifests.yaml");
  EXPECT_EQ(describe_status(planned.status), "exit status 1");
  EXPECT_NE(planned.err.find("manifests.yaml:4:15: error: there is no Secret 'you' in namespace default"),
            std::string::npos)
      << planned.err;
}

class LostKey : public Canary {
 protected:
  LostKey() {
    write("manifests.yaml",
          std::string("apiVersion: test.tenon.dev/v1\nkind: Safe\nmetadata: {name: a}\nspec: {pin: ") +
              kCanary + ", combination: " + kCanary + "}\n");
  }
  void expect_that_it_lives_on() {
    expect_success("apply -f manifests.yaml --yes");
    EXPECT_EQ(tenon("plan -f manifests.yaml").out.find("No changes.\n"), 0U) << said_;
    EXPECT_EQ(made_of("a")["pin"], hash(Json(kCanary).dump()));
    EXPECT_EQ(read_file(work_ / "world/requests.jsonl")->find("\"delete\""), std::string::npos) << said_;
    expect_nowhere(kCanary);
  }
};

TEST_F(LostKey, ARebuiltInventoryReplacesNothing) {
  expect_success("apply -f manifests.yaml --yes");
  for (const char* rebuild : {"rebuild --yes", "rebuild -f manifests.yaml --yes"}) {
    fs::remove_all(work_ / ".tenon");
    expect_success(rebuild);
    expect_that_it_lives_on();
  }
}

TEST_F(LostKey, AnImportReplacesNothing) {
  expect_success("apply -f manifests.yaml --yes");
  expect_success("forget safe/a --yes");
  expect_success("import safe/a a -f manifests.yaml --yes");
  expect_that_it_lives_on();
}

TEST_F(LostKey, AnotherInventoryTakesItOverAndReplacesNothing) {
  expect_success("apply -f manifests.yaml --yes");
  expect_success("forget safe/a --yes");
  fs::remove_all(work_ / ".tenon");
  expect_success("apply -f manifests.yaml --adopt --yes");
  expect_that_it_lives_on();
}

TEST_F(Canary, AHandleInAManifestIsRefused) {
  expect_success("apply -f manifests.yaml --yes");
  const std::string requests = read_file(work_ / "world/requests.jsonl").value();
  const std::string handle = requests.substr(requests.find("hmac-sha256:"), 12 + 9 + 64);
  write("thief.yaml",
        "apiVersion: test.tenon.dev/v1\nkind: Safe\nmetadata: {name: t}\nspec:\n  combination:\n    "
        "tenon.dev/secret: " +
            handle + "\n");
  const RunOutput stolen = tenon("apply -f manifests.yaml -f thief.yaml --yes");
  EXPECT_EQ(describe_status(stolen.status), "exit status 1");
  EXPECT_NE(stolen.err.find("thief.yaml:6:5: error: a handle stands for a secret and is none"),
            std::string::npos)
      << stolen.err;
  EXPECT_EQ(made_of("t"), Json());
}

TEST_F(Canary, ATextThatYamlTakesForSomethingElseIsNotQuoted) {
  for (const char* text :
       {"!Passw0rd", "!!int Passw0rd", "!!map Passw0rd", "!!bool 12345678901234567890123",
        "12345678901234567890123", "-98765432109876543210987", "123e45678", "0xdeadbeefdeadbeefdeadbeef",
        "*Passw0rd", "@Passw0rd", "`Passw0rd", "%Passw0rd", "\"Passw0rd\\q\"", "\"Passw0rd", "Passw0rd: x",
        "{Passw0rd", "[Passw0rd", "&Passw0rd"}) {
    write("manifests.yaml",
          std::string("apiVersion: test.tenon.dev/v1\nkind: Safe\nmetadata: {name: a}\nspec:\n"
                      "  combination: ") +
              text + "\n");
    for (const char* form : {"validate -f manifests.yaml", "validate -f manifests.yaml -o json"}) {
      const RunOutput said = tenon(form);
      for (const char* secret : {"Passw0rd", "0123456789", "987654321", "123e45678", "deadbeef"})
        EXPECT_EQ((said.out + said.err).find(secret), std::string::npos) << text << ":\n"
                                                                         << said.out << said.err;
      EXPECT_TRUE(said.status != 0 || text[0] == '&') << text;
    }
  }
}

TEST_F(Canary, AWrongSecretIsNotQuoted) {
  write_manifests(kCanary);
  std::ofstream(work_ / "manifests.yaml", std::ios::app)
      << "---\napiVersion: v1\nkind: Secret\nmetadata: {name: bad}\ndata: {key: " << kCanary << "}\n"
      << "---\napiVersion: test.tenon.dev/v1\nkind: Safe\nmetadata: {name: c}\n"
      << "spec: {combination: [" << kCanary << "]}\n";
  const RunOutput validated = tenon("validate -f manifests.yaml");
  EXPECT_EQ(describe_status(validated.status), "exit status 1");
  EXPECT_NE(validated.err.find("expected base64 for 'key'"), std::string::npos) << validated.err;
  expect_nowhere(kCanary);
}

}  // namespace
}  // namespace tenon
