// Two plugins in one run, of which one misbehaves: the engine survives, the other one's steps are done, the
// error names plugin and address, and the next run converges.
#include <fstream>
#include <utility>

#include "framework/backend/forwarding.h"
#include "framework/base/digest.h"
#include "framework/engine/engine.h"
#include "framework/inventory/memory.h"
#include "framework/plugin/hosted_testing.h"

namespace tenon {
namespace {

using namespace std::chrono_literals;

struct Wrong {
  std::string how;
  std::string when = "after";
  bool patient = true;  // false: the call must end by its deadline
};

// Shortens the deadlines of another one, while it is impatient.
class Impatient final : public ForwardingBackend {
 public:
  explicit Impatient(std::unique_ptr<Backend> backend)
      : ForwardingBackend(*backend), backend_(std::move(backend)) {}

  Result<Outcome> create(const Request& request, const CallContext& context) override {
    return backend_->create(request, shortened(context));
  }
  Result<Outcome> update(const Request& request, const CallContext& context) override {
    return backend_->update(request, shortened(context));
  }
  Result<Outcome> remove(const Request& request, const CallContext& context) override {
    return backend_->remove(request, shortened(context));
  }

  bool impatient = false;

 private:
  CallContext shortened(CallContext context) const {
    if (impatient) context.deadline = std::chrono::steady_clock::now() + 500ms;
    return context;
  }

  const std::unique_ptr<Backend> backend_;
};

class Silent final : public Reporter {
 public:
  void step(const Step&, const StepEvent&) override {}
};

// Instances good and bad of the plugin, whose objects are files in directories of these names.
class TwoPlugins : public HostedTest {
 protected:
  TwoPlugins() {
    for (const std::string instance : {"good", "bad"}) std::filesystem::create_directory(path(instance));
    open_both();
  }

  // New hosts; memory, plugin: of the bad one.
  void open_both(uint64_t memory = 0, const std::string& plugin = test_plugin("misbehaving")) {
    for (const std::string instance : {"good", "bad"}) {
      HostOptions hosting = options();
      hosting.instance = instance;
      hosting.log = path(instance + ".log");
      if (instance == "bad") hosting.memory = memory;
      if (instance == "bad") hosting.plugin = plugin;
      opened_[instance] =
          std::make_unique<Impatient>(open_hosted(hosting, {{"world", path(instance)}}, manifest()));
      backends_[instance] = opened_[instance].get();
    }
  }

  Resource thing(const std::string& instance, const std::string& name, Json spec) const {
    return {.address = {"test.tenon.dev", "Thing", "default", name},
            .version = name == "wrong" ? version_ : "v1",
            .spec = std::move(spec),
            .annotations = {{std::string(kBackendAnnotation), instance}}};
  }

  std::vector<Resource> declared() const {
    return {thing("good", "a", {{"size", 1}}), thing("good", "b", {{"size", 2}}),
            thing("bad", "c", {{"size", 3}}), thing("bad", "wrong", wrong_)};
  }

  Planned plan() {
    Diagnostics diagnostics;
    auto planned = make_plan(world_, declared(), {}, diagnostics);
    EXPECT_TRUE(planned && diagnostics.empty());
    return *std::move(planned);
  }

  // How each address ended.
  std::map<std::string, StepRecord> run() {
    const Planned planned = plan();
    Silent reporter;
    const StopFlag stop = 0;
    const auto result = apply(world_, planned, reporter, stop, {.id = random_uuid()});
    EXPECT_TRUE(result);
    std::map<std::string, StepRecord> ended;
    for (const StepRecord& record : result->steps)
      ended[planned.plan.steps[static_cast<size_t>(record.step)].address.name] = record;
    return ended;
  }

  // The spec of the object with that name; null: there is none.
  Json made(const std::string& instance, const std::string& name) const {
    std::ifstream file(path(instance) + "/" + name);
    return file ? Json::parse(file).at("spec") : Json();
  }

  Json wrong_;  // the spec of what misbehaves
  std::string version_ = "v1";
  std::map<std::string, std::unique_ptr<Impatient>> opened_;
  Backends backends_;
  const Catalog catalog_{{{"good", manifest()}, {"bad", manifest()}}, {}};
  MemoryInventory inventory_;
  const SystemClock clock_;
  const World world_{catalog_, backends_, inventory_, clock_};
};

class Isolation : public TwoPlugins, public testing::WithParamInterface<Wrong> {
 protected:
  Isolation() {
    wrong_ = {{"behave", GetParam().how}, {"when", GetParam().when}};
    if (GetParam().how.starts_with("grow")) open_both(uint64_t{96} << 20);
  }
};

TEST_P(Isolation, OtherPluginsGoOnAndTheNextRunConverges) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  if (GetParam().how.starts_with("grow"))
    GTEST_SKIP() << "this machine cannot limit memory of which a sanitizer has mapped much more";
#endif
  opened_["bad"]->impatient = !GetParam().patient;
  const auto first = run();
  EXPECT_EQ(made("good", "a"), Json({{"size", 1}}));
  EXPECT_EQ(made("good", "b"), Json({{"size", 2}}));
  EXPECT_EQ(first.at("a").status, StepStatus::done);
  EXPECT_EQ(first.at("b").status, StepStatus::done);
  EXPECT_TRUE(std::filesystem::exists(path("bad") + "/wrong.did")) << "it did not misbehave";
  if (const StepRecord& wrong = first.at("wrong"); wrong.status != StepStatus::done) {
    for (const std::string part : {"misbehaving", "test.tenon.dev/Thing/default/wrong"})
      EXPECT_NE(wrong.reason.find(part), std::string::npos) << wrong.reason;
  }

  opened_["bad"]->impatient = false;
  for (const auto& [name, record] : run())
    EXPECT_EQ(record.status, StepStatus::done) << name << record.reason;
  EXPECT_EQ(made("bad", "c"), Json({{"size", 3}}));
  EXPECT_EQ(made("bad", "wrong"), declared().back().spec);
  EXPECT_TRUE(plan().plan.empty());
}

// By question, as a field of the spec says it.
class Questions : public TwoPlugins, public testing::WithParamInterface<const char*> {
 protected:
  Questions() {
    wrong_ = {{GetParam(), "abort"}};
    if (std::string(GetParam()) == "convert") version_ = "v1beta1";
  }
  static void names_plugin_and_address(const std::string& reason) {
    for (const std::string part : {"misbehaving", "test.tenon.dev/Thing/default/wrong"})
      EXPECT_NE(reason.find(part), std::string::npos) << reason;
  }
};

TEST_P(Questions, ThatCrashAPluginBlockTheirResourceAlone) {
  const Planned first = plan();
  for (const Change& change : first.plan.changes) {
    if (change.address.name != "wrong") {
      EXPECT_EQ(change.action, Action::create) << change.address.name;
    } else if (std::string(GetParam()) == "check") {
      names_plugin_and_address(change.notes.at(0));
    } else {
      EXPECT_EQ(change.action, Action::blocked);
      names_plugin_and_address(change.reasons.at(0));
    }
  }
  const auto ended = run();
  EXPECT_EQ(ended.at("a").status, StepStatus::done);
  EXPECT_EQ(ended.at("c").status, StepStatus::done) << ended.at("c").reason;
  EXPECT_EQ(made("bad", "c"), Json({{"size", 3}}));
  EXPECT_EQ(made("bad", "wrong"), Json());
  if (const auto wrong = ended.find("wrong"); wrong != ended.end()) {
    EXPECT_EQ(wrong->second.status, StepStatus::failed);
    names_plugin_and_address(wrong->second.reason);
  }

  std::ofstream(path("bad") + "/mended").flush();
  open_both();
  EXPECT_EQ(run().at("wrong").status, StepStatus::done);
  EXPECT_TRUE(plan().plan.empty());
}

// What exists is left as it is while nobody can say what is wanted.
TEST_P(Questions, ThatCrashAPluginLeaveWhatExistsAlone) {
  const Json broken = std::exchange(wrong_, {{"size", 4}});
  EXPECT_EQ(run().at("wrong").status, StepStatus::done);
  wrong_ = broken;
  open_both();
  run();
  EXPECT_EQ(made("bad", "wrong"), Json({{"size", 4}}));
}

INSTANTIATE_TEST_SUITE_P(Each, Questions, testing::Values("observe", "expand", "check", "convert"),
                         [](const auto& info) { return std::string(info.param); });

// What was a plugin when its manifest was read, and is none that can be loaded now.
class Unloadable : public TwoPlugins, public testing::WithParamInterface<const char*> {
 protected:
  std::string bad_plugin() const {
    const std::string how = GetParam();
    if (!how.starts_with("writable")) return test_plugin(how);
    const std::string file = copy_of("misbehaving");
    chmod(how == "writable_directory" ? directory_.c_str() : file.c_str(), 0777);
    return file;
  }
};

TEST_P(Unloadable, OtherPluginsGoOnAndTheNextRunConverges) {
  wrong_ = {{"size", 4}};
  const std::string plugin = bad_plugin();
  open_both(0, plugin);
  for (const Change& change : plan().plan.changes) {
    const bool bad = change.instance == "bad";
    EXPECT_EQ(change.action, bad ? Action::blocked : Action::create) << change.address.name;
    if (!bad) continue;
    EXPECT_NE(change.reasons.at(0).find(plugin), std::string::npos) << change.reasons.at(0);
  }
  const auto ended = run();
  EXPECT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended.at("a").status, StepStatus::done);
  EXPECT_EQ(made("good", "b"), Json({{"size", 2}}));

  chmod(directory_.c_str(), 0700);
  open_both();
  for (const auto& [name, record] : run())
    EXPECT_EQ(record.status, StepStatus::done) << name << record.reason;
  EXPECT_EQ(made("bad", "wrong"), Json({{"size", 4}}));
  EXPECT_TRUE(plan().plan.empty());
}

INSTANTIATE_TEST_SUITE_P(Each, Unloadable,
                         testing::Values("no_entry", "newer", "older", "refusing", "throwing", "writable",
                                         "writable_directory"),
                         [](const auto& info) { return std::string(info.param); });

INSTANTIATE_TEST_SUITE_P(Each, Isolation,
                         testing::Values(Wrong{"abort", "before"}, Wrong{"abort"}, Wrong{"exit", "before"},
                                         Wrong{"exit"}, Wrong{"hang", "before", false},
                                         Wrong{"hang", "after", false}, Wrong{"hang-up"},
                                         Wrong{"silent", "before", false}, Wrong{"too-late", "after", false},
                                         Wrong{"late"}, Wrong{"twice"}, Wrong{"garbage", "before"},
                                         Wrong{"garbage"}, Wrong{"neither"}, Wrong{"deep"},
                                         Wrong{"throw", "before"}, Wrong{"throw"}, Wrong{"throw-int"},
                                         Wrong{"grow", "before"}, Wrong{"grow"}, Wrong{"grow-in-c"},
                                         Wrong{"leak"}, Wrong{"fork"}, Wrong{"print"}, Wrong{"scribble"}),
                         [](const auto& info) {
                           std::string name = info.param.how + "_" + info.param.when;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace tenon
