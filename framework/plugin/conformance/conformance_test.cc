// The kit on a plugin that is written in C without a library, and on a backend that does one thing wrong at a
// time: each is found.
#include "framework/plugin/conformance/conformance.h"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "framework/plugin/open.h"
#include "framework/plugin/test_plugins.h"

namespace tenon {
namespace {

class Kit : public PluginTest {
 protected:
  ConformanceSample sample() const {
    return {.address = {"test.tenon.dev", "Thing", "default", "a"},
            .spec = {{"size", 1}},
            .changed = {{"size", 2}}};
  }
  const std::shared_ptr<const Manifest> manifest_ = manifest_in_process(test_plugin("shelf")).value();
};

TEST_F(Kit, APluginInPlainCConformsInThisProcess) {
  const auto backend = open_in_process(test_plugin("shelf"), "shelf", Json::object(), manifest_);
  EXPECT_EQ(failures(run_conformance(*backend, sample())), "");
}

TEST_F(Kit, APluginInPlainCConformsInAHostProcess) {
  const auto backend =
      open_hosted({.program = host_program(), .plugin = test_plugin("shelf"), .instance = "shelf"},
                  Json::object(), manifest_);
  EXPECT_EQ(failures(run_conformance(*backend, sample())), "");
}

// A check that is not there is missed; one that says nothing helps nobody.
TEST_F(Kit, MakesSixtyChecksAndMore) {
  const auto backend = open_in_process(test_plugin("shelf"), "shelf", Json::object(), manifest_);
  ConformanceSample whole = sample();
  whole.manifest = manifest_;
  std::set<std::string> checks;
  for (const auto& finding : run_conformance(*backend, whole))
    EXPECT_TRUE(checks.insert(finding.check).second) << finding.check;
  for (const auto& finding : check_manifest(*manifest_))
    EXPECT_TRUE(checks.insert(finding.check).second) << finding.check;
  EXPECT_GE(checks.size(), 60u);
}

TEST_F(Kit, APluginInPlainCHasAManifestThatMakesSense) {
  EXPECT_EQ(failures(check_manifest(*manifest_)), "");
}

// Objects in memory; `fault` names the one thing that it does wrong.
class Faulty final : public Backend {
 public:
  explicit Faulty(std::string fault) : fault_(std::move(fault)) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext&) override {
    const std::lock_guard lock(mutex_);
    std::vector<Observation> seen;
    for (const Request& request : requests) seen.push_back(look(request));
    if (is("reversed")) std::reverse(seen.begin(), seen.end());
    if (is("drops one") && seen.size() > 1) seen.pop_back();
    return Observed(std::move(seen));
  }

  Result<Outcome> create(const Request& request, const CallContext& context) override {
    const std::lock_guard lock(mutex_);
    if (context.stop.stop_requested() && is("bug when cancelled")) return Error{Code::internal, "cancelled"};
    const auto found = find(request.address);
    if (found != objects_.end() && found->second.nonce != request.nonce && !is("takes over"))
      return refusal(found->second);
    if (found != objects_.end() && is("fails twice")) return Error{Code::already_exists, "there"};
    if (found == objects_.end() || !is("new identity")) ++count_;
    return put(request);
  }

  Result<Outcome> update(const Request& request, const CallContext&) override {
    const std::lock_guard lock(mutex_);
    const auto found = find(request.address);
    if (found == objects_.end() && !is("upserts"))
      return Error{is("retries for ever") ? Code::unavailable : Code::not_found, "gone"};
    if (found != objects_.end() && found->second.nonce != request.nonce && !is("updates foreign"))
      return refusal(found->second);
    return put(request);
  }

  Result<Outcome> remove(const Request& request, const CallContext&) override {
    const std::lock_guard lock(mutex_);
    const auto found = find(request.address);
    if (found == objects_.end())
      return is("deletes once") ? Result<Outcome>(Error{Code::not_found, "gone"}) : Outcome();
    if (found->second.nonce != request.nonce && !is("deletes foreign")) return refusal(found->second);
    if (!is("keeps")) objects_.erase(found);
    return Outcome();
  }

  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>&,
                                                             const CallContext&) override {
    return Error{Code::unimplemented, ""};
  }

 private:
  using Objects = std::map<Address, Request>;

  bool is(const char* fault) const { return fault_ == fault; }

  Objects::iterator find(const Address& address) {
    if (is("prefixes"))
      return std::find_if(objects_.begin(), objects_.end(),
                          [&](const auto& object) { return address.name.starts_with(object.first.name); });
    if (is("one namespace"))
      return std::find_if(objects_.begin(), objects_.end(),
                          [&](const auto& object) { return address.name == object.first.name; });
    return objects_.find(address);
  }

  static Error refusal(const Request& owned) {
    return {Code::already_exists, "it belongs to inventory " + owned.inventory};
  }

  Result<Outcome> put(const Request& request) {
    objects_[request.address] = request;
    Outcome outcome{.identity = is("two identities") ? "another" : "thing"};
    if (is("large")) outcome.private_state = std::string(5000, 'x');
    return outcome;
  }

  Observation look(const Request& request) {
    Observation seen;
    if (is("needs an identity") && request.identity.empty() && request.nonce.empty()) return seen;
    if (is("needs a spec") && request.desired.is_null()) return seen;
    const auto found = find(request.address);
    if (found == objects_.end()) {
      if (is("ghosts")) seen.identity = "thing";
      return seen;
    }
    const Request& object = found->second;
    seen.existence = Existence::present;
    seen.phase = is("no phase") ? "" : "Ready";
    seen.identity = is("no identity") ? "" : is("wanders") ? std::to_string(++count_) : "thing";
    seen.mark = Mark{object.inventory, to_string(object.address), object.nonce, object.generation};
    if (is("half a mark")) seen.mark->inventory = "";
    seen.actual = object.desired;
    seen.actual.erase("password");
    if (is("no actual")) seen.actual = nullptr;
    if (is("rounds")) seen.actual["size"] = 64;
    if (is("strange")) seen.actual["strange"] = true;
    if (is("percents")) seen.progress = 41;
    if (is("sentences")) seen.reason = "it is broken";
    if (is("maybe")) seen.conditions.push_back({"Ready", "Maybe", "", ""});
    if (is("contents")) seen.contents = Contents::none;
    if (is("half a disk")) seen.outputs["disk"] = {{"path", "/x"}};
    if (is("tells")) seen.message = "logging in with hunter2";
    return seen;
  }

  const std::string fault_;
  std::mutex mutex_;
  Objects objects_;
  int count_ = 0;
};

constexpr char kFaultyManifest[] = R"({
  "manifestVersion": 1, "name": "faulty", "version": "1.0.0",
  "kinds": [{"group": "test.tenon.dev", "kind": "Thing", "plural": "things", "versions": ["v1"],
             "ready": {"phases": ["Ready"]},
             "schema": {"type": "object", "properties": {
               "size": {"type": "integer"}, "password": {"type": "string", "x-secret": true}}}}]
})";

ConformanceSample faulty_sample() {
  const Json spec = {{"size", 1}, {"password", "hunter2"}}, changed = {{"size", 2}, {"password", "hunter2"}};
  return {.address = {"test.tenon.dev", "Thing", "default", "a"},
          .spec = spec,
          .changed = changed,
          .manifest = std::make_shared<const Manifest>(parse_manifest(kFaultyManifest).value()),
          .patience = std::chrono::milliseconds(20)};
}

struct Fault {
  std::string fault, check;
};

class EachFault : public testing::TestWithParam<Fault> {};

TEST_P(EachFault, IsFoundAndSaysWhatToMend) {
  Faulty backend(GetParam().fault);
  const auto findings = run_conformance(backend, faulty_sample());
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [](const auto& finding) { return finding.check == GetParam().check; });
  ASSERT_NE(found, findings.end()) << failures(findings);
  EXPECT_FALSE(found->ok);
  EXPECT_FALSE(found->advice.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Kit, EachFault,
    testing::Values(Fault{"deletes once", "delete of the absent succeeds"},
                    Fault{"half a mark", "observe gives the whole mark back"},
                    Fault{"large", "private state is small"}, Fault{"fails twice", "create is idempotent"},
                    Fault{"wanders", "observe changes nothing"},
                    Fault{"takes over", "create refuses an object with another's mark"},
                    Fault{"deletes foreign", "delete leaves an object with another's mark alone"},
                    Fault{"keeps", "the deleted object is observed absent"},
                    Fault{"ghosts", "the absent has no identity and no mark"},
                    Fault{"upserts", "update of the absent fails"},
                    Fault{"retries for ever", "the update of the absent is refused as wrong input"},
                    Fault{"bug when cancelled", "a cancelled create is done or says what became of it"},
                    Fault{"two identities", "create and observe agree on the identity"},
                    Fault{"no identity", "what exists has an identity"},
                    Fault{"no actual", "what exists has an actual spec"},
                    Fault{"percents", "progress is between 0 and 1"},
                    Fault{"sentences", "the reason is one CamelCase word"},
                    Fault{"maybe", "conditions are True, False or Unknown"},
                    Fault{"half a disk", "a disk among the outputs is one of tenon.dev/disk/v1"},
                    Fault{"no phase", "it has a phase where the manifest names ready ones"},
                    Fault{"contents", "claims have contents and others have none"},
                    Fault{"strange", "what is observed fits the schema"},
                    Fault{"rounds", "what was asked for is observed"},
                    Fault{"needs an identity", "it is found by its address alone"},
                    Fault{"drops one", "a batch has one answer for each"},
                    Fault{"reversed", "a batch is answered in its order"},
                    Fault{"prefixes", "names that begin or end alike are others"},
                    Fault{"one namespace", "the same name in another namespace is another"},
                    Fault{"updates foreign", "update refuses an object with another's mark"},
                    Fault{"tells", "secrets are not echoed"}),
    [](const auto& info) {
      std::string name = info.param.fault;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

TEST(Faulty, WithoutAFaultConforms) {
  Faulty backend("");
  EXPECT_EQ(failures(run_conformance(backend, faulty_sample())), "");
}

// Each line mends nothing but the manifest of one kind; the check that it must fail is named.
TEST(ManifestChecks, EachMistakeIsFound) {
  const Manifest fine = parse_manifest(kFaultyManifest).value();
  EXPECT_EQ(failures(check_manifest(fine)), "");
  const std::vector<std::pair<std::string, std::function<void(Manifest&)>>> mistakes = {
      {"the manifest serves kinds", [](Manifest& m) { m.kinds.clear(); }},
      {"the plugin's name is one", [](Manifest& m) { m.name = "My Plugin"; }},
      {"the plugin's version is one", [](Manifest& m) { m.version = "newest"; }},
      {"its limits are sane", [](Manifest& m) { m.parallel = 1000; }},
      {"its configuration has a schema", [](Manifest& m) { m.configuration.type = ValueType::string; }},
      {"every setting is described", [](Manifest& m) { m.configuration.properties["uri"]; }},
      {"no two kinds share a name", [](Manifest& m) { m.kinds[0].short_names = {"things"}; }},
      {"the group is a domain name", [](Manifest& m) { m.kinds[0].name.group = "Test_"; }},
      {"the kind is in CamelCase", [](Manifest& m) { m.kinds[0].name.kind = "thing"; }},
      {"the plural is a DNS label", [](Manifest& m) { m.kinds[0].plural = "Things"; }},
      {"the versions are versions", [](Manifest& m) { m.kinds[0].versions = {"1.0"}; }},
      {"the spec is an object", [](Manifest& m) { m.kinds[0].schema.type = ValueType::any; }},
      {"a phase is ready or failing", [](Manifest& m) { m.kinds[0].ready.failing = {"Ready"}; }},
      {"what becomes ready later", [](Manifest& m) { m.kinds[0].ready = {.later = true}; }},
      {"it is given time", [](Manifest& m) { m.kinds[0].ready.timeout = Duration(1); }},
      {"a claim does not fill itself",
       [](Manifest& m) { m.kinds[0].claim = true, m.kinds[0].populates = "x"; }},
      {"requirements lead to names",
       [](Manifest& m) { m.kinds[0].requirements = {{.name = "r", .path = "/none", .guards = {"create"}}}; }},
      {"requirements guard something", [](Manifest& m) { m.kinds[0].requirements = {{.name = "r"}}; }},
      {"defaults are valid", [](Manifest& m) { m.kinds[0].schema.properties["size"].default_value = "x"; }},
      {"what is required is a property", [](Manifest& m) { m.kinds[0].schema.required = {"none"}; }},
      {"what is required has no default",
       [](Manifest& m) {
         m.kinds[0].schema.required = {"size"};
         m.kinds[0].schema.properties["size"].default_value = 1;
       }},
      {"x-exactly-one-of names properties", [](Manifest& m) { m.kinds[0].schema.exactly_one_of = {"none"}; }},
      {"list maps have keys",
       [](Manifest& m) { m.kinds[0].schema.properties["l"].list_type = ListType::map; }},
      {"lists say what they consist of",
       [](Manifest& m) { m.kinds[0].schema.properties["l"].type = ValueType::array; }},
      {"something is between minimum",
       [](Manifest& m) {
         m.kinds[0].schema.properties["size"].minimum = 2, m.kinds[0].schema.properties["size"].maximum = 1;
       }},
      {"x-operation starts or stops",
       [](Manifest& m) {
         m.kinds[0].schema.properties["size"].operations = {{"1", "explode"}};
       }},
      {"x-decrease is on something",
       [](Manifest& m) { m.kinds[0].schema.properties["password"].refuse_decrease = true; }},
      {"an enum names each value once",
       [](Manifest& m) {
         m.kinds[0].schema.properties["size"].enumeration = {1, 1};
       }},
      {"what looks like a secret",
       [](Manifest& m) { m.kinds[0].schema.properties["password"].secret = false; }},
  };
  for (const auto& [check, make] : mistakes) {
    Manifest wrong = fine;
    make(wrong);
    EXPECT_NE(failures(check_manifest(wrong)).find(check), std::string::npos) << check;
  }
}

}  // namespace
}  // namespace tenon
