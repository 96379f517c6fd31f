// Every folder below testdata: desired.yaml and world.yaml in, plan.txt out. TENON_UPDATE_GOLDEN=1 with
// `bazel run //framework/plan:golden_test` writes plan.txt anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "framework/base/files.h"
#include "framework/load/load.h"
#include "framework/plan/complete.h"
#include "framework/plan/plan_file.h"
#include "framework/plan/plan_testing.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = "framework/plan/testdata";
// What every secret value of a case begins with, so that it is found wherever it is shown.
constexpr std::string_view kSecret = "s3cr3t-";

bool shows_secret(const std::string& text) { return text.find(kSecret) != std::string::npos; }

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFolder))
    if (fs::is_directory(entry)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Document> documents(const std::string& name, const std::string& file, Diagnostics& diagnostics) {
  const auto text = read_file(kFolder / name / file);
  return text ? load_text(file, *text, diagnostics) : std::vector<Document>();
}

// What the record of a run leaves out is what nobody asks of it.
void expect_recorded(const Plan& plan, const Catalog& catalog) {
  Json expected = to_json(plan, catalog);
  expected["fingerprints"] = Json::object();
  Json changes = Json::array();
  for (Json& change : expected["changes"]) {
    change["fields"] = Json::array();
    if (change["action"] != "none") changes.push_back(change);
  }
  expected["changes"] = changes;

  const Json record = Json::parse(record_text(plan, catalog));

  EXPECT_EQ(record.dump(1), expected.dump(1));
  EXPECT_TRUE(plan_from_json(record));
}

std::string plan_of(const std::string& name) {
  const Catalog catalog = testing::catalog_from(kFolder / "manifests.json");
  Diagnostics diagnostics;
  std::vector<Resource> declared =
      to_resources(documents(name, "desired.yaml", diagnostics), "default", diagnostics);
  Diagnostics told_below;
  Vault vault("the key of this inventory");
  const auto as_new = complete(declared, {}, catalog, testing::plugins(), told_below, &vault);
  const auto world_document = documents(name, "world.yaml", diagnostics);
  testing::World world = testing::world_from(
      world_document.empty() ? Json::object() : world_document[0].value, as_new, catalog, vault);
  std::vector<Resource> desired =
      complete(std::move(declared), world.owned, catalog, testing::plugins(), diagnostics, &vault);
  add_undeclared(world.options, catalog, desired);
  const Graph graph = resolve(desired, world.owned, catalog, diagnostics);
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) text += to_string(diagnostic) + "\n";
  if (has_errors(diagnostics)) return text;
  testing::fill_absent(world, graph);
  const Plan plan = make_plan(graph, world.observations, world.owned, testing::kInventory, catalog,
                              world.options, world.capacity);
  const Json written = to_json(plan, catalog);
  EXPECT_EQ(plan_text(plan, catalog), written.dump());
  EXPECT_FALSE(shows_secret(written.dump())) << written.dump(1);
  const auto read_back = plan_from_json(written);
  EXPECT_TRUE(read_back) << read_back.error().message;
  if (read_back) {
    EXPECT_EQ(to_json(*read_back, catalog).dump(1), written.dump(1)) << "as read from its JSON";
  }
  expect_recorded(plan, catalog);
  return text + testing::render(plan, catalog);
}

// Of what a case declares.
std::vector<Json> secret_values(const std::string& name, const Catalog& catalog) {
  Diagnostics diagnostics;
  const auto none = [](const std::string&) -> const Schema* { return nullptr; };
  std::vector<Json> values;
  for (Resource& resource :
       to_resources(documents(name, "desired.yaml", diagnostics), "default", diagnostics)) {
    const KindManifest* kind = catalog.find(resource.address);
    const auto collect = [&values](const Json& value) { return values.push_back(value), value; };
    if (kind) replace_secrets(kind->schema, resource.spec.edit(), none, collect);
  }
  return values;
}

TEST(GoldenPlans, ShowNoSecret) {
  const Catalog catalog = testing::catalog_from(kFolder / "manifests.json");
  size_t judged = 0;
  for (const std::string& name : cases()) {
    for (const Json& value : secret_values(name, catalog)) {
      ++judged;
      EXPECT_TRUE(shows_secret(value.dump()))
          << name << ": a secret value begins with " << kSecret << ", and this one does not: " << value;
    }
    EXPECT_FALSE(shows_secret(read_file(kFolder / name / "plan.txt").value_or(""))) << name;
  }
  EXPECT_GT(judged, 10u);
}

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, Plan) {
  const std::string actual = plan_of(GetParam());
  if (std::getenv("TENON_UPDATE_GOLDEN") != nullptr) {
    const char* sources = std::getenv("BUILD_WORKSPACE_DIRECTORY");
    std::ofstream(fs::path(sources ? sources : ".") / kFolder / GetParam() / "plan.txt") << actual;
    return;
  }
  EXPECT_EQ(actual, read_file(kFolder / GetParam() / "plan.txt").value_or("no plan.txt yet"));
}

INSTANTIATE_TEST_SUITE_P(Folders, Golden, ::testing::ValuesIn(cases()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace tenon
