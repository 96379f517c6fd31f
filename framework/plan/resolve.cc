#include "framework/plan/resolve.h"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <unordered_map>
#include <unordered_set>

#include "framework/model/naming.h"
#include "framework/plan/defaults.h"
#include "framework/plan/order.h"
#include "framework/plan/words.h"

namespace tenon {
namespace {

const std::set<std::string> kCreateAndUpdate = {"create", "update"};
const std::set<std::string> kEverythingHeldBack = {"create", "update", "start"};
// Of a claim that a consumer may use. A backend that says nothing about contents has none that could be
// unfinished.
const std::vector<Contents> kFinished = {Contents::unspecified, Contents::none, Contents::populated};

struct Found {
  std::string pointer;
  std::string name;
};

// Every text at a path with "*" for each element. A value reference there is an edge by itself.
void find_names(const Json& value, std::string_view path, const std::string& pointer,
                std::vector<Found>& found) {
  if (path.empty()) {
    if (value.is_string() && !value.get_ref<const std::string&>().empty()) found.push_back({pointer, value});
    return;
  }
  const size_t end = std::min(path.find('/', 1), path.size());
  const std::string token(path.substr(1, end - 1));
  const std::string_view rest = path.substr(end);
  if (token == "*" && value.is_structured()) {
    for (const auto& item : value.items()) find_names(item.value(), rest, joined(pointer, item.key()), found);
  } else if (value.is_object()) {
    if (const auto member = value.find(token); member != value.end())
      find_names(*member, rest, joined(pointer, token), found);
  }
}

std::vector<Found> names_at(const Json& spec, const Address& own, const std::string& path) {
  if (path.empty()) return {{"", own.name}};
  std::vector<Found> found;
  find_names(spec, path, "", found);
  return found;
}

// Comma-separated, without the blanks around each word.
std::vector<std::string> split_list(const std::string& text) {
  constexpr const char* kBlank = " \t\r\n";
  std::vector<std::string> words;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const size_t first = word.find_first_not_of(kBlank);
    if (first != std::string::npos)
      words.push_back(word.substr(first, word.find_last_not_of(kBlank) - first + 1));
    begin = end + 1;
  }
  return words;
}

class Resolver {
 public:
  Resolver(const std::vector<Owned>& owned, const Catalog& catalog, Diagnostics& diagnostics)
      : catalog_(catalog), diagnostics_(diagnostics) {
    for (const Owned& row : owned) owned_.emplace_hint(owned_.end(), row.address, &row);
  }

  Graph run(std::vector<Resource> desired) {
    for (Resource& resource : desired) {
      Address address = resource.address;
      graph_.desired.emplace_hint(graph_.desired.end(), std::move(address), std::move(resource));
    }
    desired = {};
    for (const auto& [address, resource] : graph_.desired) add_edges(resource);
    for (const auto& [address, row] : owned_)
      if (!graph_.desired.count(address)) add_owned_edges(*row);
    hold_back_consumers();
    index_targets();
    order();
    return std::move(graph_);
  }

 private:
  Result<Address> target_of(const Address& from, const KindName& kind, const std::string& name) const {
    const KindManifest* manifest = catalog_.find(kind);
    const Name name_space = manifest && manifest->cluster_scoped ? Name("-") : from.name_space;
    return checked_address({kind.group, kind.kind, name_space, name});
  }

  // The target, ready in the words of its kind.
  Await ready(const Address& target) const {
    Await await;
    await.target = target;
    if (const KindManifest* kind = catalog_.find(target)) {
      await.phases = kind->ready.phases;
      await.failing = kind->ready.failing;
      await.timeout = kind->ready.timeout;
    }
    return await;
  }

  void add_edges(const Resource& resource) {
    const KindManifest* kind = catalog_.find(resource.address);
    if (!kind) return;
    for (const RequirementRule& rule : kind->requirements)
      for (const Found& found : names_at(resource.spec, resource.address, rule.path)) {
        const auto target = target_of(resource.address, rule.target, found.name);
        const auto place = [&] { return resource.origin.locate(found.pointer); };
        if (!target)
          error(
              resource, place(), target.error().message,
              title(resource.address) + " requires something of kind " + rule.target.kind + " by this name");
        else if (is_served(*target))
          add(rule_edge(resource.address, *target, rule, *kind));
        else
          report_unserved(resource, *target, place());
      }
    add_dependencies_asked_for(resource);
    add_move(resource);
    add_values(resource);
  }

  void add_move(const Resource& resource) {
    const auto wanted = resource.annotations.find(std::string(kMovedFromAnnotation));
    if (wanted == resource.annotations.end()) return;
    const Position place = head_of(resource, "/metadata/annotations/tenon.dev~1moved-from");
    const std::string word = "annotation tenon.dev/moved-from: ";
    const auto from = parse_address(wanted->second);
    if (!from) return error(resource, place, word + from.error().message, "");
    if (from->kind_name() != resource.address.kind_name())
      return error(resource, place, word + title(*from) + " is of another kind",
                   "only the name and the namespace of something can change");
    if (graph_.desired.count(*from))
      return error(resource, place, word + title(*from) + " is still declared",
                   "what has moved is no longer where it was: remove that declaration or this annotation");
    const auto [first, fresh] = moved_.emplace(*from, resource.address);
    if (!fresh)
      return error(resource, place,
                   word + title(*from) + " cannot become both " + title(first->second) + " and " +
                       title(resource.address),
                   "remove one of the annotations");
    graph_.moves.emplace(resource.address, *from);
  }

  Edge rule_edge(const Address& from, const Address& target, const RequirementRule& rule,
                 const KindManifest& kind) const {
    Edge edge{from, ready(target), rule.guards, !rule.name.empty() && rule.name == kind.populates};
    if (!rule.phases.empty()) edge.await.phases = rule.phases;
    if (!rule.failing.empty()) edge.await.failing = rule.failing;
    if (rule.timeout) edge.await.timeout = *rule.timeout;
    edge.await.contents = rule.contents;
    return edge;
  }

  void add_dependencies_asked_for(const Resource& resource) {
    const auto wanted = resource.annotations.find(std::string(kDependsOnAnnotation));
    if (wanted == resource.annotations.end()) return;
    const Position place = head_of(resource, "/metadata/annotations/tenon.dev~1depends-on");
    for (const std::string& text : split_list(wanted->second)) {
      const auto target = parse_address(text);
      if (!target)
        error(resource, place, "annotation tenon.dev/depends-on: " + target.error().message, "");
      else if (!is_served(*target))
        report_unserved(resource, *target, place);
      else
        add({resource.address, ready(*target), kEverythingHeldBack, false});
    }
  }

  void add_values(const Resource& resource) {
    auto references = references_in(resource.spec);
    if (!references) return report_values(resource, resource.spec, "");
    for (const ValueReference& reference : *references)
      if (is_served(reference.target))
        add({resource.address, ready(reference.target), kCreateAndUpdate, false});
      else
        report_unserved(resource, reference.target, resource.origin.locate(reference.pointer));
    if (!references->empty()) graph_.values.emplace(resource.address, std::move(*references));
  }

  // Of a spec with a malformed reference: what is wrong with each one.
  void report_values(const Resource& resource, const Json& value, const std::string& pointer) {
    if (!is_reference(value)) {
      if (value.is_structured())
        for (const auto& item : value.items())
          report_values(resource, item.value(), joined(pointer, item.key()));
      return;
    }
    const auto reference = references_in(value);
    if (!reference)
      error(resource, resource.origin.locate(pointer), pointer + reference.error().message, "");
    else if (!is_served(reference->front().target))
      report_unserved(resource, reference->front().target, resource.origin.locate(pointer));
  }

  bool is_served(const Address& target) const { return catalog_.find(target) != nullptr; }

  void report_unserved(const Resource& resource, const Address& target, const Position& position) {
    error(resource, position,
          title(resource.address) + " refers to " + title(target) + ", and no plugin serves " +
              to_string(target.kind_name()),
          "install a plugin for it, or add an instance of one to tenon.yaml");
  }

  // What only the inventory knows still has an order, and may still be filling a claim.
  void add_owned_edges(const Owned& row) {
    const std::set<Address> filled = claims_filled_by(row);
    for (const Address& target : row.dependencies)
      if (target != row.address) add({row.address, ready(target), {}, filled.count(target) > 0});
    for (const Address& claim : filled) add({row.address, ready(claim), {}, true});
  }

  std::set<Address> claims_filled_by(const Owned& row) const {
    std::set<Address> claims;
    const KindManifest* kind = catalog_.find(row.address);
    if (!kind || kind->populates.empty()) return claims;
    for (const RequirementRule& rule : kind->requirements)
      if (rule.name == kind->populates)
        for (const Found& found : names_at(sent_spec(row), row.address, rule.path))
          if (auto claim = target_of(row.address, rule.target, found.name)) claims.insert(std::move(*claim));
    return claims;
  }

  // One edge per state of a target; naming it twice adds the guards up.
  void add(Edge edge) {
    if (edge.populator) populators_[edge.await.target].insert(edge.from);
    std::vector<Edge>& edges = graph_.requires_[edge.from];
    if (Edge* known = find_same(edges, edge)) {
      known->through_claim = known->through_claim && edge.through_claim;
      return known->guards.insert(edge.guards.begin(), edge.guards.end()), void();
    }
    edges.push_back(std::move(edge));
  }

  // Of one resource after the other. Most have a few edges; of a long list, those to one target are known,
  // and they are as many as there are states of it.
  Edge* find_same(std::vector<Edge>& edges, const Edge& edge) {
    constexpr size_t kFew = 16;
    const auto is_same = [&edge](const Edge& known) {
      return known.await == edge.await && known.populator == edge.populator;
    };
    if (edges.size() < kFew) {
      const auto same = std::find_if(edges.begin(), edges.end(), is_same);
      return same == edges.end() ? nullptr : &*same;
    }
    if (indexed_ != edge.from) indexed_ = edge.from, by_target_.clear(), known_edges_ = 0;
    for (; known_edges_ < edges.size(); ++known_edges_)
      by_target_[edges[known_edges_].await.target].push_back(known_edges_);
    for (size_t number : by_target_[edge.await.target])
      if (is_same(edges[number])) return &edges[number];
    return nullptr;
  }

  // However a consumer names a claim, it waits for whoever fills it, and for finished contents.
  void hold_back_consumers() {
    for (const auto& [address, resource] : graph_.desired) {
      const auto found = graph_.requires_.find(address);
      if (found == graph_.requires_.end()) continue;
      std::vector<Edge> fillers;
      for (Edge& edge : found->second) hold_back(edge, fillers);
      for (Edge& filler : fillers) add(std::move(filler));
    }
  }

  void hold_back(Edge& edge, std::vector<Edge>& fillers) const {
    const KindManifest* kind = catalog_.find(edge.await.target);
    if (!kind || !kind->claim || edge.populator) return;
    if (edge.await.contents.empty()) edge.await.contents = kFinished;
    const auto populators = populators_.find(edge.await.target);
    if (populators == populators_.end()) return;
    for (const Address& populator : populators->second)
      if (populator != edge.from) fillers.push_back({edge.from, ready(populator), edge.guards, false, true});
  }

  void index_targets() {
    graph_.required_by.clear();
    std::set<Address> externals;
    for (const auto& [from, edges] : graph_.requires_)
      for (const Edge& edge : edges) {
        const Address& target = edge.await.target;
        graph_.required_by[target].push_back(from);
        if (!graph_.desired.count(target) && !owned_.count(target)) externals.insert(target);
      }
    for (auto& [target, from] : graph_.required_by)
      from.erase(std::unique(from.begin(), from.end()), from.end());
    graph_.externals.assign(externals.begin(), externals.end());
  }

  void order() {
    std::vector<Address> names = all_names();
    Order order = order_of(before(names));
    while (drop_undeclared_fillers(order.cycles, names)) order = order_of(before(names));
    for (const std::vector<int>& cycle : order.cycles) report(cycle, names);
    graph_.order.reserve(names.size());
    for (int number : order.sorted) graph_.order.push_back(std::move(names[number]));
  }

  // By address.
  std::vector<Address> all_names() const {
    std::vector<Address> ours, all;
    ours.reserve(std::max(graph_.desired.size(), owned_.size()));
    std::ranges::set_union(std::views::keys(graph_.desired), std::views::keys(owned_),
                           std::back_inserter(ours));
    if (graph_.externals.empty()) return ours;
    std::ranges::set_union(ours, graph_.externals, std::back_inserter(all));
    return all;
  }

  std::vector<std::vector<int>> before(const std::vector<Address>& names) const {
    std::vector<std::vector<int>> before(names.size());
    std::unordered_map<Address, int> numbers;
    if (!graph_.requires_.empty())
      for (const Address& name : names) numbers.emplace(name, static_cast<int>(numbers.size()));
    for (const auto& [from, edges] : graph_.requires_)
      for (const Edge& edge : edges) before[numbers.at(from)].push_back(numbers.at(edge.await.target));
    return before;
  }

  // Consumers look at the claim, so they can do without an importer that no manifest declares where its old
  // requirements lead back to them.
  bool drop_undeclared_fillers(const std::vector<std::vector<int>>& cycles,
                               const std::vector<Address>& names) {
    size_t dropped = 0;
    for (const std::vector<int>& cycle : cycles)
      for (size_t i = 0; i < cycle.size(); ++i)
        dropped += drop_filler(names[cycle[i]], names[cycle[(i + 1) % cycle.size()]]);
    if (dropped > 0) index_targets();
    return dropped > 0;
  }

  size_t drop_filler(const Address& from, const Address& target) {
    if (graph_.desired.count(target)) return 0;
    return std::erase_if(graph_.requires_.at(from), [&target](const Edge& edge) {
      return edge.through_claim && edge.await.target == target;
    });
  }

  void report(const std::vector<int>& cycle, const std::vector<Address>& names) {
    std::string path = title(names[cycle.front()]);
    for (size_t i = 1; i <= cycle.size(); ++i) path += " requires " + title(names[cycle[i % cycle.size()]]);
    const auto declared = graph_.desired.find(names[cycle.front()]);
    const Position position =
        declared == graph_.desired.end() ? Position{} : head_of(declared->second, "/metadata/name");
    diagnostics_.push_back({Severity::error, "a cycle: " + path,
                            "each waits for the next; remove one of these requirements",
                            to_string(names[cycle.front()]), position});
  }

  void error(const Resource& resource, const Position& position, std::string summary, std::string detail) {
    diagnostics_.push_back(
        {Severity::error, std::move(summary), std::move(detail), to_string(resource.address), position});
  }

  const Catalog& catalog_;
  Diagnostics& diagnostics_;
  std::map<Address, const Owned*> owned_;
  std::map<Address, std::set<Address>> populators_;  // by claim
  std::unordered_map<Address, Address> moved_;       // new addresses by old ones
  // The edges of one resource, by target, as far as they are indexed.
  Address indexed_;
  std::unordered_map<Address, std::vector<size_t>> by_target_;
  size_t known_edges_ = 0;
  Graph graph_;
};

}  // namespace

std::vector<Address> Graph::dependencies(const Address& address) const {
  std::set<Address> targets;
  if (const auto edges = requires_.find(address); edges != requires_.end())
    for (const Edge& edge : edges->second) targets.insert(edge.await.target);
  if (const auto references = values.find(address); references != values.end())
    for (const ValueReference& reference : references->second) targets.insert(reference.target);
  return {targets.begin(), targets.end()};
}

Graph resolve(std::vector<Resource> desired, const std::vector<Owned>& owned, const Catalog& catalog,
              Diagnostics& diagnostics) {
  return Resolver(owned, catalog, diagnostics).run(std::move(desired));
}

}  // namespace tenon
