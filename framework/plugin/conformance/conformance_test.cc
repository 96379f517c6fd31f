// The kit on a backend that does one thing wrong at a time: each is found, and so every check is seen to
// fail.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <regex>
#include <set>

#include "framework/base/temporary_directory.h"
#include "framework/plugin/conformance/faulty.h"

namespace tenon {
namespace {

struct Fault {
  std::string fault, check;
};

// clang-format off
const std::vector<Fault> kFaults = {
    {"sees things", "what does not exist is observed absent"},
    {"deletes once", "delete of the absent succeeds"},
    {"cannot create", "create succeeds"},
    {"half a mark", "observe gives the whole mark back"},
    {"large", "private state is small"},
    {"loses", "the created object is present"},
    {"fails twice", "create is idempotent"},
    {"new identity", "a second create makes nothing twice"},
    {"wanders", "observe changes nothing"},
    {"takes over", "create refuses an object with another's mark"},
    {"silent", "a refusal names the owner"},
    {"deletes foreign", "delete leaves an object with another's mark alone"},
    {"cannot update", "update succeeds"},
    {"old generation", "an update is observed at its generation"},
    {"counts in an output", "the manifest declares the outputs that an update changes"},
    {"cannot list", "list succeeds"},
    {"lists twice", "list finds the object once, by its mark and identity"},
    {"half a record", "list gives spec and record back as they were sent, or neither"},
    {"lists large", "private state is small in a list, too"},
    {"lists only with inventory", "list without an inventory finds the objects of all"},
    {"lists all", "list of another inventory finds nothing of this one"},
    {"endless", "the pages of list come to an end"},
    {"cannot drop", "dropping the mark succeeds"},
    {"new identity with drop", "without its mark it is there as before"},
    {"deletes unmarked", "delete leaves what carries no mark alone"},
    {"cannot set", "setting the mark succeeds"},
    {"new identity with set", "what was adopted carries the new mark and is otherwise the same"},
    {"replaces marks", "a mark of somebody else is not replaced"},
    {"cannot move", "moving succeeds"},
    {"new identity with move", "what was moved has its new address and is otherwise the same"},
    {"forgets the way", "asked for by its identity it tells its new address"},
    {"cannot delete", "delete succeeds"},
    {"keeps", "the deleted object is observed absent"},
    {"ghosts", "the absent has no identity and no mark"},
    {"upserts", "update of the absent fails"},
    {"retries for ever", "the update of the absent is refused as wrong input"},
    {"upserts and fails", "update of the absent makes nothing"},
    {"dies late", "it goes on after a call whose deadline had passed"},
    {"bug after a request to stop", "a cancelled create is done or says what became of it"},
    {"confused after a request to stop", "after a cancelled create it is known whether it exists"},
    {"keeps 2", "what a cancelled create left can be deleted"},
    {"cannot recreate", "it can be created again after all that"},
    {"two identities", "create and observe agree on the identity"},
    {"no identity", "what exists has an identity"},
    {"no actual", "what exists has an actual spec"},
    {"percents", "progress, reason and conditions have the agreed shape"},
    {"sentences", "progress, reason and conditions have the agreed shape"},
    {"maybe", "progress, reason and conditions have the agreed shape"},
    {"half a disk", "a disk among the outputs is one of tenon.dev/disk/v1"},
    {"no phase", "it has a phase where the manifest names ready ones"},
    {"contents", "claims have contents and others have none"},
    {"strange", "what is observed fits the schema"},
    {"rounds", "what was asked for is observed"},
    {"needs an identity", "it is found by its address alone"},
    {"needs a spec", "it is found without a desired spec"},
    {"drops one", "a batch has one answer for each"},
    {"reversed", "a batch is answered in its order"},
    {"overflows", "a batch of limits.batch is answered in full"},
    {"prefixes", "names that begin or end alike are others"},
    {"one namespace", "the same name in another namespace is another"},
    {"takes over changed", "the same name with other parameters is refused"},
    {"updates foreign", "update refuses an object with another's mark"},
    {"refuses and changes", "what is refused changes nothing"},
    {"races", "eight looks at once see the same"},
    {"one at a time", "the same create four times at once succeeds"},
    {"doubles at once", "creates at once make nothing twice"},
    {"forgets", "it is found by the process that comes after a crash"},
    {"reborn", "a create sent again after a crash makes nothing twice"},
    {"keeps 3", "it can be deleted"},
    {"deletes once more", "deleting twice succeeds"},
    {"uses names up", "its name can be used again"},
    {"old mark", "the second life has a mark of its own"},
    {"keeps 4", "nothing is left"},
    {"expands half", "expand answers for every resource"},
    {"cannot expand", "a valid spec can be expanded"},
    {"expands at random", "expand says the same twice"},
    {"expands and makes", "expand makes nothing"},
    {"nameless child", "children have apiVersion, kind and name"},
    {"twin children", "no two children have one name"},
    {"child astray", "a child's pointer leads into the spec"},
    {"cannot convert", "a spec of an older version can be converted"},
    {"converts to another", "what is converted means the same"},
    {"converts at random", "convert says the same twice"},
    {"checks half", "check answers for every change"},
    {"refuses the sample", "there is room for the sample"},
    {"strange pool", "what is taken is taken of pools that are told"},
    {"fears the unknown", "values that are not known yet are no error"},
    {"refuses deletions", "a deletion is not refused"},
    {"checks at random", "check says the same twice"},
    {"sums up half", "status answers for every composite"},
    {"needs children", "children that nobody has seen are no error"},
    {"summary in percents", "a summary has the agreed shape"},
    {"sums up at random", "status says the same twice"},
    {"acts on the absent", "an action on what is not there is refused"},
    {"acting makes", "an action on what is not there makes nothing"},
    {"cannot act", "every action of the manifest is carried out"},
    {"acts on any word", "an unknown action is refused"},
    {"acting forgets", "after its actions it is still ours"},
    {"cannot watch", "watch succeeds"},
    {"deaf", "who watches hears of a change"},
    {"gossips", "who watches hears of nothing else"},
    {"watches for ever", "watching can be ended"},
    {"bug after a deadline", "a call cut off by a deadline is done or says that its outcome is unknown"},
    {"confused after a deadline", "after a call cut off by a deadline it is known what exists"},
    {"jams after a deadline", "a call cut off by a deadline ends well when it is sent again"},
    {"doubles after a deadline", "a create cut off by a deadline makes nothing twice"},
    {"sticks after a deadline", "a delete cut off by a deadline leaves nothing when it is sent again"},
    {"bug after a request to stop", "a call cut off by a request to stop is done or says that its outcome is unknown"},
    {"confused after a request to stop", "after a call cut off by a request to stop it is known what exists"},
    {"jams after a request to stop", "a call cut off by a request to stop ends well when it is sent again"},
    {"doubles after a request to stop", "a create cut off by a request to stop makes nothing twice"},
    {"sticks after a request to stop", "a delete cut off by a request to stop leaves nothing when it is sent again"},
    {"bug after a kill of its host", "a call cut off by a kill of its host is done or says that its outcome is unknown"},
    {"confused after a kill of its host", "after a call cut off by a kill of its host it is known what exists"},
    {"jams after a kill of its host", "a call cut off by a kill of its host ends well when it is sent again"},
    {"doubles after a kill of its host", "a create cut off by a kill of its host makes nothing twice"},
    {"sticks after a kill of its host", "a delete cut off by a kill of its host leaves nothing when it is sent again"},
    {"tells", "secrets are not echoed"},
};
// clang-format on

// What is wrong with a sample and with no backend.
const std::vector<std::pair<std::string, std::function<void(ConformanceSample&)>>> kMistakes = {
    {"the plugin has the kind of the sample", [](ConformanceSample& s) { s.address.kind = "Other"; }},
    {"the change of the sample changes something", [](ConformanceSample& s) { s.changed = s.spec; }},
    {"the sample is valid", [](ConformanceSample& s) { s.spec["size"] = "large"; }},
    {"the sample is valid", [](ConformanceSample& s) { s.changed["size"] = "large"; }},
    {"completing the sample changes nothing", [](ConformanceSample& s) { s.spec.erase("colour"); }},
    {"update succeeds", [](ConformanceSample& s) { s.changed = nullptr; }},
    {"the sample has a value for every secret", [](ConformanceSample& s) { s.spec.erase("password"); }},
};

const ConformanceFinding* find(const std::vector<ConformanceFinding>& findings, const std::string& check) {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [&](const auto& finding) { return finding.check == check; });
  return found == findings.end() ? nullptr : &*found;
}

void expect_failure(const std::vector<ConformanceFinding>& findings, const std::string& check) {
  const ConformanceFinding* found = find(findings, check);
  ASSERT_NE(found, nullptr) << failures(findings);
  EXPECT_FALSE(found->ok) << failures(findings);
  EXPECT_GT(found->advice.size(), 15U) << "it says what to mend";
}

class EachFault : public testing::TestWithParam<Fault> {};

TEST_P(EachFault, IsFoundAndSaysWhatToMend) {
  Faulty backend(GetParam().fault);
  expect_failure(run_conformance(backend, faulty_sample(backend)), GetParam().check);
}

INSTANTIATE_TEST_SUITE_P(Kit, EachFault, testing::ValuesIn(kFaults), [](const auto& info) {
  std::string name = std::to_string(info.index) + "_" + info.param.fault;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

TEST(Kit, FindsWhatIsWrongWithASample) {
  for (const auto& [check, make] : kMistakes) {
    Faulty backend("");
    ConformanceSample sample = faulty_sample(backend);
    make(sample);
    expect_failure(run_conformance(backend, sample), check);
  }
}

TEST(Kit, MakesNothingOfWhatIsNoSample) {
  for (size_t i = 0; i < 5; ++i) {
    Faulty backend("");
    ConformanceSample sample = faulty_sample(backend);
    kMistakes[i].second(sample);
    for (const auto& finding : run_conformance(backend, sample))
      EXPECT_NE(finding.check, "create succeeds") << kMistakes[i].first;
  }
}

TEST(Kit, FindsASecretInTheLog) {
  const TemporaryDirectory directory;
  Faulty backend("");
  ConformanceSample sample = faulty_sample(backend);
  sample.log = std::filesystem::path(directory) / "log";
  std::ofstream(sample.log) << "logging in with hunter2\n";
  expect_failure(run_conformance(backend, sample), "the log tells no secret");
}

TEST(Kit, FindsNothingWhereNothingIsWrong) {
  Faulty backend("");
  EXPECT_EQ(failures(run_conformance(backend, faulty_sample(backend))), "");
}

TEST(Kit, BearsAnOutputThatTheManifestDeclaresAsChanging) {
  Faulty backend("counts in an output");
  for (const char* path : {"/count", "/count/size"}) {
    ConformanceSample sample = faulty_sample(backend);
    Json outputs;
    outputs[Json::json_pointer(std::regex_replace(path, std::regex("/"), "/properties/"))] = {
        {"x-computed", "update"}};
    Manifest manifest = *sample.manifest;
    manifest.kinds[0].outputs = parse_schema(outputs).value();
    sample.manifest = std::make_shared<const Manifest>(manifest);
    EXPECT_EQ(failures(run_conformance(backend, sample)), "") << path;
  }
}

TEST(Kit, SendsNoCreateTwiceThatIsNotIdempotent) {
  Faulty backend("fails twice");
  ConformanceSample sample = faulty_sample(backend);
  Manifest manifest = *sample.manifest;
  manifest.kinds[0].create.settle = std::chrono::milliseconds(20);
  sample.manifest = std::make_shared<const Manifest>(manifest);
  const auto findings = run_conformance(backend, sample);
  EXPECT_EQ(failures(findings), "");
  EXPECT_EQ(skipped(findings),
            (std::set<std::string>{
                "create is idempotent", "a second create makes nothing twice",
                "the same create four times at once succeeds", "creates at once make nothing twice",
                "a create sent again after a crash makes nothing twice", "the log tells no secret"}));
}

// A check that no fault breaks might be one that cannot fail.
TEST(Kit, MakesAHundredChecksAndEachIsSeenToFail) {
  std::set<std::string> seen = {"the log tells no secret"}, checks;
  for (const Fault& fault : kFaults) seen.insert(fault.check);
  for (const auto& [check, make] : kMistakes) seen.insert(check);
  const TemporaryDirectory directory;
  Faulty backend("");
  ConformanceSample sample = faulty_sample(backend);
  sample.log = std::filesystem::path(directory) / "log";
  const auto findings = run_conformance(backend, sample);
  EXPECT_EQ(skipped(findings), std::set<std::string>());
  for (const auto& finding : findings) {
    EXPECT_TRUE(checks.insert(finding.check).second) << finding.check;
  }
  for (const std::string& check : checks)
    EXPECT_TRUE(seen.contains(check)) << "never seen to fail: " << check;
  for (const std::string& check : seen) EXPECT_TRUE(checks.contains(check)) << "not made: " << check;
  EXPECT_GE(checks.size(), 100U);
}

}  // namespace
}  // namespace tenon
