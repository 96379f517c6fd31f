// Whoever judges is judged: each property with an engine or a backend that is broken on purpose.
#include <gtest/gtest.h>

#include <memory>

#include "framework/run/properties/play.h"

namespace tenon::properties {
namespace {

// What is said of the property when it breaks; "": it holds.
std::string complaint(const Scene& scene, Property property, const Sabotage& sabotage) {
  const auto broken = play(scene, sabotage).broken;
  const auto found = broken.find(property);
  return found == broken.end() ? "" : found->second;
}

// The first graph that breaks it in these words.
std::optional<unsigned> seed_that_breaks(Property property, const Sabotage& sabotage,
                                         const std::string& how) {
  for (unsigned seed = 0; seed < 1000; ++seed)
    if (complaint(random_scene(seed), property, sabotage).find(how) != std::string::npos) return seed;

  return std::nullopt;
}

// A planner that forgets what comes first.
void forget_order(Plan& plan) {
  for (Step& step : plan.steps) step.after.clear(), step.guards.clear();
}

// A planner that takes what cannot be looked at for absent.
void create_blocked(Plan& plan) {
  for (const Change& change : plan.changes)
    if (change.action == Action::blocked && !change.desired.is_null())
      plan.steps.push_back({.address = change.address, .instance = "fake", .reason = "x"});
}

void skip_deletes(Plan& plan) {
  std::erase_if(plan.steps, [](const Step& step) { return step.kind == StepKind::remove; });
  for (Step& step : plan.steps) step.after.clear();
}

// A planner that says another thing each time.
void plan_by_chance(Plan& plan) { plan.notes.push_back("made by chance"); }

void name_another_cycle(Diagnostics& diagnostics) {
  for (Diagnostic& diagnostic : diagnostics) diagnostic.summary = "a cycle: Slow n0 requires Slow n0";
}

void see_no_cycle(Diagnostics& diagnostics) { diagnostics.clear(); }

// A scheduler that makes every call again.
void call_twice(Simulated& run) {
  const auto calls = run.calls;
  run.calls.insert(run.calls.end(), calls.begin(), calls.end());
}

// A host that is taken for dead while its call goes on.
void give_up_early(SimulationOptions& options) {
  options.abandons = [](const Call&) { return true; };
}

// A backend that answers as if everything that was told of were done.
void believe_what_is_told(SimulationOptions& options) {
  options.distort = [](const Call& call, const Simulated& run, CallResult& result) {
    auto* seen = std::get_if<Result<Observed>>(&result.answer);
    for (size_t i = 0; seen && *seen && i < (*seen)->observations.size(); ++i)
      if (run.heard.contains(call.requests[i].address)) {
        Observation& observation = (*seen)->observations[i];
        observation.phase = "Ready", observation.busy = false;
      }
  };
}

// A planner for which a move is a delete and a create.
void make_anew_what_moves(Plan& plan) {
  for (size_t i = 0, count = plan.steps.size(); i < count; ++i) {
    if (plan.steps[i].kind != StepKind::move || plan.desired(plan.steps[i].address).is_null()) continue;
    Step removal{.kind = StepKind::remove, .address = *plan.steps[i].from, .instance = "fake"};
    removal.guarded_delete = true;
    plan.steps.push_back(std::move(removal));
    plan.steps[i].kind = StepKind::create;
    plan.steps[i].from.reset();
  }
}

// A planner for which to forget is to delete.
void delete_what_is_forgotten(Plan& plan) {
  for (Step& step : plan.steps)
    if (step.kind == StepKind::forget) step.kind = StepKind::remove, step.guarded_delete = true;
}

// A planner that deletes whatever no manifest names.
void prune_everything(Plan& plan) {
  for (const Change& change : plan.changes) {
    if (change.action != Action::none || !change.desired.is_null()) continue;
    Step removal{.kind = StepKind::remove, .address = change.address, .instance = "fake"};
    removal.guarded_delete = true;
    plan.steps.push_back(std::move(removal));
  }
}

// A planner for which a default that has changed is a new wish.
void follow_new_defaults(Plan& plan) {
  for (Change& change : plan.changes)
    if (change.desired.is_object() && change.desired.contains("tier") && change.desired["tier"] == "thin")
      change.desired.edit()["tier"] = "plain";
}

// A planner that sends what nobody writes any more as it was.
void keep_what_is_unwritten(Plan& plan) {
  for (Change& change : plan.changes)
    for (const FieldChange& field : change.fields)
      if (field.pointer == "/tier" && !field.before.is_null()) change.desired.edit()["tier"] = field.before;
}

// A planner that asks whether each fits alone.
void ask_for_each_alone(Simulation& world) {
  world.check = [&world](const std::string&, const auto& changes, const Pools& pools) {
    auto checks = world.backend.check(changes, pools, {}).value();
    for (size_t i = 1; i < checks.size(); ++i) checks[i]->demands.clear();
    return checks;
  };
}

void tell_a_secret(Simulated& run) {
  run.events.push_back({.text = std::string(kSecret)}), run.calls_at.push_back(0);
}

// A driver that records specs as they were written.
void record_a_secret(Simulation& world) {
  std::vector<Owned> rows = world.inventory.owned().value();
  if (rows.empty()) return;
  rows.front().applied.edit()["secret"] = std::string(kSecret) + "1";
  (void)world.inventory.commit({PutOwned{rows.front()}}).has_value();
}

void call_somebody_else(Simulated& run) {
  for (Call& call : run.calls) call.requests.front().address.name = call.requests.front().address.name + "x";
}

struct Broken {
  Property property;
  Sabotage sabotage;
  std::string how;  // part of what is said of it
};

TEST(Judges, NoticeWhatIsBroken) {
  const Broken all[] = {
      {Property::order, {.plan = forget_order}, "before"},
      {Property::order, {.driver = believe_what_is_told}, "is ready"},
      {Property::converges, {.plan = skip_deletes}, "does not end"},
      {Property::second_empty, {.plan = skip_deletes}, "not empty"},
      {Property::once, {.run = call_twice}, "called again"},
      {Property::others_run, {.plan = forget_order}, "nothing that it needs does"},
      {Property::deterministic, {.plan = plan_by_chance}, "another plan"},
      {Property::exactly, {.run = call_somebody_else}, "something else"},
      {Property::one_at_a_time, {.driver = give_up_early}, "two calls"},
      {Property::no_secret, {.run = tell_a_secret}, "shows one"},
      {Property::no_secret, {.world = record_a_secret}, "has one"},
      {Property::real_cycle, {.diagnostics = name_another_cycle}, "not real"},
      {Property::real_cycle, {.diagnostics = see_no_cycle}, "nobody says so"},
      {Property::unknown, {.plan = create_blocked}, "is unknown"},
      {Property::converges, {.plan = follow_new_defaults}, "not of tier thin"},
      {Property::converges, {.plan = keep_what_is_unwritten}, "tier"},
      {Property::own_set, {.plan = prune_everything}, "of another set"},
      {Property::own_set, {.plan = prune_everything}, "nobody asked to prune"},
      {Property::room, {.world = ask_for_each_alone}, "is taken where"},
      {Property::same_object, {.plan = make_anew_what_moves}, "made anew"},
      {Property::same_object, {.plan = delete_what_is_forgotten}, "no longer the object"},
  };
  for (const Broken& broken : all)
    EXPECT_TRUE(seed_that_breaks(broken.property, broken.sabotage, broken.how))
        << static_cast<int>(broken.property) << ": " << broken.how;
}

bool begins_with_what_stays(const Scene& scene) {
  const Node& first = scene.nodes.begin()->second;
  const bool stays = first.past == Past::applied && !first.wanted && !first.others && !first.forgotten;
  return stays && !scene.prune && !scene.destroy;
}

// What stays since nobody prunes it says nothing of the rest.
TEST(Judges, JudgeTheRestOfAWorldInWhichSomethingStays) {
  bool noticed = false;
  for (unsigned seed = 0; seed < 5000 && !noticed; ++seed)
    if (const Scene scene = random_scene(seed); begins_with_what_stays(scene))
      noticed =
          complaint(scene, Property::converges, {.plan = follow_new_defaults}).find("not of tier thin") !=
          std::string::npos;
  EXPECT_TRUE(noticed);
}

// A planner that says everything twice, in no order.
void double_steps(Plan& plan) {
  const std::vector<Step> once = plan.steps;
  plan.steps.insert(plan.steps.end(), once.begin(), once.end());
}

// No plan of ours has two such steps: the scheduler does not rely on that.
TEST(Scheduler, CallsOneAtATimeWhateverThePlanSays) {
  int64_t judged = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    const Findings findings = play(random_scene(seed), {.plan = double_steps});
    const auto broken = findings.broken.find(Property::one_at_a_time);
    EXPECT_TRUE(broken == findings.broken.end()) << seed << ": " << broken->second;
    if (const auto cases = findings.judged.find(Property::one_at_a_time); cases != findings.judged.end())
      judged += cases->second;
  }
  EXPECT_GT(judged, 100);
}

TEST(Judges, ShrinkAGraphToWhatMatters) {
  const Sabotage sabotage{.plan = forget_order};
  const std::string how = "before test/Fast";
  const auto breaks = [&](const Scene& scene) {
    return complaint(scene, Property::order, sabotage).find(how) != std::string::npos;
  };
  const auto seed = seed_that_breaks(Property::order, sabotage, how);
  ASSERT_TRUE(seed);
  const Scene small = shrink(random_scene(*seed), breaks);
  EXPECT_TRUE(breaks(small));
  EXPECT_LE(small.nodes.size(), 2u) << to_text(small);
  EXPECT_TRUE(small.kills.empty()) << to_text(small);
  for (const auto& [number, node] : small.nodes) EXPECT_EQ(node.script, Script()) << to_text(small);
  EXPECT_LT(to_text(small).size(), 200u) << to_text(small);
}

}  // namespace
}  // namespace tenon::properties
