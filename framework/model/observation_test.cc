#include "framework/model/observation.h"

#include <gtest/gtest.h>

#include "framework/model/change.h"
#include "framework/model/owned.h"

namespace tenon {
namespace {

TEST(Observation, SurvivesItsJson) {
  const Json json = Json::parse(R"({
    "existence": "present", "phase": "ImportInProgress", "reason": "Downloading", "message": "3 of 7 MiB", "identity": "id-1",
    "mark": {"inventory": "i", "address": "a/B/c/d", "nonce": "n", "generation": "g"}, "actual": {"size": "1Gi"},
    "outputs": {"disk": {}}, "progress": 0.41, "contents": "incomplete", "busy": true, "resumable": true,
    "users": ["x"], "conditions": [{"type": "Ready", "status": "False", "reason": "R", "message": "m"}], "notes": ["n"]})");
  const Result<Observation> observation = observation_from_json(json);
  ASSERT_TRUE(observation) << observation.error().message;
  EXPECT_EQ(observation->contents, Contents::incomplete);
  EXPECT_EQ(to_json(*observation), json);
}

TEST(Observation, WithoutAnExistenceOrOfTheWrongShapeIsAnInternalError) {
  for (const char* text : {"[]", "{}", R"({"existence": "maybe"})", R"({"existence": "present", "phase": 1})",
                           R"({"existence": "present", "conditions": [1]})", R"({"existence": 1})"}) {
    const auto observation = observation_from_json(Json::parse(text));
    ASSERT_FALSE(observation) << text;
    EXPECT_EQ(observation.error().code, Code::internal);
  }
}

TEST(Observation, ThatIsUnknownAlwaysHasAReason) {
  const auto observation = observation_from_json(Json::parse(R"({"existence": "unknown"})"));
  ASSERT_TRUE(observation);
  EXPECT_TRUE(observation->error);
}

TEST(Generation, IsTheSameForEqualSpecs) {
  EXPECT_EQ(generation_of(Json::parse(R"({"a": 1, "b": 2})")),
            generation_of(Json::parse(R"({"b": 2, "a": 1})")));
  EXPECT_NE(generation_of(Json::parse(R"({"a": 1})")), generation_of(Json::parse(R"({"a": "1"})")));
}

TEST(Owned, SurvivesItsJson) {
  Owned owned;
  owned.address = {"core", "Pod", "default", "x"};
  owned.instance = "libvirt";
  owned.identity = "uuid";
  owned.nonce = "n";
  owned.applied = {{"a", 1}};
  owned.defaulted = {"/a"};
  owned.dependencies = {{"core", "PersistentVolumeClaim", "default", "d"}};
  owned.parent = Address{"a", "B", "c", "d"};
  owned.protect = true;
  owned.intent = Intent{"n2", "g", {{"a", 2}}, Existence::unknown, Time(Duration(1234))};
  const Result<Owned> again = owned_from_json(Json::parse(to_json(owned).dump()));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, owned);
  EXPECT_EQ(owned_from_json(Json::parse(R"({"address": "x"})")).error().code, Code::internal);
}

struct JudgeTest : testing::Test {
  Await await{{"cdi.kubevirt.io", "DataVolume", "default", "dv"}, {"Succeeded"}, {"Failed"}, {}, ""};
  Observation observation;

  void present(const char* phase) {
    observation.existence = Existence::present;
    observation.phase = phase;
  }
};

TEST_F(JudgeTest, TellsMetUnmetFailedAndUnknownApart) {
  EXPECT_EQ(judge(await, observation, "").reason, "DataVolume dv does not exist");
  present("ImportInProgress");
  observation.progress = 0.41;
  EXPECT_EQ(judge(await, observation, "").verdict, Verdict::unmet);
  EXPECT_EQ(judge(await, observation, "").reason, "DataVolume dv is ImportInProgress (41 %)");
  present("Failed");
  EXPECT_EQ(judge(await, observation, "").verdict, Verdict::failed);
  present("Succeeded");
  EXPECT_EQ(judge(await, observation, "").verdict, Verdict::met);
  EXPECT_EQ(judge(await, unknown_observation({Code::unavailable, "no route"}), "").verdict, Verdict::unknown);
}

TEST_F(JudgeTest, DoesNotTakeAnotherGenerationForDone) {
  present("Succeeded");
  observation.mark = Mark{"i", "a", "n", "old"};
  EXPECT_EQ(judge(await, observation, "new").verdict, Verdict::unmet);
  EXPECT_EQ(judge(await, observation, "old").verdict, Verdict::met);
  EXPECT_EQ(judge(await, observation, "").verdict, Verdict::met);
}

TEST_F(JudgeTest, WaitsForContentsToo) {
  await.contents = {Contents::populated};
  present("Succeeded");
  observation.contents = Contents::incomplete;
  EXPECT_EQ(judge(await, observation, "").reason, "the contents of DataVolume dv are incomplete");
  observation.contents = Contents::populated;
  EXPECT_EQ(judge(await, observation, "").verdict, Verdict::met);
}

}  // namespace
}  // namespace tenon
