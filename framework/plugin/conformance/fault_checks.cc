// Calls that are cut off at several moments of their way. Whatever they answer: what exists can be told
// afterwards, the same call again ends well and makes nothing twice, and all of it can be deleted.
#include <array>
#include <thread>

#include "framework/plugin/conformance/checks.h"

namespace tenon {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::microseconds;

// When a call is cut off, counted from its start: some before it reaches the plugin, some within, some after.
constexpr std::array kMoments = {microseconds(0), microseconds(200), microseconds(1000), microseconds(5000),
                                 microseconds(20000)};

using Call = std::function<Result<Outcome>(const CallContext&)>;
// Makes one call and cuts it off at that moment.
using Cut = std::function<Result<Outcome>(const Call& call, microseconds moment)>;

// Does something at a moment, in a thread of its own unless that is now.
class Later {
 public:
  Later(microseconds moment, std::function<void()> act) {
    if (moment.count() == 0) {
      act();
      return;
    }
    thread_ = std::jthread([moment, act = std::move(act)] {
      std::this_thread::sleep_for(moment);
      act();
    });
  }

 private:
  std::jthread thread_;
};

class Faults final : public Probe {
 public:
  using Probe::Probe;

  Findings run() {
    try_all("a deadline",
            [](const Call& call, microseconds moment) { return call({.deadline = Steady::now() + moment}); });
    try_all("a request to stop", [this](const Call& call, microseconds moment) {
      std::stop_source stop;
      CallContext stoppable = context();
      stoppable.stop = stop.get_token();
      const Later later(moment, [&stop] { stop.request_stop(); });
      return call(stoppable);
    });
    if (!sample_.kill) {
      skip("a call cut off by a kill of its host ends well when it is sent again");
      return std::move(findings_);
    }
    try_all("a kill of its host", [this](const Call& call, microseconds moment) {
      const Later later(moment, sample_.kill);
      return call(context());
    });
    return std::move(findings_);
  }

 private:
  // The first of each that was wrong; "": none.
  struct Seen {
    std::string code, unknown, again, twice, left;
  };

  void try_all(const std::string& by, const Cut& cut) {
    Seen seen;
    for (const microseconds moment : kMoments) try_once(cut, moment, seen);
    add("a call cut off by " + by + " is done or says that its outcome is unknown", seen.code.empty(),
        "answer cancelled or deadline_exceeded, or finish: another code says that nothing was done",
        seen.code);
    add("after a call cut off by " + by + " it is known what exists", seen.unknown.empty(),
        "leave nothing that observe cannot judge: make object and mark in one act", seen.unknown);
    add("a call cut off by " + by + " ends well when it is sent again", seen.again.empty(),
        "the same nonce again goes on where the first was cut off", seen.again);
    add("a create cut off by " + by + " makes nothing twice", seen.twice.empty(),
        "look for the object of this nonce before making one", seen.twice);
    add("a delete cut off by " + by + " leaves nothing when it is sent again", seen.left.empty(),
        "delete must find what an earlier delete has left, and take the mark off last", seen.left);
  }

  void try_once(const Cut& cut, microseconds moment, Seen& seen) {
    const auto keep = [](std::string& first, const std::string& problem) {
      if (first.empty()) first = problem;
    };
    Request request = fresh();
    const auto create = [&](const CallContext& c) { return backend_->create(request, c); };
    keep(seen.code, wrong_code(cut(create, moment)));
    keep(seen.unknown, unknown(observe(request)));
    const auto created =
        settles(request) ? Result<Outcome>(Outcome()) : retry([&] { return create(context()); });
    if (!created) keep(seen.again, describe(created));
    const Observation made = observe_until(request, [&](const auto& o) { return has_mark(o, request); });
    if (created && !has_mark(made, request)) keep(seen.twice, describe(made));
    request.identity = made.identity;
    request.applied = std::exchange(request.desired, nullptr);
    const auto remove = [&](const CallContext& c) { return backend_->remove(request, c); };
    keep(seen.code, wrong_code(cut(remove, moment)));
    keep(seen.unknown, unknown(observe(request)));
    keep(seen.left, clear(request));
  }

  // Of a kind whose create is not idempotent: what the first has made shows in time.
  bool settles(const Request& request) const {
    if (is_idempotent()) return false;
    const auto end = std::chrono::steady_clock::now() + *kind_->create.settle;
    const auto shows = [&](const Observation& o) {
      return !is_absent(o) || std::chrono::steady_clock::now() >= end;
    };
    return has_mark(observe_until(request, shows), request);
  }

  static std::string wrong_code(const Result<Outcome>& answer) {
    const bool fine = answer || is_transient(answer.error().code) || is_outcome_unknown(answer.error().code);
    return fine ? "" : describe(answer);
  }

  static std::string unknown(const Observation& seen) {
    return seen.existence == Existence::unknown ? describe(seen) : "";
  }
};

}  // namespace

Findings check_faults(Backend& backend, const ConformanceSample& sample) {
  return Faults(backend, sample).run();
}

}  // namespace tenon
