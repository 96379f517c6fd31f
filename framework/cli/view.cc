#include "framework/cli/view.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "framework/cli/text.h"
#include "framework/engine/observe.h"
#include "framework/engine/summaries.h"
#include "framework/plan/plan_file.h"

namespace tenon {
namespace {

using Items = std::map<Address, Item>;

bool is_open(StepStatus status) {
  return status == StepStatus::pending || status == StepStatus::waiting || status == StepStatus::running;
}

Resource resource_of(const Plan& plan, const Step& step) {
  Resource resource{.address = step.address, .instance = step.instance, .spec = plan.desired(step.address)};
  resource.labels = step.labels.get<std::map<std::string, std::string>>();
  resource.annotations = step.annotations.get<std::map<std::string, std::string>>();
  resource.origin.parent = step.parent;
  return resource;
}

Resource resource_of(const Change& change) {
  Resource resource{.address = change.address, .instance = change.instance, .spec = change.desired};
  resource.origin.parent = change.parent;
  return resource;
}

// What the last plan would have made and is not in the inventory, since it has not come to it yet or was
// blocked: nothing else knows of them.
std::vector<Resource> unborn(const Plan& plan, const std::vector<StepRecord>& records,
                             const std::vector<Owned>& owned) {
  std::unordered_set<Address> names;
  for (const Owned& row : owned) names.insert(row.address);
  std::vector<Resource> resources;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    const bool known = names.contains(step.address);
    const bool done = i < records.size() && records[i].status == StepStatus::done;
    if (step.kind == StepKind::create && !known && !done) resources.push_back(resource_of(plan, step));
  }
  for (const Change& change : plan.changes)
    if (change.action == Action::blocked && !change.desired.is_null() && !names.contains(change.address))
      resources.push_back(resource_of(change));
  return resources;
}

// "waiting for DataVolume example-dv until Succeeded: ImportInProgress 41 %", from what is the case now.
std::string waiting_reason(const Step& step, const Observations& observations) {
  for (const Await& guard : step.guards) {
    const auto seen = observations.find(guard.target);
    const Observation observation = seen == observations.end() ? Observation() : seen->second;
    if (judge(guard, observation, "").verdict != Verdict::met)
      return "waiting for " + to_string(guard) + ": " + state_of(observation);
  }
  return "";
}

// The step that decides what is said about something that is not there.
const std::pair<Step, StepRecord>* create_step(const Item& item) {
  for (const auto& entry : item.steps)
    if (entry.first.kind == StepKind::create) return &entry;
  return nullptr;
}

void judge_absent(Item& item, const Observations& observations) {
  const auto* create = create_step(item);
  item.ready = Readiness::no;
  if (!create || create->second.status == StepStatus::done) {
    item.phase = "Missing";
    item.reason = "it is owned and gone from " + item.instance + "; apply makes it again";
    return;
  }
  const auto& [step, record] = *create;
  item.phase = record.status == StepStatus::failed ? "Failed" : "Pending";
  item.reason = is_open(record.status) ? waiting_reason(step, observations) : "";
  if (item.reason.empty()) item.reason = record.reason;
  if (record.status == StepStatus::skipped) item.reason = "skipped: " + item.reason;
}

void judge_present(Item& item, const KindManifest* kind) {
  const Observation& observation = item.observation;
  item.phase = observation.phase.empty() ? "Present" : observation.phase;
  item.reason = observation.message.empty() ? observation.reason : observation.message;
  const std::vector<std::string> phases = kind ? kind->ready.phases : std::vector<std::string>();
  const bool ready =
      phases.empty() || std::find(phases.begin(), phases.end(), observation.phase) != phases.end();
  item.ready = ready && !observation.busy ? Readiness::yes : Readiness::no;
}

// Nobody knows whether it is there, but this Tenon has not made it.
void judge_blocked(Item& item) {
  item.phase = "Pending";
  item.ready = Readiness::no;
  item.reason = "blocked: " + item.blocked;
}

void judge_item(Item& item, const Catalog& catalog, const Observations& observations) {
  if (!item.blocked.empty() && !item.owned && item.observation.existence != Existence::present)
    return judge_blocked(item);
  switch (item.observation.existence) {
    case Existence::present: return judge_present(item, catalog.find(item.address));
    case Existence::absent: return judge_absent(item, observations);
    case Existence::unknown: break;
  }
  item.phase = "Unknown";
  item.reason = item.observation.error ? item.observation.error->message : "it was not looked at";
}

// A composite is ready when its own phase and its children are.
void require_children(Items& items) {
  for (size_t depth = 0; depth < 8; ++depth)
    for (const auto& [address, item] : items) {
      if (!item.parent || item.ready == Readiness::yes) continue;
      const auto parent = items.find(*item.parent);
      if (parent != items.end() && parent->second.ready == Readiness::yes) {
        parent->second.ready = item.ready;
        if (parent->second.reason.empty()) parent->second.reason = short_name(address) + " is not ready";
      }
    }
}

void add_steps(const Plan& plan, const std::vector<StepRecord>& records, Items& items) {
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const auto item = items.find(plan.steps[i].address);
    if (item == items.end()) continue;
    item->second.steps.emplace_back(plan.steps[i], i < records.size() ? records[i] : StepRecord());
  }
}

void add_blocked(const Plan& plan, Items& items) {
  for (const Change& change : plan.changes)
    if (const auto item = items.find(change.address); item != items.end() && change.action == Action::blocked)
      for (const std::string& reason : change.reasons)
        item->second.blocked += (item->second.blocked.empty() ? "" : "; ") + reason;
}

// set: of what the last run has yet to make.
Items items_of(const Graph& graph, const std::vector<Owned>& owned, const std::string& set) {
  Items items;
  for (const auto& [address, resource] : graph.desired)
    items[address] = {.address = address,
                      .instance = resource.instance,
                      .parent = resource.origin.parent,
                      .set = set,
                      .labels = resource.labels};
  for (const Owned& row : owned)
    items[row.address] = {.address = row.address,
                          .instance = row.instance,
                          .parent = row.parent,
                          .owned = row,
                          .set = row.set,
                          .labels = row.labels};
  for (auto& [address, item] : items)
    if (const auto edges = graph.requires_.find(address); edges != graph.requires_.end())
      item.requirements = edges->second;
  return items;
}

struct LastRun {
  Plan plan;
  std::vector<StepRecord> records;
};

// Without a run there is nothing in it.
Result<LastRun> last_run(Inventory& inventory) {
  auto run = inventory.last_run();
  if (!run) return run.error();
  if (!*run) return LastRun();
  auto plan = plan_from_json(Json::parse((*run)->plan, nullptr, false));
  if (!plan) return plan.error();
  return LastRun{std::move(*plan), std::move((*run)->steps)};
}

}  // namespace

Result<View> look(const World& world) {
  bool sealed = false;
  const Result<std::vector<Owned>> owned = owned_rows(world, sealed);
  if (!owned) return owned.error();
  View view;
  Result<LastRun> last = last_run(world.inventory);
  if (!last) view.unread = last.error();
  const LastRun run = last ? std::move(*last) : LastRun();
  const auto& [plan, records] = run;
  // Of a graph that was already planned once: what it lacks is not this reader's affair.
  Diagnostics diagnostics;
  const Graph graph = resolve(unborn(plan, records, *owned), *owned, world.catalog, diagnostics);
  view.observations = observe(graph, *owned, world.inventory.uuid(), world.catalog, world.backends);
  add_summaries(graph, *owned, world.catalog, world.backends, view.observations);
  Items items = items_of(graph, *owned, plan.set);
  add_steps(plan, records, items);
  add_blocked(plan, items);
  for (auto& [address, item] : items) {
    const auto seen = view.observations.find(address);
    item.observation = seen == view.observations.end()
                           ? unknown_observation({Code::internal, "it was not looked at"})
                           : seen->second;
    judge_item(item, world.catalog, view.observations);
  }
  require_children(items);
  for (auto& [address, item] : items) view.items.push_back(std::move(item));
  return view;
}

}  // namespace tenon
