// What is looked at, when, and together with what.
#include <gtest/gtest.h>

#include <algorithm>

#include "framework/run/executor.h"
#include "framework/run/simulation.h"

namespace tenon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Looks : public testing::Test {
 protected:
  static void expect_done(const Simulated& result) {
    for (const StepRecord& step : result.steps) EXPECT_EQ(step.status, StepStatus::done) << step.reason;
  }

  void apply(std::vector<Resource> desired, const SimulationOptions& options = {}) {
    plan_ = world_.plan(std::move(desired));
    result_ = world_.run(plan_, options);
    EXPECT_FALSE(result_.stuck);
    expect_done(result_);
  }

  int looks() const {
    return static_cast<int>(std::count_if(result_.calls.begin(), result_.calls.end(),
                                          [](const Call& call) { return call.kind == CallKind::observe; }));
  }

  // By hand, turn by turn.
  void begin(std::vector<Resource> desired) {
    plan_ = world_.plan(std::move(desired));
    state_ = begin_run(plan_, world_.catalog, {}, world_.observations(), {.id = "r", .process = "test"});
  }

  Turn take_turn(std::vector<CallResult> results) {
    return next(*state_, std::move(results), world_.clock.now(), false);
  }

  std::vector<CallResult> answers(const std::vector<Call>& calls) {
    std::vector<CallResult> results;
    for (const Call& call : calls) results.push_back(make_call({{"fake", &world_.backend}}, call, {}));
    return results;
  }

  // c waits for a and b. It is looked at together with b, whose answer comes so much before a's: what is
  // called then.
  std::vector<Call> calls_after(Duration later, const std::set<Address>& heard = {}) {
    begin({resource(fast("a")), resource(fast("b")), resource(fast("c"), {{"fast", {"a", "b"}}})});
    const std::vector<Call> creates = take_turn(answers(take_turn({}).calls)).calls;
    EXPECT_EQ(creates.size(), 2u);
    const std::vector<Call> look_at_a = take_turn(answers({creates[0]})).calls;
    const std::vector<Call> look_at_b = take_turn(answers({creates[1]})).calls;
    EXPECT_TRUE(take_turn(answers(look_at_b)).calls.empty());
    world_.clock.advance_to(world_.clock.now() + later);
    if (!heard.empty()) hear(*state_, heard, world_.clock.now());
    return take_turn(answers(look_at_a)).calls;
  }

  Simulation world_;
  Plan plan_;
  Simulated result_;
  std::shared_ptr<RunState> state_;
};

TEST_F(Looks, WhatWaitsForACreateIsLookedAtTogetherWithIt) {
  apply(
      {resource(fast("a")), resource(fast("b"), {{"fast", {"a"}}}), resource(fast("c"), {{"fast", {"b"}}})});
  EXPECT_EQ(looks(), 4);  // before the first, and after each
}

// The simulation's kinds, of a plugin that answers for so many at once.
Catalog in_batches_of(int batch) {
  Manifest kinds = *simulated_catalog().find_instance("fake")->manifest;
  kinds.batch = batch;
  return Catalog({{"fake", std::make_shared<const Manifest>(std::move(kinds))}}, {});
}

TEST_F(Looks, NoLookTakesMoreThanABatchHoweverMuchThatWouldSave) {
  for (const int batch : {1, 2, 3}) {
    Simulation world(in_batches_of(batch));
    const Plan plan = world.plan({resource(fast("a")), resource(fast("b"), {{"fast", {"a"}}}),
                                  resource(fast("c"), {{"fast", {"a", "b"}}})});
    const Simulated result = world.run(plan);
    expect_done(result);
    for (const Call& call : result.calls) EXPECT_LE(call.requests.size(), static_cast<size_t>(batch));
    EXPECT_EQ(result.seen_before.size(), 3u);
    for (const auto& [call, seen] : result.seen_before) EXPECT_EQ(seen, Existence::absent);
  }
}

// b and c look at a one after the other, and a goes in between. The answers come the other way round.
TEST_F(Looks, AnAnswerThatIsOvertakenByALaterLookDoesNotCount) {
  Simulation world(in_batches_of(1));
  const auto answers = [&world](const std::vector<Call>& calls) {
    std::vector<CallResult> results;
    for (const Call& call : calls) results.push_back(make_call({{"fake", &world.backend}}, call, {}));
    return results;
  };
  const Plan plan = world.plan({resource(fast("a")), resource(fast("b"), {{"fast", {"a"}}}),
                                resource(fast("c"), {{"fast", {"a", "d"}}}), resource(fast("d"))});
  const auto state = begin_run(plan, world.catalog, {}, world.observations(), {.id = "r", .process = "test"});
  const auto turn = [&](std::vector<CallResult> results) {
    return next(*state, std::move(results), world.clock.now(), false).calls;
  };
  const std::vector<Call> creates = turn(answers(turn({})));
  ASSERT_EQ(creates.size(), 2u);
  const std::vector<Call> looks_of_b = turn(answers(turn(answers({creates[0]}))));
  std::vector<CallResult> overtaken = answers(looks_of_b);
  const std::vector<Call> looks_of_c = turn(answers(turn(answers({creates[1]}))));
  ASSERT_EQ(looks_of_b.size(), 2u);
  ASSERT_EQ(looks_of_c.size(), 3u);

  world.backend.change([](FakeWorld& objects) { objects.erase(fast("a")); });
  EXPECT_TRUE(turn(answers(looks_of_c)).empty());
  EXPECT_TRUE(turn(std::move(overtaken)).empty());
}

// What is looked at along has been seen when that call returns: so it is part of that one, or not along.
TEST_F(Looks, AsManyAsOneCallHasRoomForAreLookedAtTogetherWithWhatTheyWaitFor) {
  Simulation world(in_batches_of(4));
  std::vector<Resource> desired = {resource(fast("a"))};
  for (int i = 0; i < 5; ++i) desired.push_back(resource(fast("b" + std::to_string(i)), {{"fast", {"a"}}}));
  const Simulated result = world.run(world.plan(desired));
  expect_done(result);
  std::string calls;
  for (const Call& call : result.calls) {
    calls += call.kind == CallKind::observe ? "look at" : "create";
    for (const Request& request : call.requests) calls += " " + request.address.name;
    calls += "\n";
  }
  const std::string begin =
      "look at a\ncreate a\nlook at a b0 b1\nlook at a b2 b3 b4\ncreate b0\ncreate b1\n";
  EXPECT_EQ(calls.substr(0, begin.size()), begin) << calls;
  EXPECT_EQ(result.seen_before.size(), 6u);
  for (const auto& [call, seen] : result.seen_before) EXPECT_EQ(seen, Existence::absent);
}

// It was asked about without the values of what it waits for.
TEST_F(Looks, WhatIsThereUnexpectedlyIsLookedAtAgainWithItsValues) {
  begin({resource(fast("a")), resource(fast("b"), {{"fast", {"a"}}})});
  const std::vector<Call> look_at_both =
      take_turn(answers(take_turn(answers(take_turn({}).calls)).calls)).calls;
  world_.backend.change([](FakeWorld& objects) { objects[fast("b")] = objects.at(fast("a")); });

  const std::vector<Call> calls = take_turn(answers(look_at_both)).calls;

  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].kind, CallKind::observe);
}

// What may be there is asked about with the values of what it waits for.
TEST_F(Looks, AnUnfinishedCreateIsLookedAtOnItsOwnWhenItsRequirementIsDone) {
  const Json spec = {{"fast", {"a"}}};
  Owned row{.address = fast("b"), .instance = "fake"};
  row.intent = Intent{.nonce = "n", .generation = generation_of(spec), .spec = spec};
  ASSERT_TRUE(world_.inventory.commit({PutOwned{row}}));
  apply({resource(fast("a")), resource(fast("b"), spec)});
  int asked = 0;
  for (const Call& call : result_.calls)
    for (const Request& request : call.requests) {
      if (request.address != fast("b")) continue;
      ++asked;
      EXPECT_EQ(std::count(call.steps.begin(), call.steps.end(), 1), 1);
    }
  EXPECT_GE(asked, 2) << "before its create and after it";
}

TEST_F(Looks, WhatWasLookedAtTooEarlyIsLookedAtAgain) {
  world_.backend.script(fast("a"), {.appears_after = seconds(5)});
  Existence before = Existence::unknown;
  world_.backend.on_effect([&](const FakeEffect& effect, const FakeBackend& backend) {
    if (effect.address == fast("b")) before = backend.look(fast("a")).existence;
  });
  apply({resource(fast("a")), resource(fast("b"), {{"fast", {"a"}}})});
  EXPECT_EQ(before, Existence::present);
  size_t looks = 0;  // at b
  for (const Call& call : result_.calls)
    looks += call.kind == CallKind::observe &&
             std::any_of(call.requests.begin(), call.requests.end(),
                         [](const Request& request) { return request.address == fast("b"); });
  EXPECT_EQ(looks, 3u);  // with a in vain, for itself, and after its create
}

TEST_F(Looks, LooksAtAllThatWaitInOneBatch) {
  std::vector<Resource> many;
  for (int i = 0; i < 50; ++i) {
    const Address address = slow("n" + std::to_string(i));
    world_.backend.script(address, {.ready_after = seconds(60)});
    many.push_back(resource(address));
  }
  apply(many, {.parallelism = 50});
  const auto looks_at_all = [](const Call& call) {
    return call.kind == CallKind::observe && call.requests.size() == 50;
  };
  // At least once a second, and hardly ever at one alone.
  EXPECT_GE(std::count_if(result_.calls.begin(), result_.calls.end(), looks_at_all), 60);
  EXPECT_LT(looks(), 200);
}

TEST_F(Looks, WhatWasLookedAtAlongIsNotLookedAtAgain) {
  const std::vector<Call> calls = calls_after(milliseconds(50));
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].kind, CallKind::create);
  EXPECT_EQ(calls[0].requests[0].address, fast("c"));
}

TEST_F(Looks, WhatWasLookedAtAlongLongAgoIsLookedAtAgain) {
  const std::vector<Call> calls = calls_after(milliseconds(51));
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].kind, CallKind::observe);
}

TEST_F(Looks, WhatWasHeardOfSinceItWasLookedAtAlongIsLookedAtAgain) {
  const std::vector<Call> calls = calls_after(milliseconds(1), {fast("c")});
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].kind, CallKind::observe);
}

TEST_F(Looks, WhatIsHeardOfWhileItIsLookedAtAlongIsLookedAtAgain) {
  begin({resource(fast("a")), resource(fast("b"), {{"fast", {"a"}}})});
  std::vector<Call> calls = take_turn({}).calls;
  for (int i = 0; i < 2; ++i) calls = take_turn(answers(calls)).calls;  // look, create a
  ASSERT_EQ(calls.size(), 1u);
  ASSERT_EQ(calls[0].requests.size(), 2u) << "b is not looked at along";
  hear(*state_, {fast("b")}, world_.clock.now());
  calls = take_turn(answers(calls)).calls;
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].kind, CallKind::observe);
}

// What it was seen as before its create says nothing of what became of it.
TEST_F(Looks, WhatWasMadeIsLookedAtHoweverShortlyBeforeThatItWasLookedAt) {
  begin({resource(fast("a")), resource(fast("b"), {{"fast", {"a"}}})});
  std::vector<Call> calls = take_turn({}).calls;
  for (int i = 0; i < 3; ++i) calls = take_turn(answers(calls)).calls;  // look, create a, look at both
  ASSERT_EQ(calls.size(), 1u);
  ASSERT_EQ(calls[0].kind, CallKind::create);
  calls = take_turn(answers(calls)).calls;
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].kind, CallKind::observe);
}

// However many there are, and however late the driver comes.
TEST_F(Looks, AHintHurriesALookAndNeverPutsItOff) {
  world_.backend.script(slow("disk"), {.ready_after = seconds(1000)});
  begin({resource(slow("disk"))});
  // Turns until it waits; when it looks again.
  const auto settled = [&] {
    for (Turn turn = take_turn({});; turn = take_turn(answers(turn.calls)))
      if (turn.calls.empty()) return *turn.wake;
  };
  Time due = settled();
  for (int i = 0; i < 10; ++i) {
    world_.clock.advance_to(due);
    due = settled();
  }
  ASSERT_GE(due - world_.clock.now(), seconds(1)) << "it has become patient";
  hear(*state_, {slow("disk")}, world_.clock.now() + Duration(1));
  due = settled();
  EXPECT_LT(due - world_.clock.now(), milliseconds(100));
  world_.clock.advance_to(due + Duration(1));
  hear(*state_, {slow("disk")}, world_.clock.now());
  EXPECT_FALSE(take_turn({}).calls.empty());
}

}  // namespace
}  // namespace tenon
