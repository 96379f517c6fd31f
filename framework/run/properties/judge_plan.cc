// Properties 6, 9, 10 and 11: of a plan.
#include <algorithm>
#include <random>
#include <set>

#include "framework/plan/plan_file.h"
#include "framework/run/properties/play.h"

namespace tenon::properties {
namespace {

// "n1" -> whom it requires, as titles.
using Requirements = std::map<std::string, std::set<std::string>>;

std::string title(const Address& address) { return address.kind + " " + address.name; }

void add_requirements(const Scene& scene, int number, const Wish& wish,
                      Address (*address_of)(const Scene&, int), Requirements& all) {
  const Node& node = scene.nodes.at(number);
  const bool declared = &wish == &node.want;
  std::set<std::string>& mine = all[title(address_of(scene, number))];
  for (int target : targets_of(node, wish)) {
    mine.insert(title(address_of(scene, target)));
    // A claim's consumers require its importer, too. Who is declared can do without one that is not.
    for (const auto& [other, importer] : scene.nodes)
      if (importer.fills == target && (declared ? importer.wanted : importer.past != Past::none) &&
          other != number)
        mine.insert(title(address_of(scene, other)));
  }
  for (int part = 0; part < wish.parts; ++part) mine.insert(title(part_of(number, part)));
}

Requirements requirements_of(const Scene& scene) {
  Requirements all;
  for (const auto& [number, node] : scene.nodes) {
    // What is no longer declared goes by what the inventory says.
    if (node.wanted) add_requirements(scene, number, node.want, address_of, all);
    if ((!node.wanted || node.moved) && was_owned(node))
      add_requirements(scene, number, node.was, old_address_of, all);
  }
  return all;
}

bool reaches(const Requirements& all, const std::string& from, const std::string& to,
             std::set<std::string>& seen) {
  const auto mine = all.find(from);
  if (mine == all.end() || !seen.insert(from).second) return false;
  return std::any_of(mine->second.begin(), mine->second.end(),
                     [&](const std::string& next) { return next == to || reaches(all, next, to, seen); });
}

bool has_cycle(const Requirements& all) {
  return std::any_of(all.begin(), all.end(), [&all](const auto& entry) {
    std::set<std::string> seen;
    return reaches(all, entry.first, entry.first, seen);
  });
}

// "a cycle: Fast n1 requires Slow n2 requires Fast n1"
std::vector<std::string> path_of(const std::string& summary) {
  constexpr std::string_view kBegin = "a cycle: ", kRequires = " requires ";
  std::vector<std::string> path;
  if (!summary.starts_with(kBegin)) return path;
  for (size_t at = kBegin.size(); at <= summary.size();) {
    const size_t end = std::min(summary.find(kRequires, at), summary.size());
    path.push_back(summary.substr(at, end - at));
    at = end + kRequires.size();
  }
  return path;
}

bool is_real(const std::vector<std::string>& path, const Requirements& all) {
  if (path.size() < 2 || path.front() != path.back()) return false;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const auto mine = all.find(path[i]);
    if (mine == all.end() || !mine->second.contains(path[i + 1])) return false;
  }
  return true;
}

void judge_determinism(Court& court, const PlanOptions& options) {
  std::vector<Resource> desired = declared(court.scene);
  std::vector<Owned> owned = court.world.inventory.owned().value();
  std::mt19937 random(court.scene.order);
  std::shuffle(desired.begin(), desired.end(), random);
  std::shuffle(owned.begin(), owned.end(), random);
  Diagnostics diagnostics;
  const Graph graph = court.world.resolved(desired, owned, diagnostics, options);
  const Plan again = make_plan(graph, court.world.observations(), owned, court.world.inventory.uuid(),
                               court.world.catalog, options, court.world.capacity());
  court.judge(Property::deterministic);
  if (to_json(again, court.world.catalog).dump() != to_json(court.plan, court.world.catalog).dump())
    court.breaks(Property::deterministic, "the same input in another order makes another plan");
}

void judge_unknown(Court& court) {
  for (const auto& [address, seen] : court.world.observations()) {
    if (seen.existence != Existence::unknown) continue;
    court.judge(Property::unknown);
    for (const Step& step : court.plan.steps) {
      const auto needs = [&address = address](const Await& guard) { return guard.target == address; };
      const bool touches = (step.address == address && step.kind != StepKind::await) || step.from == address;
      if (touches || std::any_of(step.guards.begin(), step.guards.end(), needs))
        court.breaks(Property::unknown, std::string(to_string(step.kind)) + " " + to_string(step.address) +
                                            " is planned, and " + to_string(address) + " is unknown");
    }
  }
}

}  // namespace

void judge_diagnostics(Court& court) {
  const Requirements all = requirements_of(court.scene);
  bool found = false;
  for (const Diagnostic& diagnostic : court.diagnostics) {
    const std::vector<std::string> path = path_of(diagnostic.summary);
    if (path.empty()) return court.breaks(Property::real_cycle, "this is no cycle: " + diagnostic.summary);
    court.judge(Property::real_cycle);
    found = true;
    if (!is_real(path, all)) court.breaks(Property::real_cycle, "it is not real: " + diagnostic.summary);
  }
  if (has_cycle(all) != found) court.breaks(Property::real_cycle, "there is one, and nobody says so");
}

void judge_plan(Court& court, const PlanOptions& options, bool first) {
  if (first) judge_determinism(court, options);
  judge_unknown(court);
  if (!court.has_secrets) return;
  court.judge(Property::no_secret);
  if (to_json(court.plan, court.world.catalog).dump().find(kSecret) != std::string::npos)
    court.breaks(Property::no_secret, "the plan shows one");
}

}  // namespace tenon::properties
