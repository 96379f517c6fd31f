#include <algorithm>
#include <array>
#include <unordered_set>

#include "framework/base/base64.h"
#include "framework/load/load.h"
#include "framework/model/json_reader.h"
#include "framework/model/naming.h"

namespace tenon {
namespace {

constexpr std::array<const char*, 10> kServerMetadata = {"uid",
                                                         "resourceVersion",
                                                         "creationTimestamp",
                                                         "generation",
                                                         "managedFields",
                                                         "ownerReferences",
                                                         "finalizers",
                                                         "selfLink",
                                                         "deletionTimestamp",
                                                         "deletionGracePeriodSeconds"};
// Notes on every resource of a hundred thousand are told.
constexpr size_t kMaximumTold = 300000;
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

// A value as a message shows it.
std::string got(const Json& value) {
  if (value.is_structured()) return value.is_object() ? "a map" : "a list";
  constexpr size_t kLongest = 60;
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.size() > kLongest) {
    size_t end = kLongest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // between characters
    text = text.substr(0, end) + "...";
  }
  return value.is_string() ? "'" + text + "'" : text;
}

// Reads one object of a document into a resource, and says all that is wrong with it.
class Reader {
 public:
  Reader(const std::shared_ptr<const SourceMap>& source, std::string base, std::string_view default_namespace,
         std::vector<Resource>& resources, std::vector<SecretDocument>& secrets,
         std::unordered_set<Address>& secret_names, Diagnostics& diagnostics)
      : source_(source),
        base_(std::move(base)),
        default_namespace_(default_namespace),
        resources_(resources),
        secrets_(secrets),
        secret_names_(secret_names),
        diagnostics_(diagnostics) {}

  void read(Json& object) {
    if (!object.is_object())
      return error("", "expected an object with apiVersion, kind and metadata, got " + got(object));
    if (is_list(object)) return read_list(object);
    Resource resource;
    read_type(object, resource);
    const bool typed = problems_ == 0;
    read_metadata(object, resource);
    if (refuse_input(resource)) return;
    if (is_core(resource.address, "Secret")) return read_secret(object, resource.address);
    const int before = problems_;
    check_fields(object);
    // What would be said about a spec that was only misspelt would be wrong.
    const bool misspelt = problems_ != before && !object.contains("spec");
    if (!read_spec(object, resource) || misspelt || !typed || address_.empty()) return;
    resource.origin = {source_, base_ + "/spec", {}};
    resources_.push_back(std::move(resource));
  }

 private:
  void say(Severity severity, const std::string& pointer, bool key, std::string summary, std::string detail) {
    if (severity == Severity::error) ++problems_;
    if (diagnostics_.size() >= kMaximumTold) return leave_out(severity);
    diagnostics_.push_back(
        {severity, std::move(summary), std::move(detail), address_, source_->locate(base_ + pointer, key)});
  }
  // A note may be left out without a word.
  void leave_out(Severity severity) {
    if (severity != Severity::error || diagnostics_.size() > kMaximumTold) return;
    diagnostics_.push_back({.summary = "there are more problems than " + std::to_string(kMaximumTold),
                            .detail = "mend those that are told, and look again"});
  }
  void error(const std::string& pointer, std::string summary, std::string detail = "") {
    say(Severity::error, pointer, false, std::move(summary), std::move(detail));
  }

  // "List" and the typed lists that kubectl prints.
  static bool is_list(const Json& object) {
    const auto kind = object.find("kind");
    const auto items = object.find("items");
    return kind != object.end() && kind->is_string() &&
           kind->get_ref<const std::string&>().ends_with("List") && items != object.end() &&
           items->is_array();
  }

  void read_list(Json& object) {
    Json& items = object["items"];
    for (size_t i = 0; i < items.size(); ++i)
      Reader(source_, base_ + "/items/" + std::to_string(i), default_namespace_, resources_, secrets_,
             secret_names_, diagnostics_)
          .read(items[i]);
  }

  // Null, and a problem if it is required or of another type.
  const std::string* text_member(const Json& object, const std::string& pointer, const char* name,
                                 const char* example) {
    const auto member = object.find(name);
    const std::string field = pointer.empty() ? name : pointer.substr(1) + "." + name;
    if (member == object.end() || member->is_null()) {
      if (example)
        error(pointer, "required field '" + field + "' is missing", std::string("such as ") + example);
      return nullptr;
    }
    if (!member->is_string()) {
      error(pointer + "/" + name, "expected a string for '" + field + "', got " + got(*member),
            member->is_structured() ? "" : "put it in quotes");
      return nullptr;
    }
    return member->get_ptr<const std::string*>();
  }

  void read_type(const Json& object, Resource& resource) {
    if (const std::string* api_version =
            text_member(object, "", "apiVersion", "apiVersion: kubevirt.io/v1alpha2"))
      split_api_version(*api_version, resource);
    const std::string* kind = text_member(object, "", "kind", "kind: VirtualMachine");
    if (!kind) return;
    resource.address.kind = *kind;
    if (!is_kind(*kind)) error("/kind", got(*kind) + " is not a kind", std::string(kKindRule));
  }

  void split_api_version(const std::string& text, Resource& resource) {
    const size_t slash = text.find('/');
    resource.address.group = slash == std::string::npos ? "core" : text.substr(0, slash);
    resource.version = slash == std::string::npos ? text : text.substr(slash + 1);
    const bool explicit_core = slash != std::string::npos && resource.address.group == "core";
    if (!is_subdomain(resource.address.group) || !is_label(resource.version) || explicit_core)
      error("/apiVersion", got(text) + " is not an apiVersion",
            explicit_core
                ? "the core group has no name here: write " + resource.version
                : "the form is group/version such as kubevirt.io/v1alpha2, or v1 for the core group");
  }

  void read_metadata(Json& object, Resource& resource) {
    resource.address.name_space = default_namespace_;
    const auto metadata = object.find("metadata");
    if (metadata == object.end() || metadata->is_null())
      return error("", "required field 'metadata' is missing", "it holds at least the name");
    if (!metadata->is_object())
      return error("/metadata", "expected an object for 'metadata', got " + got(*metadata));
    read_names(*metadata, resource);
    read_map(*metadata, "labels", resource.labels);
    read_map(*metadata, "annotations", resource.annotations);
    resource.annotations.erase(std::string(kLastApplied));
    check_metadata_fields(*metadata);
  }

  void read_names(const Json& metadata, Resource& resource) {
    const std::string* name_space = text_member(metadata, "/metadata", "namespace", nullptr);
    if (name_space && !name_space->empty()) resource.address.name_space = *name_space;
    if (metadata.contains("generateName"))
      error("/metadata/generateName", "generateName is not supported",
            "a resource is known by its name: write metadata.name");
    else if (const std::string* name = text_member(metadata, "/metadata", "name", "name: example"))
      read_name(*name, resource);
    if (!is_label(resource.address.name_space))
      error("/metadata/namespace", got(resource.address.name_space) + " is not a namespace",
            std::string(kLabelRule));
  }

  void read_name(const std::string& name, Resource& resource) {
    resource.address.name = name;
    if (!is_subdomain(name))
      return error("/metadata/name", got(name) + " is not a name", std::string(kSubdomainRule));
    if (!resource.address.group.empty() && !resource.address.kind.empty())
      address_ = to_string(resource.address);
  }

  void read_map(const Json& metadata, const char* name, std::map<std::string, std::string>& target) {
    const auto map = metadata.find(name);
    const std::string pointer = std::string("/metadata/") + name;
    if (map == metadata.end() || map->is_null()) return;
    if (!map->is_object())
      return error(pointer, "expected an object for 'metadata." + std::string(name) + "', got " + got(*map));
    for (const auto& [key, value] : map->items()) {
      if (value.is_string())
        target.emplace(key, value.get<std::string>());
      else
        error(pointer + "/" + escape_pointer_token(key),
              "expected a string for '" + key + "', got " + got(value),
              value.is_structured() ? "" : "put it in quotes");
    }
  }

  void check_metadata_fields(const Json& metadata) {
    static const std::vector<std::string> kKnown = {"name", "namespace", "labels", "annotations"};
    std::string ignored, place;
    for (const auto& [name, value] : metadata.items()) {
      if (name == "generateName" || std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end()) continue;
      if (std::find(kServerMetadata.begin(), kServerMetadata.end(), name) == kServerMetadata.end()) {
        unknown_field("/metadata", name, kKnown);
        continue;
      }
      if (place.empty()) place = "/metadata/" + name;
      ignored += (ignored.empty() ? "" : ", ") + name;
    }
    if (!ignored.empty())
      say(Severity::note, place, true, "ignored, because a server sets it: " + ignored, "");
  }

  static bool is_core(const Address& address, std::string_view kind) {
    return address.group == "core" && address.kind == kind;
  }

  // It is what other resources read, not what a backend makes.
  bool refuse_input(const Resource& resource) {
    if (!is_core(resource.address, "ConfigMap")) return false;
    error("/kind", "a ConfigMap is an input of other resources, and no kind reads one yet",
          "take the document out");
    return true;
  }

  // Nothing here may say what a value is.
  void read_secret(const Json& object, const Address& address) {
    check_fields(object, {"apiVersion", "kind", "metadata", "type", "immutable", "data", "stringData"});
    SecretDocument secret{.address = address, .file = source_->locate(base_, false).file};
    for (const char* member : {"data", "stringData"}) {
      const auto values = object.find(member);
      if (values == object.end() || values->is_null()) continue;
      const std::string pointer = std::string("/") + member;
      if (!values->is_object()) {
        error(pointer, "expected an object for '" + std::string(member) + "'");
        continue;
      }
      for (const auto& [key, value] : values->items())
        read_secret_value(pointer, key, value, secret.data[key]);
    }
    if (secret_names_.contains(address))
      error("/metadata/name", "Secret " + address.name + " is declared twice", "remove one of them");
    if (problems_ > 0) return;
    secret_names_.insert(address);
    secrets_.push_back(std::move(secret));
  }

  void read_secret_value(const std::string& pointer, const std::string& key, const Json& value,
                         std::string& target) {
    const std::string place = pointer + "/" + escape_pointer_token(key);
    if (!value.is_string()) return error(place, "expected a string for '" + key + "'", "put it in quotes");
    const std::string& text = value.get_ref<const std::string&>();
    const auto decoded = pointer == "/data" ? from_base64(text) : text;
    if (!decoded)
      return error(place, "expected base64 for '" + key + "'", "plain text goes under stringData");
    target = *decoded;
  }

  void check_fields(const Json& object,
                    const std::vector<std::string>& known = {"apiVersion", "kind", "metadata", "spec"}) {
    for (const auto& [name, value] : object.items()) {
      if (name == "status")
        say(Severity::note, "/status", true, "status is ignored: it is observed, not declared", "");
      else if (std::find(known.begin(), known.end(), name) == known.end())
        unknown_field("", name, known);
    }
  }

  void unknown_field(const std::string& pointer, const std::string& name,
                     const std::vector<std::string>& known) {
    const std::string_view nearest = nearest_name(name, known);
    std::string detail = nearest.empty() ? "" : "did you mean '" + std::string(nearest) + "'?\n";
    detail += "known fields: ";
    for (const std::string& field : known) detail += (&field == &known.front() ? "" : ", ") + field;
    say(Severity::error, pointer + "/" + escape_pointer_token(name), true, "unknown field '" + name + "'",
        std::move(detail));
  }

  // False: it is something else.
  bool read_spec(Json& object, Resource& resource) {
    const auto spec = object.find("spec");
    if (spec == object.end() || spec->is_null()) return true;
    if (spec->is_object()) {
      resource.spec = std::move(*spec);
      return true;
    }
    error("/spec", "expected an object for 'spec', got " + got(*spec));
    return false;
  }

  const std::shared_ptr<const SourceMap>& source_;
  std::string base_;  // JSON pointer of the object in its document
  std::string_view default_namespace_;
  std::vector<Resource>& resources_;
  std::vector<SecretDocument>& secrets_;
  std::unordered_set<Address>& secret_names_;
  Diagnostics& diagnostics_;
  std::string address_;
  int problems_ = 0;
};

}  // namespace

std::vector<Resource> to_resources(std::vector<Document> documents, std::string_view default_namespace,
                                   Diagnostics& diagnostics, std::vector<SecretDocument>* secrets) {
  std::vector<Resource> resources;
  std::vector<SecretDocument> unwanted;
  std::vector<SecretDocument>& kept = secrets ? *secrets : unwanted;
  std::unordered_set<Address> names;
  for (const SecretDocument& secret : kept) names.insert(secret.address);
  resources.reserve(documents.size());
  for (Document& document : documents)
    Reader(document.source, "", default_namespace, resources, kept, names, diagnostics).read(document.value);
  return resources;
}

}  // namespace tenon
