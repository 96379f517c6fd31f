#include "framework/faults/judge.h"

#include <algorithm>

#include "framework/inventory/sqlite.h"

namespace tenon::faults {
namespace {

Json canonical(const Object& object, const std::string& inventory) {
  return {{"ours", object.mark.inventory == inventory}, {"marked as", object.mark.address},
          {"generation", object.mark.generation},       {"spec", object.spec},
          {"removed", object.removed.has_value()},      {"filled", object.filled}};
}

// A nonce or identity counts by whether an object of the same address carries it.
Json canonical(const Owned& row, const std::vector<const Object*>& objects) {
  Json json = to_json(row);
  const auto carried = [&](const auto& is) { return std::any_of(objects.begin(), objects.end(), is); };
  json["nonce"] = carried([&](const Object* o) { return o->mark.nonce == row.nonce; });
  json["identity"] = carried([&](const Object* o) { return o->id == row.identity; });
  return json;
}

bool ended(const std::optional<RunRecord>& run) {
  return run && run->ended && std::all_of(run->steps.begin(), run->steps.end(), [](const StepRecord& step) {
           return step.status == StepStatus::done;
         });
}

// Tells the first thing only: what follows mostly comes of it.
void note(Findings& findings, int64_t& count, int64_t by, const std::string& what) {
  if (by <= 0) return;
  count += by;
  if (findings.story.empty()) findings.story = what;
}

int times(const std::map<std::string, int>& counts, const std::string& address) {
  const auto found = counts.find(address);
  return found == counts.end() ? 0 : found->second;
}

void compare_counts(const Ledger& expected, const Ledger& actual, Findings& findings) {
  for (const auto& [address, count] : actual.made)
    note(findings, findings.doubled, count - times(expected.made, address),
         address + " was made " + std::to_string(count) + " times");
  for (const auto& [address, count] : actual.unmade)
    note(findings, findings.wrongly_deleted, count - times(expected.unmade, address),
         address + " was deleted " + std::to_string(count) + " times");
  for (const std::string& wrong : actual.wrong)
    note(findings, wrong.find("removed") == std::string::npos ? findings.different : findings.wrongly_deleted,
         1, wrong);
}

void compare_thing(const std::string& address, const Ending::Thing& expected, const Ending::Thing& actual,
                   Findings& findings) {
  const bool owned = !actual.row.is_null();
  const auto here = static_cast<int64_t>(actual.objects.size());
  if (!expected.row.is_null()) {
    note(findings, findings.lost, here == 0 || !owned, address + (owned ? " is gone" : " is forgotten"));
    note(findings, findings.doubled, here - 1, address + " exists " + std::to_string(here) + " times");
  } else {
    const auto nobodys = static_cast<int64_t>(expected.objects.size());
    note(findings, findings.leaked, here - nobodys, address + " is left in the world");
    note(findings, findings.lost, nobodys - here, address + " is gone, and was nobody's");
    note(findings, findings.different, owned, address + " is left in the inventory");
  }
  if (!findings.story.empty() || (expected.objects == actual.objects && expected.row == actual.row)) return;
  note(findings, findings.different, 1,
       address + " is not as it should be:\n" + Json(actual.objects).dump() + actual.row.dump() +
           "\ninstead of\n" + Json(expected.objects).dump() + expected.row.dump());
}

}  // namespace

Result<Ending> ending_of(const std::string& inventory, const FileWorld& world) {
  const auto opened = open_inventory(inventory, OpenMode::read);
  if (!opened) return opened.error();
  const auto rows = (*opened)->owned();
  if (!rows) return rows.error();
  const auto run = (*opened)->last_run();
  if (!run) return run.error();
  Ending ending{.ledger = world.ledger(), .run_ended = ended(*run)};
  std::map<std::string, std::vector<const Object*>> objects;
  for (const auto& [id, object] : world.objects()) {
    const std::string address = to_string(object.address);
    objects[address].push_back(&object);
    ending.things[address].objects.push_back(canonical(object, (*opened)->uuid()));
  }
  for (const Owned& row : *rows) {
    const std::string address = to_string(row.address);
    ending.things[address].row = canonical(row, objects[address]);
  }
  return ending;
}

void Findings::add(const Findings& other) {
  kills += other.kills;
  lost += other.lost;
  leaked += other.leaked;
  doubled += other.doubled;
  wrongly_deleted += other.wrongly_deleted;
  different += other.different;
  re_runs = std::max(re_runs, other.re_runs);
  if (story.empty()) story = other.story;
}

std::string to_string(const Findings& f) {
  return "kills " + std::to_string(f.kills) + ", lost " + std::to_string(f.lost) + ", leaked " +
         std::to_string(f.leaked) + ", doubled " + std::to_string(f.doubled) + ", wrongly deleted " +
         std::to_string(f.wrongly_deleted) + ", otherwise different " + std::to_string(f.different) +
         ", re-runs " + std::to_string(f.re_runs);
}

Findings compare(const Ending& expected, const Ending& actual) {
  Findings findings;
  compare_counts(expected.ledger, actual.ledger, findings);
  static const Ending::Thing nothing;
  for (const auto& [address, thing] : expected.things) {
    const auto found = actual.things.find(address);
    compare_thing(address, thing, found == actual.things.end() ? nothing : found->second, findings);
  }
  for (const auto& [address, thing] : actual.things)
    if (!expected.things.contains(address)) compare_thing(address, nothing, thing, findings);
  note(findings, findings.different, expected.run_ended != actual.run_ended, "the last run has not ended");
  return findings;
}

}  // namespace tenon::faults
