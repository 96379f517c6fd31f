#include "framework/plan/defaults.h"

#include <algorithm>
#include <optional>

namespace tenon {
namespace {

bool has_same_keys(const Schema& list, const Json& a, const Json& b) {
  return a.is_object() && b.is_object() &&
         std::all_of(list.list_map_keys.begin(), list.list_map_keys.end(),
                     [&](const std::string& key) { return a.value(key, Json()) == b.value(key, Json()); });
}

// Where in `there` the element is that stands at `index` in `here`; only lists with keys have such a thing.
std::optional<size_t> place_of(const Schema& list, const Json& here, size_t index, const Json& there) {
  if (list.list_type != ListType::map || !there.is_array() || index >= here.size()) return {};
  for (size_t i = 0; i < there.size(); ++i)
    if (has_same_keys(list, here[index], there[i])) return i;
  return {};
}

// The pointer into `there` of what `pointer` is in `here`; nothing where there is no such thing.
std::optional<std::string> counterpart(const Schema& schema, const Json& here, const Json& there,
                                       const Json::json_pointer& pointer) {
  if (pointer.empty()) return "";
  const std::string whole = pointer.to_string();
  const Json::json_pointer head(whole.substr(0, whole.find('/', 1)));
  const size_t rest = whole.find('/', 1);
  const Json::json_pointer tail(rest == std::string::npos ? "" : whole.substr(rest));
  Json::json_pointer there_head = head;
  if (here.is_array()) {
    const auto place = place_of(schema, here, std::stoul(head.back()), there);
    if (!place) return {};
    there_head = Json::json_pointer("/" + std::to_string(*place));
  }
  const Schema* inner = find_schema(schema, head.to_string());
  if (!inner || !here.contains(head) || !there.contains(there_head)) return {};
  const auto below = counterpart(*inner, here.at(head), there.at(there_head), tail);
  return below ? std::optional(there_head.to_string() + *below) : std::nullopt;
}

}  // namespace

void keep_old_defaults(const Schema& schema, const Owned& row, Resource& resource) {
  const Json& sent = sent_spec(row);
  const std::vector<std::string>& defaulted = sent_defaulted(row);
  if (sent.is_null() || defaulted.empty()) return;
  for (const std::string& pointer : resource.defaulted) {
    const Json::json_pointer place(pointer);
    const auto before = counterpart(schema, resource.spec, sent, place);
    if (before && std::count(defaulted.begin(), defaulted.end(), *before) > 0)
      resource.spec.edit()[place] = sent.at(Json::json_pointer(*before));
  }
}

std::vector<std::string> adopted_defaults(std::vector<std::string> defaulted, const SpecDiff& diff) {
  defaulted = defaulted_as_found(std::move(defaulted), diff);
  defaulted.insert(defaulted.end(), diff.lacking.begin(), diff.lacking.end());
  return defaulted;
}

}  // namespace tenon
