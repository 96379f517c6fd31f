#include "framework/cli/render_plan.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

constexpr const char* kManifest = R"({
  "manifestVersion": 1, "name": "world", "version": "1",
  "kinds": [
    {"group": "core", "kind": "Claim", "plural": "claims", "versions": ["v1"], "schema": {"type": "object",
      "properties": {"size": {"type": "string"}, "key": {"type": "string", "x-secret": true}}}},
    {"group": "test", "kind": "Machine", "plural": "machines", "versions": ["v1"], "schema": {"type": "object",
      "x-kubernetes-preserve-unknown-fields": true}}
  ]
})";

Catalog catalog() { return Catalog({{"world", std::make_shared<Manifest>(*parse_manifest(kManifest))}}, {}); }

const Address kClaim{"core", "Claim", "default", "disk"};
const Address kMachine{"test", "Machine", "default", "m"};

Change create(const Address& address, Json desired, Position origin) {
  return {.address = address,
          .instance = "world",
          .action = Action::create,
          .reasons = {"it does not exist"},
          .desired = std::move(desired),
          .origin = std::move(origin)};
}

std::string rendered(const Planned& planned) { return render_plan(planned, catalog(), Style(false)); }

TEST(RenderPlan, NothingToDo) { EXPECT_EQ(rendered({}), "No changes.\n"); }

TEST(RenderPlan, ShowsChangesAndAwaitsInTheOrderOfTheSteps) {
  Planned planned;
  Change claim = create(kClaim, {{"size", "64Mi"}, {"key", "hunter2"}}, {"vm.yaml", 9, 5});
  claim.parent = kMachine;
  Change machine = create(kMachine, {}, {"vm.yaml", 1, 1});
  machine.desired = {{"disk", {{"tenon.dev/ref", to_string(kClaim)}, {"path", "/disk"}}}, {"cores", 1}};
  machine.notes = {"starts only on the next boot"};
  planned.plan.changes = {claim, machine};
  const Await await{.target = kClaim, .phases = {"Bound"}};
  planned.plan.steps = {{.kind = StepKind::create, .address = kClaim},
                        {.kind = StepKind::await, .address = kClaim, .await = await},
                        {.kind = StepKind::create, .address = kMachine}};
  EXPECT_EQ(rendered(planned), R"(  + core/Claim/default/disk
      create: it does not exist
      child of Machine m, vm.yaml:9:5
      key: (sensitive)
      size: "64Mi"
  … await Claim disk until Bound
  + test/Machine/default/m
      create: it does not exist
      vm.yaml:1:1
      cores: 1
      disk: (known after apply)
      note: starts only on the next boot

Plan: 2 to create, 0 to update, 0 to replace, 0 to delete, 1 await.
)");
}

TEST(RenderPlan, ShowsTheValuesOfWhatIsCreatedAsFarAsTheyAreKnown) {
  Planned planned;
  Change machine = create(kMachine, {}, {"vm.yaml", 1, 1});
  const auto output = [](const char* path) {
    return Json{{"tenon.dev/ref", to_string(kClaim)}, {"path", path}};
  };
  machine.desired = {{"disk", output("/disk")}, {"label", output("/later")}};
  machine.fields = {{.pointer = "/disk", .after = "/disks/1"}};
  planned.plan.changes = {machine};
  planned.plan.steps = {{.kind = StepKind::create, .address = kMachine}};
  const std::string text = rendered(planned);
  EXPECT_NE(text.find("disk: \"/disks/1\"\n"), std::string::npos) << text;
  EXPECT_NE(text.find("label: (known after apply)\n"), std::string::npos) << text;
}

TEST(RenderPlan, ShowsDriftApartFromWhatWasAsked) {
  Planned planned;
  Change change{
      .address = kMachine, .action = Action::update, .reasons = {"it drifted", "its spec has changed"}};
  change.fields = {{.pointer = "/running", .before = false, .after = true, .drift = true},
                   {.pointer = "/cores", .before = 1, .after = 2}};
  change.operations = {"start"};
  planned.plan.changes = {change};
  planned.plan.steps = {{.kind = StepKind::update, .address = kMachine}};
  EXPECT_EQ(rendered(planned), R"(  ~ test/Machine/default/m
      update: it drifted; its spec has changed
      then: start
      changed outside of Tenon, to be put right:
        running: false → true
      asked for:
        cores: 1 → 2

Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 0 awaits.
)");
}

TEST(RenderPlan, ShowsWhatDiffersInsideOfWhatIsBuiltAlike) {
  Planned planned;
  Change change{.address = kMachine, .action = Action::update, .reasons = {"its spec has changed"}};
  const Json templates =
      Json::parse(R"([{"name": "a", "spec": {"size": "64Mi", "old": 1}}, {"name": "b", "spec": {}}])");
  Json other = templates;
  other[0]["spec"] = {{"size", "65Mi"}, {"a/b", true}};
  change.fields = {{.pointer = "/templates", .before = templates, .after = other},
                   {.pointer = "/names", .before = {"a"}, .after = {"a", "b"}}};
  planned.plan.changes = {change};
  planned.plan.steps = {{.kind = StepKind::update, .address = kMachine}};
  EXPECT_NE(rendered(planned).find("      templates[0].spec.old: 1 → (none)\n"
                                   "      templates[0].spec.size: \"64Mi\" → \"65Mi\"\n"
                                   "      templates[0].spec[\"a/b\"]: (none) → true\n"
                                   "      names: [\"a\"] → [\"a\",\"b\"]\n"),
            std::string::npos)
      << rendered(planned);
}

TEST(RenderPlan, MasksSecretsInsideOfWhatIsBuiltAlike) {
  Planned planned;
  Change change{.address = kClaim, .action = Action::update, .reasons = {"its spec has changed"}};
  change.fields = {{.pointer = "", .before = {{"key", "old"}}, .after = {{"key", "new"}}}};
  planned.plan.changes = {change};
  planned.plan.steps = {{.kind = StepKind::update, .address = kClaim}};
  EXPECT_NE(rendered(planned).find("key: (sensitive) → (sensitive)"), std::string::npos) << rendered(planned);
}

TEST(RenderPlan, MasksSecretFields) {
  Planned planned;
  Change change{.address = kClaim, .action = Action::update, .reasons = {"its spec has changed"}};
  change.fields = {{.pointer = "/key", .before = "old", .after = "new", .secret = true}};
  planned.plan.changes = {change};
  planned.plan.steps = {{.kind = StepKind::update, .address = kClaim}};
  const std::string text = rendered(planned);
  EXPECT_NE(text.find("key: (sensitive) → (sensitive)"), std::string::npos) << text;
  EXPECT_EQ(plan_document(planned, catalog()).dump().find("old"), std::string::npos);
}

TEST(RenderPlan, ARefusalSaysWhatToDo) {
  Planned planned;
  Change change{.address = kClaim, .action = Action::remove, .reasons = {"it is no longer declared"}};
  change.refusal = Refusal{"it holds data", "--approve core/Claim/default/disk"};
  planned.plan.changes = {change};
  EXPECT_EQ(rendered(planned), R"(  - core/Claim/default/disk
      delete: it is no longer declared
      refused: it holds data
      what to do: --approve core/Claim/default/disk

Plan: 0 to create, 0 to update, 0 to replace, 1 to delete, 0 awaits. 1 refused.
)");
}

TEST(RenderPlan, ExternalsAreRead) {
  Planned planned;
  planned.graph.externals = {kClaim};
  planned.observations[kClaim] = {.existence = Existence::present, .phase = "Bound"};
  EXPECT_EQ(rendered(planned), "  <= core/Claim/default/disk  (Bound)\n\nNo changes.\n");
}

TEST(RenderPlan, ABlockedResourceIsNotNoChanges) {
  Planned planned;
  planned.plan.changes = {{.address = kClaim, .action = Action::blocked, .reasons = {"the world is away"}}};
  const std::string text = rendered(planned);
  EXPECT_NE(text.find("  ! core/Claim/default/disk\n      blocked: the world is away\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("1 blocked."), std::string::npos) << text;
}

}  // namespace
}  // namespace tenon
