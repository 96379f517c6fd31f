#include "framework/cli/render_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "framework/base/printable.h"
#include "framework/cli/format_version.h"
#include "framework/plan/plan_file.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(separator)) + part;
  return text;
}

std::string symbol(Action action, const Style& style) {
  switch (action) {
    case Action::create: return style.green("  +");
    case Action::update: return style.yellow("  ~");
    case Action::replace: return style.red("-/") + style.green("+");
    case Action::remove: return style.red("  -");
    case Action::adopt:
    case Action::forget:
    case Action::move: return style.yellow("  ~");
    case Action::blocked: return style.red("  !");
    case Action::none: break;
  }
  return "   ";
}

// Leaves of a spec: what a create is going to send. Short lists stay on one line.
void flatten(const Json& value, const Schema* schema, const std::string& pointer,
             std::vector<FieldChange>& fields) {
  const bool branch = value.is_object() && !value.empty() && !is_reference(value) && !is_handle(value);
  const bool long_list = value.is_array() && value.dump().size() > 40;
  if (!branch && !long_list) {
    const Schema* leaf = schema ? find_schema(*schema, pointer) : nullptr;
    fields.push_back({.pointer = pointer, .after = value, .secret = leaf && leaf->secret});
    return;
  }
  size_t index = 0;
  for (const auto& [key, member] : value.items())
    flatten(member, schema, joined(pointer, value.is_array() ? std::to_string(index++) : key), fields);
}

bool is_open(const Json& value) { return value.is_object() && !is_reference(value) && !is_handle(value); }

// Where both sides are built alike, what differs inside them.
void narrow(const FieldChange& field, const Schema* schema, std::vector<FieldChange>& fields) {
  const Json &before = field.before, &after = field.after;
  const bool lists = before.is_array() && after.is_array() && before.size() == after.size();
  const bool alike = lists || (is_open(before) && is_open(after));
  if (field.secret || field.known_after_apply || !alike || before == after) return fields.push_back(field);
  const auto compare = [&](const std::string& token, const Json& left, const Json& right) {
    if (left == right) return;
    FieldChange inner{
        .pointer = joined(field.pointer, token), .before = left, .after = right, .drift = field.drift};
    const Schema* leaf = schema ? find_schema(*schema, inner.pointer) : nullptr;
    inner.secret = leaf && leaf->secret;
    narrow(inner, schema, fields);
  };
  if (lists) {
    for (size_t i = 0; i < before.size(); ++i) compare(std::to_string(i), before[i], after[i]);
    return;
  }
  for (const auto& [key, member] : before.items()) compare(key, member, after.value(key, Json()));
  for (const auto& [key, member] : after.items())
    if (!before.contains(key)) compare(key, Json(), member);
}

// With the values that are known already in the places of their references.
Json to_be_sent(const Change& change) {
  Json spec = change.desired;
  for (const FieldChange& field : change.fields)
    if (is_reference(spec.value(Json::json_pointer(field.pointer), Json())) && !field.known_after_apply)
      spec[Json::json_pointer(field.pointer)] = field.after;
  return spec;
}

std::vector<FieldChange> fields_of(const Change& change, const Catalog& catalog) {
  const KindManifest* kind = catalog.find(change.address);
  const Schema* schema = kind ? &kind->schema : nullptr;
  std::vector<FieldChange> fields;
  if (change.action == Action::create && change.desired.is_object())
    flatten(to_be_sent(change), schema, "", fields);
  else
    for (const FieldChange& field : change.fields) narrow(field, schema, fields);
  return fields;
}

Json without_secrets(Json value) {
  mask_secrets({}, value, Mask::values_and_handles);
  return value;
}

// Before and after.
std::pair<std::string, std::string> value_texts(const FieldChange& field) {
  auto texts = display_change(without_secrets(field.before), without_secrets(field.after));
  if (field.secret && !field.before.is_null()) texts.first = kMasked;
  if (field.secret && !field.after.is_null()) texts.second = kMasked;
  if (field.known_after_apply) texts.second = "(known after apply)";
  return texts;
}

std::string field_line(const FieldChange& field, bool created, const Style& style) {
  const auto [before, after] = value_texts(field);
  const std::string path = display_path(field.pointer) + ": ";
  return created ? path + after : path + style.red(before) + " → " + style.green(after);
}

std::string render_fields(const Change& change, const Catalog& catalog, const Style& style) {
  const std::vector<FieldChange> fields = fields_of(change, catalog);
  const auto lines = [&](bool drift, std::string_view indent) {
    std::string text;
    for (const FieldChange& field : fields)
      if (field.drift == drift)
        text += std::string(indent) + field_line(field, change.action == Action::create, style) + "\n";
    return text;
  };
  const std::string drift = lines(true, "        ");
  if (drift.empty()) return lines(false, "      ");
  const std::string asked = lines(false, "        ");
  return "      changed outside of Tenon, to be put right:\n" + drift +
         (asked.empty() ? "" : "      asked for:\n" + asked);
}

std::string origin_of(const Change& change) {
  const std::string position = printable(to_string(change.origin));
  if (!change.parent) return position;
  return "child of " + short_name(*change.parent) + (position.empty() ? "" : ", " + position);
}

std::string render_change(const Change& change, const Catalog& catalog, const Style& style) {
  std::string text = symbol(change.action, style) + " " + style.bold(to_string(change.address)) + "\n";
  text +=
      "      " + std::string(to_string(change.action)) + ": " + printable(join(change.reasons, "; ")) + "\n";
  if (!change.operations.empty()) text += "      then: " + printable(join(change.operations, ", ")) + "\n";
  if (const std::string origin = origin_of(change); !origin.empty())
    text += "      " + style.dim(origin) + "\n";
  text += render_fields(change, catalog, style);
  if (change.refusal) {
    text += "      " + style.red("refused: ") + printable_lines(change.refusal->reason) + "\n";
    if (!change.refusal->remedy.empty())
      text += "      what to do: " + printable_lines(change.refusal->remedy) + "\n";
  }
  for (const std::string& note : change.notes) text += "      note: " + printable_lines(note) + "\n";
  return text;
}

std::string render_external(const Address& address, const Observations& observations, const Style& style) {
  const auto seen = observations.find(address);
  return "  " + style.cyan("<=") + " " + printable(to_string(address)) + "  (" +
         (seen == observations.end() ? "not looked at" : printable(state_of(seen->second))) + ")\n";
}

// Changes and awaits in the order of the steps; a replace stands where its delete is.
std::string render_steps(const Plan& plan, const Catalog& catalog, const Style& style) {
  std::map<Address, const Change*> changes;
  for (const Change& change : plan.changes) changes.emplace_hint(changes.end(), change.address, &change);
  std::string text;
  for (const Step& step : plan.steps) {
    if (step.kind == StepKind::await && step.await) {
      text += "  " + style.cyan("…") + " await " + printable(to_string(*step.await)) + "\n";
      continue;
    }
    const auto change = changes.find(step.address);
    if (change == changes.end()) continue;
    text += render_change(*change->second, catalog, style);
    changes.erase(change);
  }
  for (const auto& [address, change] : changes)
    if (change->action != Action::none || change->refusal) text += render_change(*change, catalog, style);
  return text;
}

// What no action mentions: a present resource may have something to say too.
std::string render_notes(const Plan& plan) {
  std::string text;
  for (const Change& change : plan.changes)
    if (change.action == Action::none && !change.refusal)
      for (const std::string& note : change.notes)
        text += "note: " + short_name(change.address) + ": " + printable_lines(note) + "\n";
  for (const std::string& note : plan.notes) text += "note: " + printable_lines(note) + "\n";
  return text;
}

size_t count(const Plan& plan, Action action) {
  return static_cast<size_t>(std::count_if(plan.changes.begin(), plan.changes.end(),
                                           [&](const Change& change) { return change.action == action; }));
}

size_t refusals(const Plan& plan) {
  return static_cast<size_t>(std::count_if(plan.changes.begin(), plan.changes.end(),
                                           [](const Change& change) { return change.refusal.has_value(); }));
}

size_t awaits(const Plan& plan) {
  return static_cast<size_t>(std::count_if(plan.steps.begin(), plan.steps.end(),
                                           [](const Step& step) { return step.kind == StepKind::await; }));
}

}  // namespace

std::string plan_summary(const Plan& plan) {
  const size_t blocked = count(plan, Action::blocked), refused = refusals(plan);
  if (plan.empty() && blocked == 0 && refused == 0) return "No changes.";
  std::string text = "Plan: " + std::to_string(count(plan, Action::create)) + " to create, " +
                     std::to_string(count(plan, Action::update)) + " to update, " +
                     std::to_string(count(plan, Action::replace)) + " to replace, " +
                     std::to_string(count(plan, Action::remove)) + " to delete, " +
                     counted(awaits(plan), "await") + ".";
  if (const size_t adopted = count(plan, Action::adopt)) text += " " + std::to_string(adopted) + " to adopt.";
  if (const size_t forgotten = count(plan, Action::forget))
    text += " " + std::to_string(forgotten) + " to forget.";
  if (const size_t moved = count(plan, Action::move)) text += " " + std::to_string(moved) + " to move.";
  if (blocked) text += " " + std::to_string(blocked) + " blocked.";
  if (refused) text += " " + std::to_string(refused) + " refused.";
  return text;
}

std::string render_plan(const Planned& planned, const Catalog& catalog, const Style& style) {
  std::string text;
  for (const Address& external : planned.graph.externals)
    text += render_external(external, planned.observations, style);
  text += render_steps(planned.plan, catalog, style);
  text += render_notes(planned.plan);
  if (!text.empty()) text += "\n";
  return text + style.bold(plan_summary(planned.plan)) + "\n";
}

Json plan_document(const Planned& planned, const Catalog& catalog) {
  const Plan& plan = planned.plan;
  Json document = {{"formatVersion", kOutputFormatVersion}};
  document["summary"] = {{"create", count(plan, Action::create)},
                         {"update", count(plan, Action::update)},
                         {"replace", count(plan, Action::replace)},
                         {"delete", count(plan, Action::remove)},
                         {"adopt", count(plan, Action::adopt)},
                         {"forget", count(plan, Action::forget)},
                         {"move", count(plan, Action::move)},
                         {"blocked", count(plan, Action::blocked)},
                         {"refused", refusals(plan)},
                         {"awaits", awaits(plan)}};
  document["plan"] = to_json(plan, catalog);
  return document;
}

}  // namespace tenon
