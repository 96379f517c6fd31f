#include "framework/cli/progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace tenon {
namespace {

class ManualClock final : public Clock {
 public:
  Time now() const override { return time; }
  Time time{};
};

const Address kVolume{"test", "DataVolume", "default", "dv"};
const Address kMachine{"test", "Machine", "default", "m"};

struct Fixture {
  Step create{.kind = StepKind::create, .address = kVolume};
  Step await{.kind = StepKind::await,
             .address = kVolume,
             .await = Await{.target = kVolume, .phases = {"Succeeded"}}};
  Step machine{.kind = StepKind::create, .address = kMachine};
  ManualClock clock;
  std::ostringstream out;

  StepEvent event(int step, StepStatus status, std::string text = "", std::optional<double> progress = {}) {
    return {.step = step, .status = status, .text = std::move(text), .progress = progress};
  }
};

TEST(Progress, PlainLinesTellTheBeginningAndTheEnd) {
  Fixture f;
  Progress progress(f.out, Style(false), f.clock, false, 80);
  progress.step(f.create, f.event(0, StepStatus::running));
  f.clock.time += Duration(1200);
  progress.step(f.create, f.event(0, StepStatus::done));
  EXPECT_EQ(f.out.str(), "DataVolume dv: creating\nDataVolume dv: created after 1.2 s\n");
}

TEST(Progress, PlainLinesComeAtAModestRate) {
  Fixture f;
  Progress progress(f.out, Style(false), f.clock, false, 80);
  for (int i = 0; i <= 25; ++i) {
    progress.step(f.await, f.event(1, StepStatus::waiting, "DataVolume dv is ImportInProgress", i / 100.0));
    f.clock.time += Duration(100);
  }
  EXPECT_EQ(f.out.str(), R"(await DataVolume dv until Succeeded: ImportInProgress 0 %
await DataVolume dv until Succeeded: ImportInProgress 10 %
await DataVolume dv until Succeeded: ImportInProgress 20 %
)");
}

TEST(Progress, FailuresAndSkipsNameTheirCause) {
  Fixture f;
  Progress progress(f.out, Style(false), f.clock, false, 80);
  progress.step(f.await, f.event(1, StepStatus::running));
  progress.step(f.await, f.event(1, StepStatus::failed, "the server answered 404"));
  progress.step(f.machine, f.event(2, StepStatus::skipped, "DataVolume dv failed"));
  EXPECT_EQ(f.out.str(), R"(await DataVolume dv until Succeeded
await DataVolume dv until Succeeded: failed after 0.0 s: the server answered 404
Machine m: create skipped: DataVolume dv failed
)");
}

TEST(Progress, ATerminalShowsWhatRunsBelowWhatIsDone) {
  Fixture f;
  {
    Progress progress(f.out, Style(false), f.clock, true, 80);
    progress.step(f.create, f.event(0, StepStatus::running));
    progress.step(f.machine, f.event(2, StepStatus::waiting, "DataVolume dv until Succeeded"));
    progress.step(f.create, f.event(0, StepStatus::done));
  }
  const std::string up_one = "\r\033[1A\033[J", up_two = "\r\033[2A\033[J";
  const std::string waiting = "Machine m: waiting: DataVolume dv until Succeeded  0.0 s\n";
  EXPECT_EQ(f.out.str(), "DataVolume dv: creating  0.0 s\n" + up_one + "DataVolume dv: creating  0.0 s\n" +
                             waiting + up_two + "DataVolume dv: created after 0.0 s\n" + waiting + up_one);
}

TEST(Progress, ALiveLineNeverWraps) {
  Fixture f;
  Progress progress(f.out, Style(false), f.clock, true, 30);
  progress.step(f.create, f.event(0, StepStatus::running, std::string(100, 'x')));
  EXPECT_LE(columns(f.out.str()), 30u);
}

}  // namespace
}  // namespace tenon
