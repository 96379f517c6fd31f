// What a scene can do without.
#include <algorithm>

#include "framework/run/properties/scene.h"

namespace tenon::properties {
namespace {

constexpr int kTries = 3000;

class Smaller {
 public:
  explicit Smaller(const Scene& scene) : scene_(scene) {}

  std::vector<Scene> run() {
    for (const auto& [number, node] : scene_.nodes) leave_out(number);
    add([](Scene& scene) { scene.kills.clear(); });
    for (size_t i = 0; i < scene_.kills.size(); ++i)
      add([i](Scene& scene) { scene.kills.erase(scene.kills.begin() + static_cast<std::ptrdiff_t>(i)); });
    for (const auto& [number, node] : scene_.nodes) reduce(number, node);
    add([](Scene& scene) { scene.destroy = false; });
    add([](Scene& scene) { scene.slack = -1; });
    add([](Scene& scene) { scene.prune = scene.approve = true; });
    for (bool Scene::*flag : {&Scene::strangers, &Scene::adopt, &Scene::by_name, &Scene::named_set})
      add([flag](Scene& scene) { scene.*flag = false; });
    add([](Scene& scene) { scene.order = 0; });
    add([](Scene& scene) { scene.parallelism = 1; });
    for (size_t i = 0; i < scene_.kills.size(); ++i) {
      add([i](Scene& scene) { scene.kills[i].soft = false; });
      add([i](Scene& scene) { scene.kills[i].after /= 2; });
    }
    return std::move(found_);
  }

 private:
  template <typename Edit>
  void add(Edit edit) {
    Scene scene = scene_;
    edit(scene);
    if (!(scene == scene_)) found_.push_back(std::move(scene));
  }

  template <typename Edit>
  void edit_node(int number, Edit edit) {
    add([&](Scene& scene) { edit(scene.nodes.at(number)); });
  }

  void leave_out(int number) {
    add([number](Scene& scene) {
      scene.nodes.erase(number);
      std::erase_if(scene.nodes, [number](const auto& entry) { return entry.second.fills == number; });
      for (auto& [other, node] : scene.nodes)
        for (Wish* wish : {&node.was, &node.want}) {
          std::erase_if(wish->needs, [&](const auto& need) { return !scene.nodes.contains(need.first); });
          if (wish->value_of >= 0 && !scene.nodes.contains(wish->value_of)) wish->value_of = -1;
        }
    });
  }

  bool is_named_in_the_past(int number) const {
    return std::any_of(scene_.nodes.begin(), scene_.nodes.end(), [number](const auto& entry) {
      const auto targets = targets_of(entry.second, entry.second.was);
      return entry.second.past != Past::none && std::count(targets.begin(), targets.end(), number) > 0;
    });
  }

  void reduce(int number, const Node& node) {
    edit_node(number, [](Node& mine) { mine.script = {}; });
    edit_node(number, [](Node& mine) { mine.told = Told::never; });
    edit_node(number, [](Node& mine) { mine.moved = false; });
    edit_node(number, [](Node& mine) { mine.forgotten = false; });
    edit_node(number, [](Node& mine) { mine.others = false; });
    edit_node(number, [](Node& mine) { mine.was_default = Default::same; });
    for (size_t i = 0; i < node.script.faults.size(); ++i)
      edit_node(number, [i](Node& mine) { mine.script.faults[i].skip /= 2; });
    for (size_t i = 0; i < node.script.faults.size(); ++i)
      edit_node(number, [i](Node& mine) {
        mine.script.faults.erase(mine.script.faults.begin() + static_cast<std::ptrdiff_t>(i));
      });
    if (node.wanted && !is_named_in_the_past(number))
      edit_node(number, [](Node& mine) {
        mine.past = Past::none, mine.moved = mine.forgotten = mine.others = false;
      });
    if (node.past != Past::none) edit_node(number, [](Node& mine) { mine.past = Past::applied; });
    if (node.past == Past::none)
      edit_node(number, [](Node& mine) { mine.was = {}; });
    else
      want_what_was(number);
    for (Wish Node::*wish : {&Node::was, &Node::want}) reduce(number, wish, node.*wish);
    for (Duration Script::*time : {&Script::appears_after, &Script::ready_after, &Script::changes_after,
                                   &Script::gone_after, &Script::away_for})
      edit_node(number, [time](Node& mine) { mine.script.*time = {}; });
    for (int Script::*count : {&Script::late_deletes, &Script::worker_deaths, &Script::failures})
      edit_node(number, [count](Node& mine) { mine.script.*count = 0; });
  }

  void want_what_was(int number) {
    add([number](Scene& scene) {
      Node& mine = scene.nodes.at(number);
      mine.want = mine.was;
      const auto is_gone = [&scene](int target) {
        const Node& node = scene.nodes.at(target);
        return !node.wanted && node.kind != Kind::outer && !stays_for_others(node);
      };
      std::erase_if(mine.want.needs, [&](const auto& need) { return is_gone(need.first); });
      if (mine.want.value_of >= 0 && is_gone(mine.want.value_of)) mine.want.value_of = -1;
    });
  }

  void reduce(int number, Wish Node::*wish, const Wish& now) {
    for (const auto& [target, hold] : now.needs) {
      edit_node(number, [wish, target = target](Node& mine) { (mine.*wish).needs.erase(target); });
      edit_node(number, [wish, target = target](Node& mine) { (mine.*wish).needs[target] = Hold::make; });
    }
    edit_node(number, [wish](Node& mine) { (mine.*wish).value_of = -1; });
    for (int Wish::*field : {&Wish::size, &Wish::fixed, &Wish::secret, &Wish::parts, &Wish::tier})
      edit_node(number, [wish, field](Node& mine) { mine.*wish.*field = 0; });
    edit_node(number, [wish](Node& mine) { (mine.*wish).running = false; });
  }

  const Scene& scene_;
  std::vector<Scene> found_;
};

}  // namespace

Scene shrink(Scene scene, const std::function<bool(const Scene&)>& still_fails) {
  for (int tries = 0; tries < kTries;) {
    bool shrunk = false;
    for (Scene& candidate : Smaller(scene).run()) {
      if (++tries > kTries) break;
      if (!still_fails(candidate)) continue;
      scene = std::move(candidate);
      shrunk = true;
      break;
    }
    if (!shrunk) break;
  }
  return scene;
}

}  // namespace tenon::properties
