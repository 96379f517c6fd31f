#include <ostream>

#include "framework/base/printable.h"
#include "framework/cli/commands.h"
#include "framework/cli/exit_code.h"
#include "framework/cli/field_help.h"
#include "framework/cli/format_version.h"
#include "framework/cli/session.h"
#include "framework/cli/text.h"

namespace tenon {
namespace {

std::string joined(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

// The texts of a list, or of numbers.
std::string values(const OrderedJson& list) {
  std::string text;
  for (const OrderedJson& value : list)
    text += (text.empty() ? "" : ", ") + (value.is_string() ? value.get<std::string>() : value.dump());
  return text;
}

std::string number(const OrderedJson& value) {
  const double amount = value.get<double>();
  const auto whole = static_cast<int64_t>(amount);
  return static_cast<double>(whole) == amount ? std::to_string(whole) : value.dump();
}

std::string update_words(const std::string& rule) {
  if (rule == "live") return "applied while it runs";
  if (rule == "restart") return "takes effect with the next restart";
  if (rule == "replace") return "deletes it and makes it anew";
  if (rule == "refuse") return "is refused";
  return "is refused once it holds data, and before that deletes it and makes it anew";
}

std::string list_words(const OrderedJson& field) {
  const std::string type = field["listType"];
  const std::string ordered = field.contains("ordered") ? ", in this order" : "";
  if (type == "set") return "a set: each value once" + ordered;
  if (type == "map") return "a map by " + values(field["listMapKeys"]) + ordered;
  return "atomic: compared as a whole";
}

bool is_leaf(const OrderedJson& field) { return !field["type"].get<std::string>().ends_with("Object"); }

// What is to be known of a field besides its description, a line each.
std::vector<std::string> facts_of(const OrderedJson& field) {
  std::vector<std::string> facts;
  const auto add = [&](const char* key, const auto& words) {
    if (field.contains(key)) facts.push_back(words(field[key]));
  };
  add("default", [](const OrderedJson& value) { return "default: " + value.dump(); });
  add("enum", [](const OrderedJson& list) { return "one of: " + values(list); });
  add("format", [](const OrderedJson&) { return std::string("a quantity, such as 500m or 10Gi"); });
  add("pattern", [](const OrderedJson& text) { return "matches: " + text.get<std::string>(); });
  add("minLength", [](const OrderedJson& size) { return "at least " + number(size) + " long"; });
  add("minimum", [](const OrderedJson& least) { return "at least " + number(least); });
  add("maximum", [](const OrderedJson& most) { return "at most " + number(most); });
  add("minItems", [](const OrderedJson& least) { return "at least " + number(least) + " of them"; });
  add("maxItems", [](const OrderedJson& most) { return "at most " + number(most) + " of them"; });
  add("exactlyOneOf", [](const OrderedJson& names) { return "exactly one of: " + values(names); });
  add("listType", [&](const OrderedJson&) { return "list: " + list_words(field); });
  add("template", [](const OrderedJson& kind) { return "a template of " + kind.get<std::string>(); });
  add("preserveUnknownFields", [](const OrderedJson&) { return std::string("other fields are kept"); });
  if (is_leaf(field) || field.value("update", "live") != "live")
    add("update", [](const OrderedJson& rule) {
      return "change: " + rule.get<std::string>() + " (" + update_words(rule) + ")";
    });
  add("decrease", [](const OrderedJson&) { return std::string("change: may grow, not shrink"); });
  if (field.contains("operations"))
    for (const auto& [value, operation] : field["operations"].items())
      facts.push_back(value + ": " + operation.get<std::string>());
  add("computed",
      [](const OrderedJson&) { return std::string("computed: set by the backend, not compared"); });
  add("volatile",
      [](const OrderedJson&) { return std::string("volatile: changes by itself, not compared"); });
  add("secret", [](const OrderedJson&) { return std::string("secret: shown nowhere"); });
  return facts;
}

// A template may be of the kind that it stands in.
constexpr int kMaximalFieldDepth = 24;

// Below this field, so many levels.
OrderedJson fields_json(const Catalog& catalog, const Field& field, int depth) {
  OrderedJson fields = OrderedJson::object();
  for (const auto& [name, child] : fields_of(catalog, field)) {
    OrderedJson& json = fields[name] = to_json(child);
    if (depth <= 1) continue;
    if (OrderedJson below = fields_json(catalog, child, depth - 1); !below.empty())
      json["fields"] = std::move(below);
  }
  return fields;
}

std::string indented(const std::string& text, size_t by) {
  const std::string blanks(by, ' ');
  std::string result = blanks;
  for (char c : text) result += c == '\n' ? "\n" + blanks : std::string(1, c);
  return result + "\n";
}

std::string head(const std::string& name, const OrderedJson& field) {
  return name + "\t<" + field["type"].get<std::string>() + ">" +
         (field.contains("required") ? " -required-" : "");
}

std::string fields_text(const OrderedJson& fields) {
  std::string text;
  for (const auto& [name, field] : fields.items()) {
    text += "  " + head(name, field) + "\n";
    if (field.contains("description")) text += indented(field["description"], 4);
    if (const auto facts = facts_of(field); !facts.empty()) text += indented(joined(facts, "\n"), 4);
    text += "\n";
  }
  return text;
}

// What differs from most fields, in a word each.
std::string tags_of(const OrderedJson& field) {
  std::vector<std::string> tags;
  if (field.contains("default")) tags.push_back("default " + field["default"].dump());
  if (const std::string rule = field.value("update", "live"); rule != "live") tags.push_back(rule);
  for (const char* tag : {"computed", "volatile", "secret"})
    if (field.contains(tag)) tags.emplace_back(tag);
  return tags.empty() ? "" : "\t" + joined(tags, ", ");
}

// A line each, as many fields have to be looked over.
std::string tree_text(const OrderedJson& fields, size_t indent) {
  std::string text;
  for (const auto& [name, field] : fields.items()) {
    text += std::string(indent, ' ') + head(name, field) + tags_of(field) + "\n";
    if (field.contains("fields")) text += tree_text(field["fields"], indent + 2);
  }
  return text;
}

std::string requirement_text(const RequirementRule& rule) {
  std::string words = rule.target.kind + "." + rule.target.group;
  words += rule.path.empty() ? " of the same name"
                             : " that spec" + display_path(rule.path).insert(0, ".") + " names";
  if (!rule.phases.empty()) words += ", until " + joined(rule.phases, " or ");
  for (const Contents contents : rule.contents) words += ", contents " + std::string(to_string(contents));
  return words + ", for " + joined({rule.guards.begin(), rule.guards.end()}, ", ");
}

OrderedJson kind_json(const Catalog& catalog, const KindManifest& kind) {
  OrderedJson json = {{"scope", kind.cluster_scoped ? "Cluster" : "Namespaced"}};
  json["instances"] = OrderedJson::array();
  for (const Instance& instance : catalog.instances())
    if (instance.manifest->find(kind.name)) json["instances"].push_back(instance.name);
  json["shortNames"] = kind.short_names;
  json["readyPhases"] = kind.ready.phases;
  json["requires"] = OrderedJson::array();
  for (const RequirementRule& rule : kind.requirements) json["requires"].push_back(requirement_text(rule));
  return json;
}

OrderedJson explain(const Catalog& catalog, const FieldPath& path, const std::string& version,
                    const Field& field, bool recursive) {
  OrderedJson document = {{"formatVersion", kOutputFormatVersion},
                          {"group", path.kind->name.group},
                          {"kind", path.kind->name.kind},
                          {"version", version},
                          {"versions", path.kind->versions}};
  if (path.fields.empty())
    document.update(kind_json(catalog, *path.kind));
  else
    document["path"] = joined(path.fields, ".");
  document["field"] = to_json(field);
  document["fields"] = fields_json(catalog, field, recursive ? kMaximalFieldDepth : 1);
  return document;
}

std::string line(const std::string& name, const std::string& value) {
  return value.empty() ? "" : name + std::string(12 - std::min<size_t>(name.size(), 11), ' ') + value + "\n";
}

std::string kind_text(const OrderedJson& document) {
  return line("SHORT:", values(document["shortNames"])) + line("SCOPE:", document["scope"]) +
         line("INSTANCES:", values(document["instances"])) + line("READY:", values(document["readyPhases"]));
}

std::string as_text(const OrderedJson& document, bool recursive) {
  std::string text = line("GROUP:", document["group"]) + line("KIND:", document["kind"]) +
                     line("VERSION:", document["version"]);
  if (document["versions"].size() > 1) text += line("VERSIONS:", values(document["versions"]));
  const OrderedJson& field = document["field"];
  const bool whole = !document.contains("path");
  if (whole)
    text += kind_text(document);
  else
    text += "\nFIELD: " + document["path"].get<std::string>() + " <" + field["type"].get<std::string>() +
            ">" + (field.contains("required") ? " -required-" : "") + "\n";
  const OrderedJson& described = whole ? document["fields"]["spec"] : field;
  std::vector<std::string> words;
  if (described.contains("description")) words.push_back(described["description"]);
  if (!whole)
    for (std::string& fact : facts_of(field)) words.push_back(std::move(fact));
  if (!words.empty()) text += "\nDESCRIPTION:\n" + indented(joined(words, "\n"), 4);
  if (whole && !document["requires"].empty()) {
    text += "\nREQUIRES:\n";
    for (const OrderedJson& requirement : document["requires"]) text += indented(requirement, 4);
  }
  const OrderedJson& fields = document["fields"];
  if (!fields.empty()) text += "\nFIELDS:\n" + (recursive ? tree_text(fields, 2) : fields_text(fields));
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

// VERSION or GROUP/VERSION of --api-version; "": the hub.
Result<std::string> version_of(const KindManifest& kind, const std::string& text) {
  if (text.empty()) return kind.versions.front();
  const size_t slash = text.find('/');
  const std::string version = slash == std::string::npos ? text : text.substr(slash + 1);
  for (const std::string& known : kind.versions)
    if (known == version && (slash == std::string::npos || text.substr(0, slash) == kind.name.group))
      return version;
  return Error{Code::not_found, "version '" + text + "' of " + to_string(kind.name) +
                                    " is not served; served: " + joined(kind.versions, ", ")};
}

Result<OrderedJson> explain(const Catalog& catalog, const Arguments& arguments) {
  const Result<FieldPath> path = parse_field_path(catalog, arguments.targets.front());
  if (!path) return path.error();
  const Result<std::string> version = version_of(*path->kind, arguments.api_version);
  if (!version) return version.error();
  const Result<Field> field =
      find_field(catalog, *path->kind, object_schema(*path->kind, *version), path->fields);
  if (!field) return field.error();
  return explain(catalog, *path, *version, *field, arguments.recursive);
}

}  // namespace

int run_explain(const Arguments& arguments, Environment& env) {
  const Installation installation = find_installation(arguments, env);
  if (!print_diagnostics(installation.diagnostics, env)) return kFailure;
  const Result<OrderedJson> document = explain(installation.catalog(), arguments);
  if (!document) {
    print_error(document.error(), env);
    return kFailure;
  }
  if (arguments.format == Format::text)
    env.out << printable_lines(as_text(*document, arguments.recursive));
  else
    env.out << dump(*document, arguments.format == Format::yaml);
  return kSuccess;
}

}  // namespace tenon
