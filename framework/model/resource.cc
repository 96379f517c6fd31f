#include "framework/model/resource.h"

#include <algorithm>

#include "framework/model/json_reader.h"
#include "framework/model/pointer.h"

namespace tenon {
namespace {

Result<ValueReference> parse_reference(const Json& value, const std::string& pointer) {
  const auto malformed = [&pointer](const std::string& what) {
    return Error{
        Code::invalid_argument,
        pointer + ": " + what + "; the form is {\"tenon.dev/ref\": ADDRESS, \"path\": JSON pointer}"};
  };
  const Json& target = value.at(std::string(kReferenceKey));
  if (!target.is_string()) return malformed("tenon.dev/ref is not a text");
  const auto address = parse_address(target.get_ref<const std::string&>());
  if (!address) return malformed(address.error().message);
  const auto path = value.find("path");
  const bool given = path != value.end() && path->is_string() && path->get_ref<const std::string&>() != "";
  if (!given || !parse_pointer(path->get_ref<const std::string&>()))
    return malformed("path is not a JSON pointer such as /disk/path");
  if (value.size() != 2) return malformed("there are other fields beside tenon.dev/ref and path");
  return ValueReference{pointer, *address, path->get<std::string>()};
}

bool has_reference(const Json& value) {
  return is_reference(value) ||
         (value.is_structured() && std::any_of(value.begin(), value.end(), has_reference));
}

Status collect(const Json& value, const std::string& pointer, std::vector<ValueReference>& references) {
  if (is_reference(value)) {
    auto reference = parse_reference(value, pointer);
    if (!reference) return reference.error();
    references.push_back(std::move(*reference));
    return {};
  }
  if (!value.is_structured()) return {};
  for (const auto& item : value.items()) {
    Status status = collect(item.value(), pointer + "/" + escape_pointer_token(item.key()), references);
    if (!status) return status;
  }
  return {};
}

}  // namespace

Position Origin::locate(std::string_view spec_pointer, bool key) const {
  if (!source) return {};
  return source->locate(pointer + std::string(spec_pointer), key);
}

bool is_reference(const Json& value) { return value.is_object() && value.contains(kReferenceKey); }

Result<std::vector<ValueReference>> references_in(const Json& spec) {
  std::vector<ValueReference> references;
  if (!has_reference(spec)) return references;  // most have none
  const Status status = collect(spec, "", references);
  if (!status) return status.error();
  return references;
}

}  // namespace tenon
