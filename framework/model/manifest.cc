#include "framework/model/manifest.h"

#include <algorithm>

#include "framework/base/quantity.h"
#include "framework/model/formats.h"
#include "framework/model/json_reader.h"
#include "framework/model/pointer.h"

namespace tenon {
namespace {

// "1h", "1h30m", "90s", "500ms".
std::optional<Duration> parse_duration(std::string_view text) {
  constexpr int64_t kLongest = int64_t{1000} * 3600 * 24 * 3650;
  int64_t total = 0;
  if (text.empty()) return {};
  while (!text.empty()) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > 9) return {};
    const int64_t number = std::stoll(std::string(text.substr(0, digits)));
    text.remove_prefix(digits);
    const size_t letters = std::min(text.find_first_of("0123456789"), text.size());
    const std::string_view unit = text.substr(0, letters);
    text.remove_prefix(letters);
    const int64_t factor = unit == "ms"  ? 1
                           : unit == "s" ? 1000
                           : unit == "m" ? 60000
                           : unit == "h" ? 3600000
                                         : 0;
    if (factor == 0) return {};
    total += number * factor;
    if (total > kLongest) return {};
  }
  return Duration(total);
}

// Calls read(element, pointer of the element) for a list of objects.
template <typename Read>
void for_each(JsonReader& reader, const char* name, const Read& read) {
  const Json* list = reader.find(name);
  if (!list) return;
  if (!list->is_array()) return reader.fail(name, "a list");
  for (size_t i = 0; i < list->size(); ++i) read((*list)[i], reader.pointer(name) + "/" + std::to_string(i));
}

void read_set(JsonReader& reader, const char* name, std::set<std::string>& target) {
  std::vector<std::string> list(target.begin(), target.end());
  reader.read(name, list);
  target = {list.begin(), list.end()};
}

void read_schema(JsonReader& reader, const char* name, std::optional<Error>& error, Schema& target) {
  const Json* json = reader.find(name);
  if (!json) return;
  Result<Schema> schema = parse_schema(*json);
  if (schema)
    target = *std::move(schema);
  else if (!error)
    error = with_context("'" + reader.pointer(name) + "'", schema.error());
}

void read_duration(JsonReader& reader, const char* name, std::optional<Duration>& target) {
  std::string text;
  reader.read(name, text);
  if (!reader.find(name)) return;
  target = parse_duration(text);
  if (!target) reader.fail(name, "a duration such as 90s, 30m or 1h30m");
}

// By version, the hub's aside.
void read_schemas(JsonReader& reader, std::optional<Error>& error, KindManifest& kind) {
  const Json* schemas = reader.find("schemas");
  if (!schemas) return;
  if (!schemas->is_object()) return reader.fail("schemas", "a schema for each version");
  JsonReader inner(*schemas, reader.pointer("schemas"), error);
  for (const auto& [version, unused] : schemas->items()) {
    const auto& versions = kind.versions;
    if (std::find(versions.begin(), versions.end(), version) == versions.end() || version == versions[0])
      inner.fail(version.c_str(), "one of the versions, and not the hub");
    read_schema(inner, version.c_str(), error, kind.schemas[version]);
  }
}

RequirementRule parse_requirement(const Json& json, const std::string& pointer, std::optional<Error>& error) {
  RequirementRule rule;
  rule.guards = {"create", "update"};
  JsonReader reader(json, pointer, error);
  reader.read("name", rule.name);
  if (rule.name.empty()) reader.fail("name", "a name");
  reader.read("path", rule.path);
  if (!parse_pointer(rule.path)) reader.fail("path", "a JSON pointer such as /source/pvc/name, or \"\"");
  std::string target;
  reader.read("target", target);
  if (Result<KindName> kind = parse_kind_name(target))
    rule.target = *kind;
  else
    reader.fail("target", "a kind such as core/PersistentVolumeClaim");
  reader.read("phases", rule.phases);
  std::vector<std::string> contents;
  reader.read("contents", contents);
  for (const std::string& text : contents) {
    rule.contents.push_back(parse_contents(text));
    if (rule.contents.back() == Contents::unspecified)
      reader.fail("contents", "none, incomplete or populated");
  }
  reader.read("failing", rule.failing);
  read_duration(reader, "timeout", rule.timeout);
  read_set(reader, "guards", rule.guards);
  for (const std::string& guard : rule.guards)
    if (guard != "create" && guard != "update" && guard != "start")
      reader.fail("guards", "create, update or start");
  return rule;
}

void read_ready(const Json& json, const std::string& pointer, std::optional<Error>& error, ReadyRule& ready) {
  JsonReader reader(json, pointer, error);
  reader.read("phases", ready.phases);
  reader.read("failing", ready.failing);
  reader.read("later", ready.later);
  std::optional<Duration> timeout;
  read_duration(reader, "timeout", timeout);
  ready.timeout = timeout.value_or(ready.timeout);
}

void read_create(const Json& json, const std::string& pointer, std::optional<Error>& error,
                 CreateRule& create) {
  JsonReader reader(json, pointer, error);
  bool idempotent = true;
  reader.read("idempotent", idempotent);
  read_duration(reader, "settle", create.settle);
  if (idempotent && create.settle)
    reader.fail("settle", "nothing, since create is idempotent, or \"idempotent\": false beside it");
  if (!idempotent && create.settle.value_or(Duration()) <= Duration())
    reader.fail("settle",
                "how long it takes at most until what a create has made shows, such as 30s, since create is "
                "not idempotent");
  std::string marked = "atOnce";
  reader.read("marked", marked);
  create.marked_later = marked == "later";
  if (!create.marked_later && marked != "atOnce") reader.fail("marked", "atOnce or later");
}

void read_requirements(JsonReader& reader, std::optional<Error>& error, KindManifest& kind) {
  std::set<std::string> names;
  for_each(reader, "requirements", [&](const Json& json, const std::string& pointer) {
    kind.requirements.push_back(parse_requirement(json, pointer, error));
    if (!names.insert(kind.requirements.back().name).second)
      reader.fail("requirements", "every name once, not '" + kind.requirements.back().name + "' twice");
  });
  reader.read("populates", kind.populates);
  if (!kind.populates.empty() && !names.contains(kind.populates))
    reader.fail("populates", "the name of one of the requirements");
}

void read_actions(JsonReader& reader, std::optional<Error>& error, KindManifest& kind) {
  std::set<std::string> names;
  for_each(reader, "actions", [&](const Json& json, const std::string& pointer) {
    ActionRule action;
    action.arguments.type = ValueType::object;
    JsonReader inner(json, pointer, error);
    inner.read("name", action.name);
    inner.read("description", action.description);
    read_schema(inner, "arguments", error, action.arguments);
    if (action.name.empty()) inner.fail("name", "a name");
    if (!names.insert(action.name).second)
      reader.fail("actions", "every name once, not '" + action.name + "' twice");
    kind.actions.push_back(std::move(action));
  });
}

// x-columns stands in the kind's schema, and its paths are into the whole object.
void read_columns(const Json& schema, const std::string& schema_pointer, std::optional<Error>& error,
                  KindManifest& kind) {
  JsonReader outer(schema, schema_pointer, error);
  for_each(outer, "x-columns", [&](const Json& json, const std::string& pointer) {
    JsonReader reader(json, pointer, error);
    Column column;
    reader.read("name", column.name);
    reader.read("path", column.path);
    reader.read("wide", column.wide);
    if (column.name.empty()) reader.fail("name", "the column's header");
    const std::string_view path = column.path;
    const bool leads_somewhere = path.starts_with("/spec/")
                                     ? find_schema(kind.schema, path.substr(5)) != nullptr
                                     : path.starts_with("/status/");
    if (!leads_somewhere || !parse_pointer(column.path))
      reader.fail("path", "a JSON pointer to a field, such as /spec/size or /status/phase");
    kind.columns.push_back(std::move(column));
  });
}

KindManifest parse_kind(const Json& json, const std::string& pointer, std::optional<Error>& error) {
  KindManifest kind;
  JsonReader reader(json, pointer, error);
  std::string group, name;
  reader.read("group", group);
  reader.read("kind", name);
  kind.name = {group, name};
  reader.read("versions", kind.versions);
  reader.read("plural", kind.plural);
  reader.read("shortNames", kind.short_names);
  reader.read("claim", kind.claim);
  reader.read("composite", kind.composite);
  if (kind.name.group.empty()) reader.fail("group", "a group; the core group is \"core\"");
  if (kind.name.kind.empty()) reader.fail("kind", "a kind");
  if (kind.plural.empty()) {
    for (char c : name) kind.plural += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    kind.plural += 's';
  }
  if (kind.versions.empty()) reader.fail("versions", "at least one version, the hub first");
  std::string scope = "Namespaced";
  reader.read("scope", scope);
  kind.cluster_scoped = scope == "Cluster";
  if (!kind.cluster_scoped && scope != "Namespaced") reader.fail("scope", "Namespaced or Cluster");
  read_schema(reader, "schema", error, kind.schema);
  if (const Json* schema = reader.find("schema"))
    read_columns(*schema, reader.pointer("schema"), error, kind);
  else
    reader.fail("schema", "the schema of the spec");
  read_schemas(reader, error, kind);
  read_schema(reader, "outputs", error, kind.outputs);
  if (const Json* ready = reader.find("ready"))
    read_ready(*ready, reader.pointer("ready"), error, kind.ready);
  if (const Json* create = reader.find("create"))
    read_create(*create, reader.pointer("create"), error, kind.create);
  read_requirements(reader, error, kind);
  read_actions(reader, error, kind);
  return kind;
}

Need parse_need(const Json& json, const std::string& pointer, std::optional<Error>& error) {
  constexpr std::pair<const char*, Need::What> kWords[] = {
      {"program", Need::What::program}, {"library", Need::What::library}, {"service", Need::What::service}};
  Need need;
  JsonReader reader(json, pointer, error);
  int named = 0;
  for (const auto& [word, what] : kWords) {
    if (!reader.find(word)) continue;
    reader.read(word, need.name);
    need.what = what;
    ++named;
  }
  if (named != 1 || need.name.empty()) reader.fail("program", "one of program, library and service");
  reader.read("package", need.package);
  reader.read("for", need.reason);
  reader.read("setting", need.setting);
  if (!parse_pointer(need.setting)) reader.fail("setting", "a JSON pointer into the configuration");
  return need;
}

bool has_secret(const Schema& schema) {
  const auto inside = [](const auto& property) { return has_secret(property.second); };
  return schema.secret || (schema.items && has_secret(*schema.items)) ||
         (schema.additional && has_secret(*schema.additional)) ||
         std::any_of(schema.properties.begin(), schema.properties.end(), inside);
}

// Where the secrets of a version stand must be known before it is converted.
void check_versions(JsonReader& reader, const Manifest& manifest) {
  if (!manifest.capabilities.contains("convert")) return;
  for (const KindManifest& kind : manifest.kinds)
    if (kind.schemas.size() + 1 < kind.versions.size() && has_secret(kind.schema))
      reader.fail("kinds", "a schema in 'schemas' for every version of " + to_string(kind.name) +
                               " but the hub, since it has secrets and is converted");
}

// Less than a host itself needs would be a mistake.
constexpr int64_t kLeastMemory = int64_t{16} << 20;

void read_limits(JsonReader& outer, std::optional<Error>& error, Manifest& manifest) {
  const Json* limits = outer.find("limits");
  if (!limits) return;
  JsonReader reader(*limits, outer.pointer("limits"), error);
  reader.read("parallel", manifest.parallel);
  reader.read("batch", manifest.batch);
  if (manifest.parallel < 1) reader.fail("parallel", "at least 1");
  if (manifest.batch < 1) reader.fail("batch", "at least 1");
  const Json* memory = reader.find("memory");
  if (!memory) return;
  const Result<Quantity> bytes = Quantity::from_json(*memory);
  if (!bytes || bytes->value() < kLeastMemory) return reader.fail("memory", "a quantity of at least 16Mi");
  manifest.memory = static_cast<uint64_t>(bytes->value());
}

}  // namespace

const KindManifest* Manifest::find(const KindName& kind) const {
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const KindManifest& k) { return k.name == kind; });
  return found == kinds.end() ? nullptr : &*found;
}

Result<Manifest> parse_manifest(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Error{Code::invalid_argument, "the manifest is not JSON"};
  Manifest manifest;
  manifest.configuration.type = ValueType::object;
  std::optional<Error> error;
  JsonReader reader(json, "", error);
  int version = 0;
  reader.read("manifestVersion", version);
  if (version != kManifestVersion)
    reader.fail("manifestVersion",
                std::to_string(kManifestVersion) + ", the only version that this Tenon reads");
  reader.read("name", manifest.name);
  if (manifest.name.empty()) reader.fail("name", "a name");
  reader.read("version", manifest.version);
  read_set(reader, "capabilities", manifest.capabilities);
  read_limits(reader, error, manifest);
  read_schema(reader, "configuration", error, manifest.configuration);
  for_each(reader, "kinds", [&](const Json& kind_json, const std::string& pointer) {
    KindManifest kind = parse_kind(kind_json, pointer, error);
    if (manifest.find(kind.name))
      reader.fail("kinds", "every kind once, not " + to_string(kind.name) + " twice");
    manifest.kinds.push_back(std::move(kind));
  });
  check_versions(reader, manifest);
  for_each(reader, "needs", [&](const Json& need, const std::string& pointer) {
    manifest.needs.push_back(parse_need(need, pointer, error));
  });
  if (error) return with_context("manifest", *error);
  return manifest;
}

}  // namespace tenon
