#include "framework/engine/summaries.h"

#include <gtest/gtest.h>

#include "framework/backend/fake.h"
#include "framework/backend/fake_clock.h"

namespace tenon {
namespace {

Manifest manifest(const char* name, const char* capabilities) {
  const std::string text = std::string(R"({"manifestVersion": 1, "name": ")") + name +
                           R"(", "capabilities": )" + capabilities + R"(,
    "kinds": [{"group": "test", "kind": ")" +
                           name + R"(", "versions": ["v1"], "schema": {"type": "object"}}]})";
  return *parse_manifest(text);
}

// Says how many children are Ready.
class Teller final : public Backend {
 public:
  Result<Observed> observe(const std::vector<Request>&, const CallContext&) override { return Observed(); }
  Result<Outcome> create(const Request&, const CallContext&) override { return Outcome(); }
  Result<Outcome> update(const Request&, const CallContext&) override { return Outcome(); }
  Result<Outcome> remove(const Request&, const CallContext&) override { return Outcome(); }
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>&,
                                                             const CallContext&) override {
    return Error{Code::unimplemented, ""};
  }
  Result<std::vector<Result<Observation>>> status(const std::vector<Family>& families,
                                                  const CallContext&) override {
    if (broken) return Error{Code::crashed, "it fell over"};
    std::vector<Result<Observation>> answers;
    for (const Family& family : families) {
      size_t ready = 0;
      for (const auto& [address, child] : family.children) ready += child.phase == "Ready";
      Observation summary;
      summary.existence = Existence::absent;
      summary.phase = "Gone";
      summary.message = std::to_string(ready) + " of " + std::to_string(family.children.size()) + " ready, " +
                        std::to_string(family.dependants.size()) + " depend on it";
      summary.conditions = {{"Ready", "False", "Counted", summary.message}};
      answers.push_back(family.address.name == "bad" ? Result<Observation>(Error{Code::internal, "no idea"})
                                                     : summary);
    }
    return answers;
  }

  bool broken = false;
};

class Summaries : public testing::Test {
 protected:
  static Address group(const std::string& name) { return {"test", "Group", "default", name}; }
  static Address item(const std::string& name) { return {"test", "Item", "default", name}; }

  void declare(const Address& address, const std::string& phase, std::optional<Address> parent = {}) {
    Resource resource{.address = address, .instance = address.kind == "Group" ? "groups" : "items"};
    resource.origin.parent = std::move(parent);
    graph_.desired[address] = resource;
    Observation seen;
    seen.existence = Existence::present;
    seen.phase = phase;
    seen.message = "own words";
    seen.conditions = {{"Ready", "True", "Own", ""}, {"Other", "True", "Own", ""}};
    observations_[address] = seen;
  }
  const Observation& summed_up(const Address& address) {
    add_summaries(graph_, {}, catalog_, {{"groups", &teller_}, {"items", &teller_}}, observations_);
    return observations_.at(address);
  }

  Teller teller_;
  const Catalog catalog_{
      {{"groups", std::make_shared<Manifest>(manifest("Group", R"(["status", "a-word-of-the-future"])"))},
       {"items", std::make_shared<Manifest>(manifest("Item", "[]"))}},
      {}};
  Graph graph_;
  Observations observations_;
};

TEST_F(Summaries, AreOfACompositeAndItsChildrenAndReplaceItsOwnWords) {
  declare(group("g"), "Working");
  declare(item("a"), "Ready", group("g"));
  declare(item("b"), "Pending", group("g"));
  declare(item("user"), "Ready");
  graph_.required_by[group("g")] = {item("user")};
  const Observation& seen = summed_up(group("g"));
  EXPECT_EQ(seen.message, "1 of 2 ready, 1 depend on it");
  EXPECT_EQ(seen.conditions,
            (std::vector<Condition>{{"Other", "True", "Own", ""},
                                    {"Ready", "False", "Counted", "1 of 2 ready, 1 depend on it"}}));
}

TEST_F(Summaries, DecideNothing) {
  declare(group("g"), "Working");
  declare(item("a"), "Ready", group("g"));
  EXPECT_EQ(summed_up(group("g")).phase, "Working");
  EXPECT_EQ(summed_up(group("g")).existence, Existence::present);
}

TEST_F(Summaries, AreNotAskedOfAPluginWithoutTheCapability) {
  declare(item("p"), "Working");
  declare(item("a"), "Ready", item("p"));
  EXPECT_EQ(summed_up(item("p")).message, "own words");
}

TEST_F(Summaries, ThatCannotBeHadAreANote) {
  declare(group("bad"), "Working");
  declare(item("a"), "Ready", group("bad"));
  EXPECT_EQ(summed_up(group("bad")).notes,
            std::vector<std::string>{"its plugin could not sum it up: no idea"});
  teller_.broken = true;
  EXPECT_EQ(summed_up(group("bad")).notes.back(), "its plugin could not sum it up: it fell over");
  EXPECT_EQ(summed_up(group("bad")).message, "own words");
}

}  // namespace
}  // namespace tenon
