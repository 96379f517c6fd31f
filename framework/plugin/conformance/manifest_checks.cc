// What is legal in a manifest and yet a mistake.
#include <algorithm>
#include <functional>
#include <regex>
#include <set>

#include "framework/plugin/conformance/conformance.h"

namespace tenon {
namespace {

using Findings = std::vector<ConformanceFinding>;
// Why it is wrong and what to do; "": it is right.
using Advice = std::string;

bool matches(const std::string& text, const char* pattern) {
  return std::regex_match(text, std::regex(pattern));
}

// Every schema below this one, itself first, with its place for people.
void visit(const Schema& schema, const std::string& place,
           const std::function<void(const Schema&, const std::string&)>& look) {
  look(schema, place.empty() ? "the spec" : place);
  for (const auto& [name, property] : schema.properties) visit(property, place + "/" + name, look);
  if (schema.items) visit(*schema.items, place + "/*", look);
  if (schema.additional) visit(*schema.additional, place + "/*", look);
}

// The first advice that any schema below gives, with its place.
Advice any_of(const Schema& schema, const std::function<Advice(const Schema&)>& judge) {
  Advice found;
  visit(schema, "", [&](const Schema& each, const std::string& place) {
    if (found.empty())
      if (const Advice advice = judge(each); !advice.empty()) found = place + ": " + advice;
  });
  return found;
}

Advice on_default(const Schema& schema) {
  if (!schema.default_value) return "";
  Json value = *schema.default_value;
  std::vector<SchemaProblem> problems;
  complete_value(schema, value, problems);
  return problems.empty() ? "" : "its default is refused by its own schema: " + problems[0].summary;
}

Advice on_required(const Schema& schema) {
  for (const std::string& name : schema.required)
    if (!schema.properties.contains(name))
      return "it requires '" + name + "', which is none of its properties";
  return "";
}

Advice on_required_default(const Schema& schema) {
  for (const std::string& name : schema.required)
    if (const auto found = schema.properties.find(name);
        found != schema.properties.end() && found->second.default_value)
      return "'" + name + "' is required and has a default: nobody will ever see the default used";
  return "";
}

Advice on_exactly_one_of(const Schema& schema) {
  for (const std::string& name : schema.exactly_one_of) {
    if (!schema.properties.contains(name))
      return "x-exactly-one-of names '" + name + "', which is no property";
    if (schema.properties.at(name).default_value)
      return "'" + name + "' is one of x-exactly-one-of and has a default, so the others never fit";
  }
  return "";
}

Advice on_list_keys(const Schema& schema) {
  if (schema.list_type != ListType::map) return "";
  if (schema.list_map_keys.empty()) return "a list map needs x-kubernetes-list-map-keys";
  for (const std::string& key : schema.list_map_keys)
    if (!schema.items || !schema.items->properties.contains(key))
      return "its key '" + key + "' is no property of its items";
  return "";
}

Advice on_bounds(const Schema& schema) {
  const bool numbers = schema.minimum && schema.maximum && *schema.minimum > *schema.maximum;
  const bool items = schema.min_items && schema.max_items && *schema.min_items > *schema.max_items;
  return numbers || items ? "its minimum is above its maximum, so nothing fits" : "";
}

Advice on_array(const Schema& schema) {
  return schema.type == ValueType::array && !schema.items ? "say in items what the list consists of" : "";
}

Advice on_operation(const Schema& schema) {
  for (const auto& [value, operation] : schema.operations)
    if (operation != "start" && operation != "stop")
      return "x-operation of " + value + " is '" + operation + "'; there are start and stop";
  return "";
}

Advice on_decrease(const Schema& schema) {
  const bool ordered =
      schema.quantity || schema.type == ValueType::integer || schema.type == ValueType::number;
  return schema.refuse_decrease && !ordered ? "x-decrease is for numbers and quantities" : "";
}

Advice on_enumeration(const Schema& schema) {
  const std::set<Json> values(schema.enumeration.begin(), schema.enumeration.end());
  return values.size() == schema.enumeration.size() ? "" : "its enum names a value twice";
}

// A spec is nobody's file, and is the same wherever tenon is run.
Advice on_words_of_settings(const Schema& schema) {
  return schema.place || schema.path || schema.program
             ? "x-place and the formats path and program are for the plugin's configuration"
             : "";
}

// What is recorded in the clear, and shown when it changes.
Advice on_place(const Schema& schema) {
  return schema.place && schema.secret ? "x-place is recorded and shown, so it cannot be a secret" : "";
}

// A name that says so means a secret, which plans and logs must not show.
Advice on_secrets(const Schema& schema) {
  for (const auto& [name, property] : schema.properties)
    if (property.type == ValueType::string && !property.secret &&
        matches(name, "(.*[pP]assword|.*[pP]assphrase|.*[sS]ecretKey|.*[aA]piKey|.*[tT]oken)"))
      return "'" + name + "' looks like a secret: mark it x-secret, or plans show it";
  return "";
}

// Names that a person can write: on the shell, and as a file.
Advice on_name(const Manifest& manifest) {
  return matches(manifest.name, "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
             ? ""
             : "'" + manifest.name + "': use lower-case letters, digits and hyphens, at most 63";
}

Advice on_version(const Manifest& manifest) {
  return matches(manifest.version, R"([0-9]+\.[0-9]+\.[0-9]+([-+].*)?)")
             ? ""
             : "'" + manifest.version + "' is no semantic version such as 1.2.3";
}

Advice on_limits(const Manifest& manifest) {
  if (manifest.parallel > 256) return "limits.parallel above 256 makes as many threads in the host";
  if (manifest.batch > 100000) return "limits.batch above 100000 makes frames that are refused";
  return "";
}

Advice on_configuration(const Manifest& manifest) {
  if (manifest.configuration.type != ValueType::object) return "configuration is an object";
  return any_of(manifest.configuration, on_default);
}

Advice on_places(const Manifest& manifest) { return any_of(manifest.configuration, on_place); }

// A setting that nobody explains is found out by trying.
Advice on_settings(const Manifest& manifest) {
  for (const auto& [name, setting] : manifest.configuration.properties)
    if (setting.description.empty()) return "say in a description what the setting '" + name + "' does";
  return "";
}

Advice on_names_of_kinds(const Manifest& manifest) {
  std::set<std::string> names;
  for (const KindManifest& kind : manifest.kinds) {
    if (!names.insert(kind.plural).second) return "two kinds have the plural " + kind.plural;
    for (const std::string& name : kind.short_names)
      if (!names.insert(name).second) return "the short name " + name + " is another kind's or its plural";
  }
  return "";
}

Advice on_actions(const Manifest& manifest) {
  const bool able = manifest.capabilities.contains("act");
  for (const KindManifest& kind : manifest.kinds)
    if (!kind.actions.empty() && !able)
      return kind.name.kind + " has actions: name the capability 'act', or nobody can call them";
  return "";
}

Advice on_conversions(const Manifest& manifest) {
  const bool able = manifest.capabilities.contains("convert");
  for (const KindManifest& kind : manifest.kinds)
    if (!kind.schemas.empty() && !able)
      return kind.name.kind + " has versions with schemas of their own: name the capability 'convert'";
  return "";
}

Advice on_group(const KindManifest& kind) {
  return matches(kind.name.group, R"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)")
             ? ""
             : "'" + kind.name.group + "' is no domain name such as example.org";
}

Advice on_kind(const KindManifest& kind) {
  return matches(kind.name.kind, "[A-Z][A-Za-z0-9]*") ? "" : "write the kind in CamelCase";
}

Advice on_plural(const KindManifest& kind) {
  return matches(kind.plural, "[a-z]([-a-z0-9]*[a-z0-9])?")
             ? ""
             : "'" + kind.plural + "': a plural is a lower-case DNS label";
}

Advice on_versions(const KindManifest& kind) {
  std::set<std::string> seen;
  for (const std::string& version : kind.versions) {
    if (!matches(version, "v[1-9][0-9]*((alpha|beta)[1-9][0-9]*)?"))
      return "'" + version + "' is no version such as v1 or v1alpha1";
    if (!seen.insert(version).second) return version + " is there twice";
  }
  return "";
}

Advice on_top(const KindManifest& kind) {
  return kind.schema.type == ValueType::object ? "" : "a spec is an object: say type: object";
}

Advice on_ready(const KindManifest& kind) {
  if (kind.ready.phases.empty() && !kind.ready.failing.empty())
    return "failing phases without ready ones: name the phases in which it is ready";
  for (const std::string& phase : kind.ready.phases)
    if (std::find(kind.ready.failing.begin(), kind.ready.failing.end(), phase) != kind.ready.failing.end())
      return "phase " + phase + " is both ready and failing";
  return "";
}

Advice on_later(const KindManifest& kind) {
  return kind.ready.later && kind.ready.phases.empty() ? "it becomes ready later, but no phase says when"
                                                       : "";
}

Advice on_timeout(const KindManifest& kind) {
  return kind.ready.timeout >= std::chrono::seconds(1) ? ""
                                                       : "a ready.timeout below a second fails everything";
}

Advice on_claim(const KindManifest& kind) {
  return kind.claim && !kind.populates.empty() ? "a claim is filled by another kind, not by itself" : "";
}

// Each path leads to strings in the schema, or nothing can ever be required.
Advice on_paths(const KindManifest& kind) {
  for (const RequirementRule& rule : kind.requirements) {
    if (rule.path.empty()) continue;
    const Schema* schema = find_schema(kind.schema, std::regex_replace(rule.path, std::regex("/\\*"), "/0"));
    if (!schema) return "requirement '" + rule.name + "': the schema has nothing at " + rule.path;
    if (schema->type != ValueType::string && schema->type != ValueType::any)
      return "requirement '" + rule.name + "': what is at " + rule.path + " is no string";
  }
  return "";
}

Advice on_guards(const KindManifest& kind) {
  for (const RequirementRule& rule : kind.requirements)
    if (rule.guards.empty()) return "requirement '" + rule.name + "' guards nothing";
  return "";
}

template <typename Subject>
struct Check {
  const char* name;
  Advice (*judge)(const Subject&);
};

constexpr Check<Manifest> kManifestChecks[] = {
    {"the plugin's name is one", on_name},
    {"the plugin's version is one", on_version},
    {"its limits are sane", on_limits},
    {"its configuration has a schema that accepts its own defaults", on_configuration},
    {"every setting is described", on_settings},
    {"where an instance looks is no secret", on_places},
    {"no two kinds share a name", on_names_of_kinds},
    {"every action can be called", on_actions},
    {"every older version can be converted", on_conversions},
};

constexpr Check<KindManifest> kKindChecks[] = {
    {"the group is a domain name", on_group},
    {"the kind is in CamelCase", on_kind},
    {"the plural is a DNS label", on_plural},
    {"the versions are versions", on_versions},
    {"the spec is an object", on_top},
    {"a phase is ready or failing, not both", on_ready},
    {"what becomes ready later says when", on_later},
    {"it is given time to become ready", on_timeout},
    {"a claim does not fill itself", on_claim},
    {"requirements lead to names in the spec", on_paths},
    {"requirements guard something", on_guards},
};

constexpr Check<Schema> kSchemaChecks[] = {
    {"defaults are valid", on_default},
    {"what is required is a property", on_required},
    {"what is required has no default", on_required_default},
    {"x-exactly-one-of names properties", on_exactly_one_of},
    {"list maps have keys", on_list_keys},
    {"lists say what they consist of", on_array},
    {"something is between minimum and maximum", on_bounds},
    {"x-operation starts or stops", on_operation},
    {"x-decrease is on something that can shrink", on_decrease},
    {"an enum names each value once", on_enumeration},
    {"what looks like a secret is marked as one", on_secrets},
    {"what is said of settings stands at settings", on_words_of_settings},
};

void add(Findings& findings, const std::string& check, const Advice& advice) {
  findings.push_back({check, advice.empty(), advice});
}

}  // namespace

Findings check_manifest(const Manifest& manifest) {
  Findings findings;
  add(findings, "the manifest serves kinds", manifest.kinds.empty() ? "add one" : "");
  for (const auto& check : kManifestChecks) add(findings, check.name, check.judge(manifest));
  for (const KindManifest& kind : manifest.kinds) {
    const std::string of = to_string(kind.name) + ": ";
    for (const auto& check : kKindChecks) add(findings, of + check.name, check.judge(kind));
    for (const auto& check : kSchemaChecks) add(findings, of + check.name, any_of(kind.schema, check.judge));
  }
  return findings;
}

}  // namespace tenon
