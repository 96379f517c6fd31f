// Properties 12 and 14: what only changes its mark stays the object that it is; there is room for all.
#include <set>

#include "framework/run/properties/play.h"

namespace tenon::properties {
namespace {

// What is destroyed is not to last, unless it is nobody's by then.
bool is_to_last(const Scene& scene, const Node& node) {
  if (!was_there(node)) return false;
  if (node.forgotten) return true;
  const bool imported = node.past == Past::unmarked && node.wanted && scene.by_name;
  if (scene.destroy && (node.moved || imported)) return false;
  return node.moved || node.past == Past::unmarked;
}

class MarkJudge {
 public:
  explicit MarkJudge(Court& court) : court_(court) {
    const auto rows = court.world.inventory.owned().value();
    for (const Owned& row : rows) owned_.insert(row.address);
  }

  void forgotten(const Address& address) const {
    const auto object = world_.find(address);
    const bool marked =
        object != world_.end() && object->second.mark.inventory == court_.world.inventory.uuid();
    expect(!marked && !owned_.contains(address), address, "is forgotten, and is still ours");
  }

  void owned(const Address& address) const {
    const auto object = world_.find(court_.place_of(address));
    if (object == world_.end()) return;
    const bool ours = object->second.mark.inventory == court_.world.inventory.uuid() &&
                      object->second.mark.address == to_string(address);
    expect(ours && owned_.contains(address), address, "has been taken over, and is not ours");
  }

  void gone(const Address& address) const {
    expect(!owned_.contains(address), address, "has moved, and is still in the inventory");
  }

 private:
  void expect(bool holds, const Address& address, const std::string& what) const {
    court_.judge(Property::same_object);
    if (!holds) court_.breaks(Property::same_object, to_string(address) + " " + what);
  }

  Court& court_;
  const FakeWorld world_ = court_.world.backend.world();
  std::set<Address> owned_;
};

}  // namespace

void note_kept(Court& court) {
  const FakeWorld world = court.world.backend.world();
  for (const auto& [number, node] : court.scene.nodes)
    if (is_to_last(court.scene, node))
      court.kept[world.at(old_address_of(court.scene, number)).identity] = number;
}

void judge_kept(Court& court) {
  if (court.kept.empty()) return;
  std::set<int> found;
  court.world.backend.each([&](const Address& place, const FakeObject& object) {
    if (const auto kept = court.kept.find(object.identity); kept != court.kept.end() && !object.removed)
      found.insert(kept->second);
    const auto here = court.numbers.find(place);
    if (here == court.numbers.end() || court.kept.contains(object.identity)) return;
    for (const auto& [identity, number] : court.kept)
      if (number == here->second)
        court.breaks(Property::same_object, to_string(place) + " is made anew, and existed: " + identity);
  });
  for (const auto& [identity, number] : court.kept) {
    court.judge(Property::same_object);
    if (!found.contains(number))
      court.breaks(Property::same_object,
                   to_string(address_of(court.scene, number)) + " is no longer the object that it was");
  }
}

void judge_room(Court& court) {
  if (court.scene.slack < 0) return;
  court.judge(Property::room);
  const int64_t all = taken(court.world.backend);
  if (all > court.capacity)
    court.breaks(Property::room,
                 std::to_string(all) + " is taken where there is room for " + std::to_string(court.capacity));
}

void judge_marks(Court& court, const PlanOptions& command) {
  const MarkJudge judge(court);
  for (const Address& address : command.forget) judge.forgotten(address);
  for (const auto& [address, identity] : command.import) judge.owned(address);
  for (const auto& [to, from] : command.move) judge.owned(to), judge.gone(from);
}

}  // namespace tenon::properties
