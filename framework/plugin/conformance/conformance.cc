#include "framework/plugin/conformance/conformance.h"

#include <algorithm>
#include <functional>
#include <thread>

#include "framework/base/digest.h"
#include "framework/plugin/conformance/edge_checks.h"

namespace tenon {
namespace {

using Steady = std::chrono::steady_clock;
using Findings = std::vector<ConformanceFinding>;

// One after another: each check starts from what the one before left.
class Conformance {
 public:
  Conformance(Backend& backend, const ConformanceSample& sample) : backend_(backend), sample_(sample) {
    ours_.address = sample.address;
    ours_.desired = sample.spec;
    ours_.generation = generation_of(sample.spec);
    ours_.nonce = random_uuid();
    ours_.inventory = random_uuid();
    ours_.dependencies = sample.dependencies;
    ours_.record = {{"set", "conformance"}};
  }

  Findings run() {
    deletes_the_absent();
    if (creates()) {
      creates_twice();
      observes_the_same_twice();
      refuses_foreign();
      updates();
      if (is_able("list")) lists();
      if (is_able("adopt")) forgets_and_adopts();
      if (is_able("move")) moves();
    }
    deletes();
    return std::move(findings_);
  }

 private:
  CallContext context() const { return {.deadline = Steady::now() + sample_.patience}; }

  // advice "" is ok.
  bool add(std::string check, std::string advice) {
    findings_.push_back({std::move(check), advice.empty(), std::move(advice)});
    return findings_.back().ok;
  }

  Observation observe(const Request& request) {
    const auto seen = backend_.observe({request}, context());
    if (!seen) return unknown_observation(seen.error());
    return seen->observations.size() == 1
               ? seen->observations.front()
               : unknown_observation({Code::internal, "not one observation for one request"});
  }

  // Until `wanted` is true of it, or patience ends: then what is seen last.
  Observation observe_until(const Request& request, const std::function<bool(const Observation&)>& wanted) {
    const auto end = Steady::now() + sample_.patience;
    for (;;) {
      Observation seen = observe(request);
      if ((wanted(seen) && !seen.busy) || Steady::now() >= end) return seen;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  static bool is_absent(const Observation& seen) { return seen.existence == Existence::absent; }
  bool is_sent(const Observation& seen) const {
    return seen.existence == Existence::present && seen.mark && seen.mark->generation == ours_.generation;
  }

  static std::string describe(const Observation& seen) {
    return "it observes " + to_json(seen).dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  void deletes_the_absent() {
    const Observation before = observe(ours_);
    if (!add("what does not exist is observed absent", is_absent(before) ? "" : describe(before))) return;
    const auto removed = backend_.remove(ours_, context());
    add("delete of the absent succeeds", removed ? "" : "it answers: " + removed.error().message);
  }

  bool creates() {
    if (!findings_.back().ok) return false;
    const auto created = backend_.create(ours_, context());
    if (!add("create succeeds", created ? "" : "it answers: " + created.error().message)) return false;
    if (!created->identity.empty()) ours_.identity = created->identity;
    if (!created->private_state.is_null()) ours_.private_state = created->private_state;
    ours_.applied = sample_.spec;
    const Observation seen = observe_until(ours_, [this](const auto& o) { return is_sent(o); });
    const Mark mark{ours_.inventory, to_string(ours_.address), ours_.nonce, ours_.generation};
    if (!seen.identity.empty()) ours_.identity = seen.identity;
    add("observe gives the whole mark back",
        seen.mark == mark
            ? ""
            : "keep inventory, address, nonce and generation with the object; " + describe(seen));
    add("private state is small", created->private_state.dump().size() <= 4096 ? "" : "at most 4 KiB");
    return add("the created object is present", seen.existence == Existence::present ? "" : describe(seen));
  }

  void creates_twice() {
    const Observation before = observe(ours_);
    const auto again = backend_.create(ours_, context());
    add("create is idempotent",
        again ? ""
              : "the same nonce and generation again must succeed; it answers: " + again.error().message);
    const Observation after = observe_until(ours_, [this](const auto& o) { return is_sent(o); });
    add("a second create makes nothing twice", before.identity == after.identity && before.mark == after.mark
                                                   ? ""
                                                   : "another object is there now; " + describe(after));
  }

  void observes_the_same_twice() {
    const Observation first = observe(ours_), second = observe(ours_);
    const bool same = first.identity == second.identity && first.mark == second.mark &&
                      first.actual == second.actual && first.existence == second.existence;
    add("observe changes nothing", same ? "" : "two in a row differ; the second: " + describe(second));
  }

  void refuses_foreign() {
    Request foreign = ours_;
    foreign.nonce = random_uuid();
    foreign.inventory = random_uuid();
    foreign.applied = nullptr;
    foreign.private_state = nullptr;
    const auto created = backend_.create(foreign, context());
    const bool refused = !created && created.error().code == Code::already_exists;
    add("create refuses an object with another's mark",
        refused   ? ""
        : created ? "it succeeds"
                  : "it answers " + std::string(to_string(created.error().code)) +
                        " and not already_exists: " + created.error().message);
    if (!refused) return;
    add("a refusal names the owner",
        created.error().message.find(ours_.inventory) != std::string::npos ||
                created.error().message.find(to_string(ours_.address)) != std::string::npos
            ? ""
            : "name the owner in: " + created.error().message);
    const auto removed = backend_.remove(foreign, context());
    const Observation seen = observe(ours_);
    add("delete leaves an object with another's mark alone", !removed && is_sent(seen) ? ""
                                                             : removed                 ? "it succeeds"
                                                                                       : describe(seen));
  }

  void skip_updates() {
    add("update succeeds",
        sample_.immutable ? "" : "name a change of the sample, or say that it is immutable");
    findings_.back().skipped = sample_.immutable;
  }

  void updates() {
    if (sample_.changed.is_null()) return skip_updates();
    ours_.desired = sample_.changed;
    ours_.generation = generation_of(sample_.changed);
    const auto updated = backend_.update(ours_, context());
    if (!add("update succeeds", updated ? "" : "it answers: " + updated.error().message)) return;
    ours_.applied = sample_.changed;
    const Observation seen = observe_until(ours_, [this](const auto& o) { return is_sent(o); });
    add("an update is observed at its generation",
        is_sent(seen) && seen.mark->nonce == ours_.nonce
            ? ""
            : "keep the new generation and the old nonce; " + describe(seen));
  }

  bool is_able(const std::string& capability) const {
    return sample_.manifest && sample_.manifest->capabilities.count(capability) > 0;
  }

  // What `list` finds of ours among all pages; an error is a finding.
  std::vector<Listed> listed(const std::string& inventory) {
    std::vector<Listed> found;
    for (std::string after;;) {
      const auto page = backend_.list(inventory, after, context());
      if (!add("list succeeds", page ? "" : "it answers: " + page.error().message)) return found;
      findings_.pop_back();
      for (const Listed& object : page->objects)
        if (object.mark.nonce == ours_.nonce) found.push_back(object);
      if (page->next.empty() || page->next == after) return found;
      after = page->next;
    }
  }

  void lists() {
    const std::vector<Listed> found = listed(ours_.inventory);
    const Mark mark{ours_.inventory, to_string(ours_.address), ours_.nonce, ours_.generation};
    if (!add(
            "list finds the object once, by its mark and identity",
            found.size() == 1 && found[0].mark == mark && found[0].identity == ours_.identity
                ? ""
                : "it is found " + std::to_string(found.size()) + " times, or with another mark or identity"))
      return;
    const bool whole = found[0].record == ours_.record && found[0].applied == ours_.desired;
    add("list gives spec and record back as they were sent, or neither",
        whole || (found[0].record.is_null() && found[0].applied.is_null()) ? ""
                                                                           : "keep both, or leave both out");
    add("list without an inventory finds the objects of all",
        listed("").size() == 1 ? "" : "it is not found");
    add("list of another inventory finds nothing of this one",
        listed(random_uuid()).empty() ? "" : "it is found");
  }

  Result<Outcome> mark(const Request& request, const std::string& how) {
    Request marking = request;
    marking.mark = how;
    return backend_.update(marking, context());
  }

  void forgets_and_adopts() {
    const Observation before = observe(ours_);
    const auto dropped = mark(ours_, "drop");
    if (!add("dropping the mark succeeds", dropped ? "" : "it answers: " + dropped.error().message)) return;
    Request nobodys = ours_;
    nobodys.inventory = random_uuid();
    nobodys.nonce = random_uuid();
    const Observation free = observe_until(nobodys, [](const auto& o) { return !o.mark; });
    add("without its mark it is there as before",
        free.existence == Existence::present && !free.mark && free.identity == before.identity
            ? ""
            : describe(free));
    const auto removed = backend_.remove(nobodys, context());
    add("delete leaves what carries no mark alone",
        !removed && observe(ours_).existence == Existence::present ? "" : "it is deleted");
    ours_.nonce = nobodys.nonce;
    const auto adopted = mark(ours_, "set");
    if (!add("setting the mark succeeds", adopted ? "" : "it answers: " + adopted.error().message)) return;
    const Observation seen = observe_until(ours_, [this](const auto& o) { return is_sent(o); });
    add("what was adopted carries the new mark and is otherwise the same",
        is_sent(seen) && seen.mark->nonce == ours_.nonce && seen.identity == before.identity &&
                seen.actual == before.actual && seen.phase == before.phase && seen.contents == before.contents
            ? ""
            : describe(seen));
    Request foreign = ours_;
    foreign.inventory = random_uuid();
    foreign.nonce = random_uuid();
    add("a mark of somebody else is not replaced",
        mark(foreign, "set") ? "setting another mark succeeds" : "");
  }

  void moves() {
    const Observation before = observe(ours_);
    Request old = ours_;
    ours_.address.name += "-moved";
    ours_.from = old.address;
    const auto moved = mark(ours_, "move");
    if (!add("moving succeeds", moved ? "" : "it answers: " + moved.error().message)) return;
    const Observation seen = observe_until(ours_, [this](const auto& o) { return is_sent(o); });
    add("what was moved has its new address and is otherwise the same",
        is_sent(seen) && seen.mark->address == to_string(ours_.address) && seen.mark->nonce == ours_.nonce &&
                seen.identity == before.identity && seen.actual == before.actual && seen.phase == before.phase
            ? ""
            : describe(seen));
    const Observation behind = observe(old);
    add("asked for by its identity it tells its new address",
        behind.mark && behind.mark->address == to_string(ours_.address) ? "" : describe(behind));
    ours_.from.reset();
  }

  void deletes() {
    Request gone = ours_;
    gone.desired = nullptr;
    const auto removed = backend_.remove(gone, context());
    if (!add("delete succeeds", removed ? "" : "it answers: " + removed.error().message)) return;
    const Observation seen = observe_until(gone, is_absent);
    add("the deleted object is observed absent", is_absent(seen) ? "" : describe(seen));
  }

  Backend& backend_;
  const ConformanceSample& sample_;
  Request ours_;
  Findings findings_;
};

}  // namespace

Findings run_conformance(Backend& backend, const ConformanceSample& sample) {
  Findings findings = Conformance(backend, sample).run();
  // What does not do the straight way does nothing beside it.
  if (failures(findings).empty()) {
    Findings edges = check_edges(backend, sample);
    findings.insert(findings.end(), edges.begin(), edges.end());
  }
  return findings;
}

std::string failures(const Findings& findings) {
  std::string text;
  for (const ConformanceFinding& finding : findings)
    if (!finding.ok) text += finding.check + ": " + finding.advice + "\n";
  return text;
}

}  // namespace tenon
