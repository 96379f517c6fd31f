// A scene as text.
#include "framework/run/properties/scene.h"
#include "framework/run/properties/world.h"

namespace tenon::properties {
namespace {

std::string_view to_word(Past past) {
  constexpr std::string_view kWords[] = {"none", "applied", "drifted", "stopped", "vanished", "intent",
                                         "made", "dead",    "lost",    "changed", "foreign",  "unmarked"};
  return kWords[static_cast<size_t>(past)];
}

std::string_view to_word(Hold hold) {
  constexpr std::string_view kWords[] = {"", " for start", " for all"};
  return kWords[static_cast<size_t>(hold)];
}

std::string_view to_word(Default value) {
  constexpr std::string_view kWords[] = {"same", "older", "missing"};
  return kWords[static_cast<size_t>(value)];
}

std::string_view to_word(Told told) {
  constexpr std::string_view kWords[] = {"never", "promptly", "early", "late", "twice"};
  return kWords[static_cast<size_t>(told)];
}

std::string_view to_word(Method method) {
  constexpr std::string_view kWords[] = {"observe", "create", "update", "delete"};
  return kWords[static_cast<size_t>(method)];
}

// "{size: 1, needs: [n0, n1 for start]}"
class Members {
 public:
  void add(const std::string& name, const std::string& value) {
    text_ += (text_.empty() ? "" : ", ") + name + ": " + value;
  }
  void add(const std::string& name, int64_t value) {
    if (value != 0) add(name, std::to_string(value));
  }
  std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

std::string to_text(const Wish& wish) {
  Members members;
  members.add("size", wish.size);
  members.add("fixed", wish.fixed);
  members.add("secret", wish.secret);
  members.add("parts", wish.parts);
  members.add("tier", wish.tier);
  if (wish.running) members.add("running", "true");
  std::string needs;
  for (const auto& [target, hold] : wish.needs)
    needs += (needs.empty() ? "" : ", ") + name_of(target) + std::string(to_word(hold));
  if (!needs.empty()) members.add("needs", "[" + needs + "]");
  if (wish.value_of >= 0) members.add("value of", name_of(wish.value_of));
  return members.text();
}

std::string to_text(const Script& script) {
  Members members;
  members.add("appears after ms", script.appears_after.count());
  members.add("ready after ms", script.ready_after.count());
  members.add("changes after ms", script.changes_after.count());
  members.add("gone after ms", script.gone_after.count());
  if (script.away_for.count() > 0) members.add("away after ms", std::to_string(script.away_after.count()));
  members.add("away for ms", script.away_for.count());
  members.add("late deletes", script.late_deletes);
  members.add("worker deaths", script.worker_deaths);
  members.add("failures", script.failures);
  for (const Fault& fault : script.faults)
    members.add(
        std::string(to_word(fault.method)) + (fault.after_effect ? " loses its answer" : " fails"),
        std::string(to_string(fault.code)) + (fault.skip > 0 ? " after " + std::to_string(fault.skip) : ""));
  return members.text();
}

}  // namespace

std::string to_text(const Scene& scene) {
  Members run;
  run.add("order", scene.order);
  run.add("parallelism", scene.parallelism);
  for (const Kill& kill : scene.kills)
    run.add(kill.soft ? "stopped after" : "killed after", std::to_string(kill.after));
  if (!scene.prune) run.add("prune", "false");
  if (scene.destroy) run.add("destroy", "true");
  if (!scene.approve) run.add("approve", "false");
  if (scene.named_set) run.add("set", "named");
  if (scene.slack >= 0) run.add("room for", std::to_string(scene.slack));
  if (scene.adopt) run.add("adopt", "true");
  if (scene.by_name) run.add("moves and adopts", "by name");
  if (scene.strangers) run.add("tells of strangers", "true");
  std::string text = "run: " + run.text() + "\nnodes:\n";
  for (const auto& [number, node] : scene.nodes) {
    text += "- " + address_of(scene, number).kind + " " + name_of(number) + ":\n";
    if (node.fills >= 0) text += "    fills: " + name_of(node.fills) + "\n";
    if (node.past != Past::none)
      text += "    was: " + to_text(node.was) + "\n    and: " + std::string(to_word(node.past)) + "\n";
    if (node.was_default != Default::same)
      text += "    default was: " + std::string(to_word(node.was_default)) + "\n";
    if (node.others) text += "    of another set: true\n";
    if (node.moved) text += "    moved: true\n";
    if (node.forgotten) text += "    forgotten: true\n";
    if (node.wanted) text += "    want: " + to_text(node.want) + "\n";
    if (node.told != Told::never) text += "    told: " + std::string(to_word(node.told)) + "\n";
    if (!(node.script == Script())) text += "    script: " + to_text(node.script) + "\n";
  }
  return text;
}

}  // namespace tenon::properties
