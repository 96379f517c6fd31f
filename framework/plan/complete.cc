#include "framework/plan/complete.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "framework/model/annotations.h"
#include "framework/model/capabilities.h"
#include "framework/model/naming.h"
#include "framework/model/pointer.h"
#include "framework/plan/defaults.h"
#include "framework/plan/seal.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

constexpr const char* kExpandCapability = "expand";
constexpr const char* kConvertCapability = "convert";

struct TypeName {
  std::string group, version;
};

// "cdi.kubevirt.io/v1alpha1" or, in the core group, "v1".
TypeName parse_api_version(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return {"core", text};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

// Where a child's spec is in the parent's: a template is {metadata, spec}, anything else is the spec itself.
std::string spec_pointer_of(const Json& parent_spec, const std::string& pointer) {
  if (pointer.empty()) return pointer;
  const Json* value = find_value(parent_spec, pointer);
  return value && value->is_object() && value->contains("spec") ? pointer + "/spec" : pointer;
}

Resource child_of(const Resource& parent, const ChildSpec& child) {
  const TypeName type = parse_api_version(child.api_version);
  Resource resource;
  resource.address = {type.group, child.kind, parent.address.name_space, child.name};
  resource.version = type.version;
  resource.spec = child.spec;
  resource.labels = child.labels;
  resource.annotations = child.annotations;
  resource.origin.source = parent.origin.source;
  resource.origin.pointer = parent.origin.pointer + spec_pointer_of(parent.spec, child.pointer);
  resource.origin.parent = parent.address;
  return resource;
}

// Beside its spec; of what is the spec itself, somewhere in it.
Position place_of_annotation(const Origin& origin, const std::string& name, bool key) {
  constexpr std::string_view kSpec = "/spec";
  std::string head = origin.pointer;
  if (head.ends_with(kSpec)) head.resize(head.size() - kSpec.size());
  return origin.source ? origin.source->locate(joined(head + "/metadata/annotations", name), key)
                       : Position();
}

// Says where a resource comes from, for people.
std::string source_of(const Resource& resource) {
  const std::string place = to_string(head_of(resource, "/metadata/name"));
  const std::string who = resource.origin.parent ? "by " + title(*resource.origin.parent) : "";
  if (place.empty()) return who.empty() ? "in the input" : who;
  return who.empty() ? "at " + place : who + " at " + place;
}

// What is wrong with a field of the spec, as a plugin tells it: "spec/POINTER: what". Without that beginning
// it is the whole spec.
struct FieldProblem {
  std::string pointer, summary, detail;
};

FieldProblem field_problem(const std::string& message) {
  const size_t end = message.find(": "), blank = message.find(' ');
  const bool named = end != std::string::npos && end < blank &&
                     (message.starts_with("spec/") || message.starts_with("spec:"));
  const std::string text = named ? message.substr(end + 2) : message;
  const size_t line = std::min(text.find('\n'), text.size());
  return {named ? message.substr(4, end - 4) : "", text.substr(0, line),
          text.substr(std::min(line + 1, text.size()))};
}

class Completer {
 public:
  Completer(const std::vector<Owned>& owned, const Catalog& catalog, const Plugins& plugins,
            Diagnostics& diagnostics, Vault* vault)
      : catalog_(catalog), plugins_(plugins), diagnostics_(diagnostics), vault_(vault) {
    owned_.reserve(owned.size());
    for (const Owned& row : owned) owned_.emplace(row.address, &row);
  }

  std::vector<Resource> run(std::vector<Resource> level) {
    resources_.reserve(level.size());
    index_.reserve(level.size());
    for (int depth = 0; !level.empty(); ++depth) level = add_level(std::move(level), depth);
    return std::move(resources_);
  }

 private:
  using Numbers = std::vector<size_t>;  // into resources_
  using ByInstance = std::map<std::string, Numbers>;

  // Adds one level and returns the next: the children of its sound resources.
  std::vector<Resource> add_level(std::vector<Resource> level, int depth) {
    Numbers sound;
    ByInstance older, composites;
    for (Resource& resource : level) {
      if (!add(std::move(resource))) continue;
      const Resource& added = resources_.back();
      if (depth == 0 && has_handle(added)) continue;
      if (is_of_older_version(added) && is_able(catalog_, added.instance, kConvertCapability))
        older[added.instance].push_back(resources_.size() - 1);
      sound.push_back(resources_.size() - 1);
    }
    std::set<size_t> broken;
    for (const auto& [instance, numbers] : older) convert_all(instance, numbers, broken);
    for (size_t number : sound) {
      Resource& resource = resources_[number];
      const KindManifest& kind = *catalog_.find(resource.address.kind_name());
      resource.version = kind.versions.front();
      if (broken.contains(number) || !validate(resource, kind.schema)) continue;
      if (const Owned* row = row_of(resource)) keep_old_defaults(kind.schema, *row, resource);
      if (expands(resource)) composites[resource.instance].push_back(number);
    }
    std::vector<Resource> next;
    for (const auto& [instance, numbers] : composites) expand_all(instance, numbers, depth, next);
    return next;
  }

  // Also of what moves here.
  const Owned* row_of(const Resource& resource) const {
    auto found = owned_.find(resource.address);
    const auto moved = resource.annotations.find(std::string(kMovedFromAnnotation));
    if (found == owned_.end() && moved != resource.annotations.end())
      if (const auto from = parse_address(moved->second)) found = owned_.find(*from);
    return found == owned_.end() ? nullptr : found->second;
  }

  // Now the last of resources_, unless it was there already. True: it is served as it was written.
  bool add(Resource resource) {
    const KindManifest* kind = catalog_.find(resource.address);
    if (kind && kind->cluster_scoped) resource.address.name_space = "-";
    if (!has_sound_address(resource)) return false;
    if (!resources_.empty()) share_names(resources_.back().address, resource.address);
    if (!is_new(resource)) return false;
    check_annotations(resource);
    const bool sound = place(resource) && kind && has_version(resource, *kind);
    index_.emplace(resource.address, resources_.size());
    resources_.push_back(std::move(resource));
    return sound;
  }

  // A plugin says what its children are called.
  bool has_sound_address(const Resource& resource) {
    const auto checked = checked_address(resource.address);
    if (!checked)
      error(resource, resource.origin.locate(""), checked.error().message, "declared " + source_of(resource));
    return checked.has_value();
  }

  bool is_new(const Resource& resource) {
    const auto other = index_.find(resource.address);
    if (other == index_.end()) return true;
    error(resource, head_of(resource, "/metadata/name"), title(resource.address) + " is declared twice",
          "declared " + source_of(resources_[other->second]) + ", and again " + source_of(resource) +
              "; remove one of them, or give it another name");
    return false;
  }

  void check_annotations(const Resource& resource) {
    for (const auto& [name, value] : resource.annotations)
      if (const auto problem = problem_of_annotation(name, value))
        error(resource, place_of_annotation(resource.origin, name, problem->at_key), problem->summary,
              problem->detail);
  }

  bool place(Resource& resource) {
    auto instance = catalog_.route(resource);
    if (!instance) {
      error(resource, head_of(resource, "/kind"), instance.error().message, "");
      return false;
    }
    resource.instance = std::move(*instance);
    return true;
  }

  bool has_version(const Resource& resource, const KindManifest& kind) {
    const auto known = std::find(kind.versions.begin(), kind.versions.end(), resource.version);
    if (known != kind.versions.end()) return true;
    error(resource, head_of(resource, "/apiVersion"),
          "version '" + resource.version + "' of " + to_string(kind.name) + " is not served",
          "served: " + listed(kind.versions, kind.versions.size()));
    return false;
  }

  // Handles are not secret, so whoever may write one could have the plugin redeem what is another's.
  bool has_handle(const Resource& resource) {
    const auto pointer = find_handle(resource.spec);
    if (pointer)
      error(resource, resource.origin.locate(*pointer), "a handle stands for a secret and is none",
            "write the value, or the name of a Secret");
    return pointer.has_value();
  }

  bool is_of_older_version(const Resource& resource) const {
    return resource.version != catalog_.find(resource.address.kind_name())->versions.front();
  }

  // As written first, so that problems are shown where they were written. Where nobody is asked, it stays so
  // and is not looked at as the hub version.
  void convert_all(const std::string& instance, const Numbers& numbers, std::set<size_t>& broken) {
    Numbers wanted;
    std::vector<Resource> resources;
    std::vector<std::string> to;
    for (size_t number : numbers) {
      Resource& resource = resources_[number];
      const KindManifest& kind = *catalog_.find(resource.address.kind_name());
      const auto written = kind.schemas.find(resource.version);
      if (written == kind.schemas.end()) seal(resource, kind.schema);
      const bool sound = written == kind.schemas.end() || validate(resource, written->second);
      if (!sound || !plugins_.convert) {
        broken.insert(number);
        continue;
      }
      wanted.push_back(number);
      resources.push_back(resource);
      to.push_back(kind.versions.front());
    }
    if (wanted.empty()) return;
    const auto answers = plugins_.convert(instance, resources, to);
    for (size_t i = 0; i < wanted.size(); ++i)
      if (!take_conversion(resources_[wanted[i]], i < answers.size() ? &answers[i] : nullptr))
        broken.insert(wanted[i]);
  }

  bool take_conversion(Resource& resource, const Result<Json>* answer) {
    if (answer && *answer) {
      resource.spec = **answer;
      return true;
    }
    if (!answer || !is_fault(resource, answer->error()))
      error(resource, head_of(resource, "/apiVersion"),
            "cannot be converted from version " + resource.version,
            answer ? answer->error().message : "the plugin gave no answer for it");
    return false;
  }

  // A plugin that crashed, or that cannot be reached, says nothing about the manifest.
  bool is_fault(const Resource& resource, const Error& error) {
    const bool fault =
        is_transient(error.code) || is_outcome_unknown(error.code) || error.code == Code::internal;
    if (fault && plugins_.faults) plugins_.faults->emplace(resource.address, error);
    return fault && plugins_.faults;
  }

  bool validate(Resource& resource, const Schema& schema) {
    std::vector<SchemaProblem> problems;
    // What a conversion has left of the defaults of an older version.
    std::erase_if(resource.defaulted, [&](const std::string& pointer) {
      return !resource.spec.contains(Json::json_pointer(pointer));
    });
    complete_value(schema, resource.spec.edit(), problems, &resource.defaulted);
    for (const SchemaProblem& problem : problems)
      error(resource, resource.origin.locate(problem.pointer, problem.at_key), problem.summary,
            problem.detail);
    if (!problems.empty() || !plugins_.expand) validate_templates(resource, schema, resource.spec, "");
    if (problems.empty()) seal(resource, schema);
    return problems.empty();
  }

  void seal(Resource& resource, const Schema& schema) {
    if (!vault_) return;
    const Resource* declared = &resource;
    while (declared->origin.parent) declared = &resources_[index_.at(*declared->origin.parent)];
    tenon::seal(catalog_, schema, declared->address, resource, *vault_, diagnostics_);
  }

  // What is not expanded, for its problems or because nobody is asked, has its templates checked all the
  // same.
  void validate_templates(const Resource& resource, const Schema& schema, const Json& value,
                          const std::string& pointer) {
    if (!schema.template_of.empty()) return validate_template(resource, schema.template_of, value, pointer);
    if (value.is_array() && schema.items)
      for (size_t i = 0; i < value.size(); ++i)
        validate_templates(resource, *schema.items, value[i], pointer + "/" + std::to_string(i));
    if (value.is_object())
      for (const auto& [name, property] : schema.properties)
        if (const auto member = value.find(name); member != value.end())
          validate_templates(resource, property, *member, joined(pointer, name));
  }

  void validate_template(const Resource& resource, const std::string& kind_name, const Json& value,
                         const std::string& pointer) {
    const auto name = parse_kind_name(kind_name);
    const KindManifest* kind = name ? catalog_.find(*name) : nullptr;
    if (!kind || !value.is_object() || !value.contains("spec")) return;
    check_template_name(resource, value, pointer);
    check_template_annotations(resource, value, pointer);
    Json spec = value.at("spec");
    std::vector<SchemaProblem> problems;
    complete_value(kind->schema, spec, problems);
    for (const SchemaProblem& problem : problems)
      error(resource, resource.origin.locate(pointer + "/spec" + problem.pointer, problem.at_key),
            problem.summary, problem.detail);
    validate_templates(resource, kind->schema, spec, pointer + "/spec");
  }

  // Missing or of another type, it is its plugin's to complain of.
  void check_template_name(const Resource& resource, const Json& value, const std::string& pointer) {
    const Json* name = find_value(value, "/metadata/name");
    if (name && name->is_string() && !is_subdomain(name->get_ref<const std::string&>()))
      error(resource, resource.origin.locate(pointer + "/metadata/name"),
            "'" + name->get<std::string>() + "' is not a name", std::string(kSubdomainRule));
  }

  void check_template_annotations(const Resource& resource, const Json& value, const std::string& pointer) {
    const Json* annotations = find_value(value, "/metadata/annotations");
    if (!annotations || !annotations->is_object()) return;
    for (const auto& [name, text] : annotations->items()) {
      if (!text.is_string()) continue;
      if (const auto problem = problem_of_annotation(name, text.get<std::string>()))
        error(resource,
              resource.origin.locate(joined(pointer + "/metadata/annotations", name), problem->at_key),
              problem->summary, problem->detail);
    }
  }

  bool expands(const Resource& resource) const {
    const KindManifest* kind = catalog_.find(resource.address);
    return plugins_.expand && kind && kind->composite &&
           is_able(catalog_, resource.instance, kExpandCapability);
  }

  void expand_all(const std::string& instance, const Numbers& numbers, int depth,
                  std::vector<Resource>& next) {
    std::vector<Resource> parents;
    for (size_t number : numbers) parents.push_back(resources_[number]);
    const auto answers = plugins_.expand(instance, parents);
    for (size_t i = 0; i < parents.size(); ++i) {
      if (i >= answers.size())
        error(parents[i], parents[i].origin.locate(""), "the plugin does not say what it consists of", "");
      else if (answers[i])
        append_children(parents[i], *answers[i], depth, next);
      else if (!is_fault(parents[i], answers[i].error()))
        refuse(parents[i], field_problem(answers[i].error().message));
    }
  }

  void refuse(const Resource& resource, const FieldProblem& problem) {
    error(resource, resource.origin.locate(problem.pointer), problem.summary, problem.detail);
  }

  void append_children(const Resource& parent, const std::vector<ChildSpec>& children, int depth,
                       std::vector<Resource>& next) {
    if (!children.empty() && depth >= kMaximalDepth) {
      error(parent, parent.origin.locate(""),
            "composites are nested deeper than " + std::to_string(kMaximalDepth),
            "its plugin goes on making children of children");
      return;
    }
    for (const ChildSpec& child : children) next.push_back(child_of(parent, child));
  }

  void error(const Resource& resource, Position position, std::string summary, std::string detail) {
    diagnostics_.push_back({Severity::error, std::move(summary), std::move(detail),
                            to_string(resource.address), std::move(position)});
  }

  const Catalog& catalog_;
  const Plugins& plugins_;
  Diagnostics& diagnostics_;
  Vault* const vault_;
  std::vector<Resource> resources_;
  std::unordered_map<Address, size_t> index_;
  std::unordered_map<Address, const Owned*> owned_;
};

}  // namespace

std::vector<Resource> complete(std::vector<Resource> declared, const std::vector<Owned>& owned,
                               const Catalog& catalog, const Plugins& plugins, Diagnostics& diagnostics,
                               Vault* vault) {
  return Completer(owned, catalog, plugins, diagnostics, vault).run(std::move(declared));
}

}  // namespace tenon
