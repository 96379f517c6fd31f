#include "framework/engine/rebuild.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "framework/engine/observe.h"
#include "framework/model/pointer.h"
#include "framework/plan/diff.h"

namespace tenon {
namespace {

constexpr std::chrono::minutes kListDeadline{2};

Status list_instance(const Instance& instance, Backend& backend, const std::string& inventory,
                     MarkedObjects& found) {
  CallContext context;
  context.deadline = std::chrono::steady_clock::now() + kListDeadline;
  std::set<std::string> seen;
  for (std::string after;;) {
    Result<ListPage> page = backend.list(inventory, after, context);
    if (!page) return with_context("listing the objects of instance " + instance.name, page.error());
    for (Listed& object : page->objects) found.objects.push_back({instance.name, std::move(object)});
    if (page->next.empty()) return {};
    if (!seen.insert(page->next).second)
      return Error{Code::internal, "instance " + instance.name + " lists its objects in a circle"};
    after = page->next;
  }
}

class Rebuilder {
 public:
  Rebuilder(const World& world, const std::string& inventory, const std::string& set,
            Diagnostics& diagnostics)
      : world_(world), inventory_(inventory), set_(set), diagnostics_(diagnostics) {}

  std::vector<Owned> run(const MarkedObjects& marked, std::vector<Resource> declared) {
    for (const Marked& one : marked.objects)
      if (one.object.mark.inventory == inventory_) read(one);
    if (has_errors(diagnostics_) || small_.empty()) return rows();
    graph_ = resolve_declared(std::move(declared));
    if (has_errors(diagnostics_)) return {};
    const Observations seen = observe(graph_, rows(), inventory_, world_.catalog, world_.backends);
    for (const Address& address : small_) complete(rows_.at(address), seen);
    return rows();
  }

 private:
  void error(const std::string& address, std::string summary, std::string detail) {
    diagnostics_.push_back({Severity::error, std::move(summary), std::move(detail), address, {}});
  }

  // Everything else is worth having without it.
  Json small_private(const Marked& one) {
    const size_t bytes = one.object.private_state.dump().size();
    if (bytes <= kPrivateBytes) return one.object.private_state;
    diagnostics_.push_back({Severity::warning,
                            "its private state is left out",
                            "the plugin of " + one.instance + " gives " + std::to_string(bytes) +
                                " bytes of it for " + one.object.identity + ", and an inventory keeps " +
                                std::to_string(kPrivateBytes) +
                                " at most. A row that is made again is without it: mend the plugin before, "
                                "if it cannot do without",
                            one.object.mark.address,
                            {}});
    return {};
  }

  void read(const Marked& one) {
    const Listed& object = one.object;
    const auto address = parse_address(object.mark.address);
    if (!address) return error(object.mark.address, "its mark cannot be read", address.error().message);
    Owned row{.address = *address, .instance = one.instance, .identity = object.identity};
    row.nonce = object.mark.nonce;
    row.generation = object.mark.generation;
    row.applied = object.applied;
    row.private_state = small_private(one);
    row.set = set_;
    const bool small = object.record.is_null() || object.applied.is_null();
    try {
      if (!small) read_record(object.record, row);
      for (const std::string& pointer : row.defaulted)
        if (const auto place = parse_pointer(pointer); !place)
          throw std::runtime_error(place.error().message);
    } catch (const std::exception& e) {
      return error(object.mark.address, "the record in its mark cannot be read", e.what());
    }
    if (small) small_.insert(*address);
    if (const auto [other, fresh] = rows_.try_emplace(*address, row); !fresh)
      error(object.mark.address, "two objects carry its mark",
            other->second.identity + " in " + other->second.instance + " and " + row.identity + " in " +
                row.instance + ": remove the one that should not be there, or its mark");
  }

  // What carries a small mark has its requirements from its manifest.
  Graph resolve_declared(std::vector<Resource> declared) {
    Graph graph = resolve(world_, std::move(declared), diagnostics_);
    for (const Address& address : small_)
      if (!graph.desired.count(address))
        error(to_string(address), "its mark holds neither its spec nor what it requires",
              "declare it with -f, so that both are known again");
    return graph;
  }

  void complete(Owned& row, const Observations& seen) {
    const Resource& resource = graph_.desired.at(row.address);
    row.dependencies = graph_.dependencies(row.address);
    row.parent = resource.origin.parent;
    row.labels = resource.labels;
    const auto protect = resource.annotations.find(std::string(kProtectAnnotation));
    row.protect = protect != resource.annotations.end() && protect->second == "true";
    take_sent(row, resource, seen);
  }

  // What was sent last, if that is what is declared; otherwise as far as it can be seen.
  void take_sent(Owned& row, const Resource& resource, const Observations& seen) {
    row.applied = resource.spec;
    row.defaulted = resource.defaulted;
    const auto found = seen.find(row.address);
    if (generation_of(resource.spec) == row.generation || found == seen.end() ||
        found->second.actual.is_null())
      return;
    const KindManifest* kind = world_.catalog.find(row.address.kind_name());
    const SpecDiff diff = diff_spec(kind->schema, resource.spec, Json(), found->second.actual, false);
    row.applied = as_found(resource.spec, diff);
    row.defaulted = defaulted_as_found(resource.defaulted, diff);
  }

  std::vector<Owned> rows() const {
    std::vector<Owned> rows;
    for (const auto& [address, row] : rows_) rows.push_back(row);
    return rows;
  }

  const World& world_;
  const std::string& inventory_;
  const std::string& set_;
  Diagnostics& diagnostics_;
  std::map<Address, Owned> rows_;
  std::set<Address> small_;
  Graph graph_;
};

}  // namespace

std::map<std::string, size_t> MarkedObjects::inventories() const {
  std::map<std::string, size_t> counts;
  for (const Marked& one : objects) ++counts[one.object.mark.inventory];
  return counts;
}

Result<MarkedObjects> list_marked(const World& world, const std::string& inventory) {
  MarkedObjects found;
  for (const Instance& instance : world.catalog.instances()) {
    const auto backend = world.backends.find(instance.name);
    if (backend == world.backends.end()) continue;
    if (!instance.manifest->capabilities.count("list"))
      found.unlisted.push_back(instance.name);
    else if (Status listed = list_instance(instance, *backend->second, inventory, found); !listed)
      return listed.error();
  }
  return found;
}

std::vector<Owned> rebuild_rows(const World& world, const std::string& inventory, const MarkedObjects& marked,
                                std::vector<Resource> declared, const std::string& set,
                                Diagnostics& diagnostics) {
  return Rebuilder(world, inventory, set, diagnostics).run(marked, std::move(declared));
}

std::vector<Owned> missing_rows(const std::vector<Owned>& known, std::vector<Owned> found) {
  std::erase_if(found, [&known](const Owned& row) {
    return std::any_of(known.begin(), known.end(), [&row](const Owned& other) {
      return other.address == row.address &&
             (other.nonce == row.nonce || (other.intent && other.intent->nonce == row.nonce));
    });
  });
  return found;
}

}  // namespace tenon
