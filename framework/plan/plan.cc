#include "framework/plan/plan.h"

#include <algorithm>
#include <utility>

#include "framework/base/digest.h"
#include "framework/base/ranges.h"
#include "framework/plan/decide.h"
#include "framework/plan/marks.h"
#include "framework/plan/steps.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

// Observations per thread below which another thread does not pay.
constexpr size_t kWorthAThread = 1000;

// Removes in place what changes without anybody having changed it.
void drop_volatile(const Schema& schema, Json& value) {
  if (value.is_array() && schema.items)
    for (Json& item : value) drop_volatile(*schema.items, item);
  if (!value.is_object()) return;
  for (auto item = value.begin(); item != value.end();) {
    const auto property = schema.properties.find(item.key());
    const Schema* member = property != schema.properties.end() ? &property->second : schema.additional.get();
    if (member && (member->is_volatile || member->computed)) {
      item = value.erase(item);
    } else {
      if (member) drop_volatile(*member, *item);
      ++item;
    }
  }
}

// Most are decided by themselves; a value is known or not by what becomes of its target, which is earlier in
// the order.
void decide_each(Situation& situation) {
  std::vector<const Address*> alone, after_others;
  alone.reserve(situation.graph.order.size());
  for (const Address& address : situation.graph.order)
    if (situation.desired(address) || situation.row(address))
      (situation.graph.values.contains(address) ? after_others : alone).push_back(&address);
  const auto fate_of = [&situation](const Address& address) {
    return situation.options.marks_only() ? decide_mark(situation, address) : decide(situation, address);
  };
  using Fates = std::vector<Fate>;
  std::vector<Fates> parts =
      in_ranges<Fates>(alone.size(), kWorthAThread, [&](size_t begin, size_t end, Fates& fates) {
        fates.reserve(end - begin);
        for (size_t i = begin; i < end; ++i) fates.push_back(fate_of(*alone[i]));
      });
  situation.fates.reserve(situation.graph.order.size());
  size_t next = 0;
  for (Fates& fates : parts)
    for (Fate& fate : fates) situation.fates.emplace(*alone[next++], std::move(fate));
  for (const Address* address : after_others) situation.fates.emplace(*address, fate_of(*address));
}

void decide_all(Situation& situation, const Capacity& capacity) {
  decide_each(situation);
  if (situation.options.marks_only()) return;
  // What is blocked holds on to what it requires, and that blocks what would have been made after its
  // removal.
  while (block_dependants(situation) || guard_removals(situation)) continue;
  guard_imports(situation);
  check_room(situation, capacity);
  note_losses(situation);
}

// There is always a delete in it: whoever holds that waits for what comes after it. In two plans it can be
// done.
bool refuse_circle(Situation& situation, const std::vector<Step>& circle) {
  const auto name = [](const Step& step) {
    return std::string(to_string(step.kind)) + " " + title(step.address);
  };
  std::string path;
  for (const Step& step : circle) path += name(step) + " after ";
  path += name(circle.front());
  bool refused = false;
  for (const Step& step : circle) {
    if (step.kind != StepKind::remove) continue;
    situation.decided(step.address).change.refusal =
        Refusal{title(step.address) + " cannot be deleted in any order: " + path,
                "apply without the change that deletes it first, then with it"};
    refused = true;
  }
  return refused;
}

std::vector<Step> steps_of(Situation& situation) {
  for (;;) {
    Steps steps = make_steps(situation);
    bool again = false;
    for (const std::vector<Step>& circle : steps.circles) again |= refuse_circle(situation, circle);
    if (!again) return std::move(steps.steps);
  }
}

void look_up_plugins(const Catalog& catalog, Plan& plan) {
  for (const Change& change : plan.changes) {
    if (plan.plugins.count(change.instance)) continue;
    if (const Instance* instance = catalog.find_instance(change.instance))
      plan.plugins.emplace(change.instance, instance->manifest->digest);
  }
}

// Nothing is planned on what is unknown, so it may be anything when the plan is applied.
void take_fingerprints(const Situation& situation, Plan& plan) {
  using Prints = std::vector<std::pair<Address, std::string>>;
  const std::vector<Address>& order = situation.graph.order;
  const auto take = [&](size_t begin, size_t end, Prints& prints) {
    for (size_t i = begin; i < end; ++i)
      if (const Observation& seen = situation.observation(order[i]); seen.existence != Existence::unknown)
        prints.emplace_back(order[i], fingerprint(seen, situation.kind(order[i])));
  };
  for (Prints& prints : in_ranges<Prints>(order.size(), kWorthAThread, take))
    for (auto& print : prints) plan.fingerprints.emplace_hint(plan.fingerprints.end(), std::move(print));
}

std::string counted(size_t count) {
  return std::to_string(count) + (count == 1 ? " resource is" : " resources are");
}

std::string titles(std::vector<Address> addresses) {
  std::sort(addresses.begin(), addresses.end());
  std::vector<std::string> words;
  for (const Address& address : addresses) words.push_back(title(address));
  return listed(words);
}

// By address. Each fate goes as its change is taken: both lists at once would be the largest thing of all.
std::vector<Change> take_changes(std::unordered_map<Address, Fate> fates) {
  std::vector<Address> addresses;
  addresses.reserve(fates.size());
  for (const auto& [address, fate] : fates) addresses.push_back(address);
  std::sort(addresses.begin(), addresses.end());
  std::vector<Change> changes;
  changes.reserve(addresses.size());
  for (const Address& address : addresses)
    changes.push_back(std::move(fates.extract(address).mapped().change));
  return changes;
}

void collect_changes(Situation& situation, Plan& plan) {
  const PlanOptions& options = situation.options;
  std::vector<Address> left;
  size_t others = 0;
  for (auto& [address, fate] : situation.fates) {
    const Owned* row = situation.row(address);
    const bool declared = situation.desired(address) != nullptr || moving_to(situation, address);
    const bool untouched = !declared && fate.change.action == Action::none && !fate.change.refusal;
    const bool other_set = row && row->set != options.set;
    if (untouched && !other_set) left.push_back(address);
    others += untouched && other_set;
  }
  plan.changes = take_changes(std::exchange(situation.fates, {}));
  if (options.marks_only() || options.partial) return;
  if (!left.empty())
    plan.notes.push_back(counted(left.size()) + " owned and no longer declared: " + titles(left) +
                         "; --prune deletes what no manifest names");
  if (others > 0 && options.destroy)
    plan.notes.push_back(counted(others) + " of other sets and left; --set names a set");
}

}  // namespace

void add_undeclared(const PlanOptions& options, const Catalog& catalog, std::vector<Resource>& resources) {
  const auto add = [&](const Address& address) {
    for (const Resource& resource : resources)
      if (resource.address == address) return;
    Resource bare{.address = address, .spec = Json()};
    bare.instance = catalog.route(bare).value_or("");
    resources.push_back(std::move(bare));
  };
  for (const auto& [address, identity] : options.import) add(address);
  for (const auto& [to, from] : options.move) add(to);
}

std::string approval_digest(const Address& address, const Observation& observation) {
  Json what = {to_string(address), observation.identity, observation.mark ? observation.mark->nonce : "",
               observation.outputs.value("contents", Json())};
  return sha256(what.dump());
}

bool is_filled_by(const Observation& claim, const Address& importer, const std::string& generation) {
  static const Json::json_pointer by("/contents/importer"), of("/contents/generation");
  const Json& outputs = claim.outputs;
  return outputs.contains(by) && outputs.contains(of) && outputs.at(by) == to_string(importer) &&
         outputs.at(of) == generation;
}

std::string fingerprint(const Observation& observation, const KindManifest* kind) {
  std::string seen;
  const auto add = [&seen](std::string_view part) { seen.append(part).append("\0", 1); };
  add(to_string(observation.existence));
  add(observation.identity);
  add(observation.phase);
  add(to_string(observation.contents));
  if (!observation.actual.is_null()) {
    Json actual = observation.actual;
    if (kind) drop_volatile(kind->schema, actual);
    add(actual.dump());
  }
  // Who filled it decides whether an import writes over it.
  if (observation.outputs.contains("contents")) add("filled " + observation.outputs["contents"].dump());
  if (const auto& mark = observation.mark) {
    add("marked");
    for (const std::string* part : {&mark->inventory, &mark->address, &mark->nonce, &mark->generation})
      add(*part);
  }
  return sha256(seen);
}

Plan make_plan(const Graph& graph, const Observations& observations, const std::vector<Owned>& owned,
               const std::string& inventory, const Catalog& catalog, const PlanOptions& options,
               const Capacity& capacity) {
  Situation situation(graph, observations, owned, inventory, catalog, options);
  decide_all(situation, capacity);
  Plan plan;
  plan.inventory = inventory;
  plan.set = options.set;
  plan.externals = graph.externals;
  plan.steps = steps_of(situation);
  take_fingerprints(situation, plan);
  collect_changes(situation, plan);
  look_up_plugins(catalog, plan);
  return plan;
}

}  // namespace tenon
