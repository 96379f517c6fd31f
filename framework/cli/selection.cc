#include "framework/cli/selection.h"

#include "framework/cli/field_help.h"
#include "framework/model/naming.h"

namespace tenon {
namespace {

bool in_namespace(const Address& address, const std::string& name_space) {
  return name_space.empty() || address.name_space == "-" || address.name_space == name_space;
}

Error ambiguous(const std::string& text, const std::string& name, const std::vector<KindName>& kinds) {
  std::string candidates;
  for (const KindName& kind : kinds)
    candidates += "\n  " + kind.kind + "." + kind.group + (name.empty() ? "" : "/" + name);
  return {Code::failed_precondition, "'" + text + "' can mean several kinds; say which:" + candidates};
}

}  // namespace

bool Selector::matches(const Address& address) const {
  return address.kind_name() == kind && (name.empty() || address.name == name) &&
         in_namespace(address, name_space);
}

Result<Selector> parse_selector(const std::string& text, const Arguments& arguments, const Catalog& catalog) {
  if (const auto address = parse_address(text))
    return Selector{address->kind_name(), address->name, address->name_space};
  const size_t slash = text.find('/');
  const std::string kind = text.substr(0, slash),
                    name = slash == std::string::npos ? "" : text.substr(slash + 1);
  const std::vector<KindName> kinds = catalog.resolve_kind(kind);
  if (kinds.empty()) return unknown_kind(catalog, kind);
  if (kinds.size() > 1) return ambiguous(text, name, kinds);
  return Selector{kinds[0], name, arguments.all_namespaces ? "" : arguments.name_space};
}

Result<Address> parse_address_or_name(const std::string& text, const Arguments& arguments,
                                      const Catalog& catalog) {
  const auto selector = parse_selector(text, arguments, catalog);
  if (!selector) return selector.error();
  if (selector->name.empty())
    return Error{Code::invalid_argument,
                 "'" + text + "' names no single resource: write an address or KIND/NAME"};
  const KindManifest* kind = catalog.find(selector->kind);
  const std::string name_space = kind && kind->cluster_scoped ? "-" : selector->name_space;
  return checked_address({selector->kind.group, selector->kind.kind, name_space, selector->name});
}

Result<Selection> Selection::parse(const Arguments& arguments, const Catalog& catalog) {
  Selection selection;
  if (!arguments.all_namespaces) selection.name_space_ = arguments.name_space;
  for (const std::string& target : arguments.targets) {
    Result<Selector> selector = parse_selector(target, arguments, catalog);
    if (!selector) return selector.error();
    selection.by_name_[selector->name].push_back(selection.selectors_.size());
    selection.selectors_.emplace_back(target, std::move(*selector));
  }
  return selection;
}

std::vector<size_t> Selection::matching(const Address& address) const {
  std::vector<size_t> numbers;
  for (const std::string& name : {std::string(address.name), std::string()})
    if (const auto named = by_name_.find(name); named != by_name_.end())
      for (const size_t number : named->second)
        if (selectors_[number].second.matches(address)) numbers.push_back(number);
  return numbers;
}

bool Selection::matches(const Address& address) const {
  return selectors_.empty() ? in_namespace(address, name_space_) : !matching(address).empty();
}

std::optional<std::string> Selection::missing(const std::vector<Address>& found) const {
  std::vector<bool> there(selectors_.size());
  for (const Address& address : found)
    for (const size_t number : matching(address)) there[number] = true;
  for (size_t i = 0; i < there.size(); ++i)
    if (!there[i] && !selectors_[i].second.name.empty()) return selectors_[i].first;
  return std::nullopt;
}

}  // namespace tenon
