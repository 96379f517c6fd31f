// What only shows beside the straight way: neighbours, lost answers, foreign calls, late and cancelled ones,
// many at once, a second life.
#include <algorithm>
#include <future>
#include <utility>

#include "framework/base/digest.h"
#include "framework/plugin/conformance/checks.h"

namespace tenon {
namespace {

class Edges final : public Probe {
 public:
  Edges(Backend& backend, const ConformanceSample& sample) : Probe(backend, sample), ours_(fresh()) {}

  Findings run() {
    absent();
    comes_too_late();
    is_cancelled();
    if (!create()) return std::move(findings_);
    const Observation seen = observe(ours_);
    shape(seen);
    spec(seen);
    is_found_again(seen);
    neighbours(seen);
    full_batch();
    foreign(seen);
    many_at_once(seen);
    another_process(seen);
    second_life(seen);
    return std::move(findings_);
  }

 private:
  void absent() {
    const Observation seen = observe(ours_);
    add("the absent has no identity and no mark", is_absent(seen) && seen.identity.empty() && !seen.mark,
        "give neither for what is not there", describe(seen));
    const auto updated = backend_->update(ours_, context());
    add("update of the absent fails", !updated, "it must not make what is gone: answer not_found");
    add("the update of the absent is refused as wrong input", updated || is_of_input(updated.error().code),
        "answer not_found or failed_precondition, so that nobody tries again", describe(updated));
    add("update of the absent makes nothing", is_absent(observe(ours_)),
        "look before writing: an update never makes an object", describe(observe(ours_)));
  }

  void comes_too_late() {
    [[maybe_unused]] const auto late = backend_->observe(
        {ours_}, {.deadline = std::chrono::steady_clock::now() - std::chrono::milliseconds(1)});
    add("it goes on after a call whose deadline had passed", is_absent(observe(ours_)),
        "end such a call with deadline_exceeded and keep nothing of it", describe(observe(ours_)));
  }

  // Whether it was made is open; that somebody can say so is not.
  void is_cancelled() {
    std::stop_source stop;
    stop.request_stop();
    CallContext stopped = context();
    stopped.stop = stop.get_token();
    const auto created = backend_->create(ours_, stopped);
    add("a cancelled create is done or says what became of it",
        created || created.error().code != Code::internal, "answer cancelled, not internal",
        describe(created));
    const Observation seen = observe(ours_);
    add("after a cancelled create it is known whether it exists", seen.existence != Existence::unknown,
        "leave nothing half made that observe cannot judge", describe(seen));
    Request gone = ours_;
    gone.identity = seen.identity;
    const std::string left = clear(gone);
    add("what a cancelled create left can be deleted", left.empty(),
        "what carries the mark must be deletable, however far its create came", left);
    ours_ = fresh();
  }

  bool create() {
    const auto created = backend_->create(ours_, context());
    if (!add("it can be created again after all that", created,
             "what was cancelled and deleted must leave no trace"))
      return false;
    ours_.identity = created->identity;
    ours_.private_state = created->private_state;
    ours_.applied = sample_.spec;
    const Observation seen = observe_until(ours_, [this](const auto& o) { return has_mark(o, ours_); });
    add("create and observe agree on the identity",
        created->identity.empty() || created->identity == seen.identity,
        "answer create with the identity that observe tells, or with none: create says " + created->identity,
        describe(seen));
    ours_.identity = seen.identity;
    return true;
  }

  void shape(const Observation& seen) {
    const std::string words = malformed(seen);
    add("what exists has an identity", !seen.identity.empty(), "give the backend's own name for it");
    add("what exists has an actual spec", seen.actual.is_object(),
        "say what it is like, or drift is never seen", describe(seen));
    add("progress, reason and conditions have the agreed shape", words.empty(),
        "progress is from 0 to 1, the reason one CamelCase word (the sentence is the message), a condition "
        "True, False or Unknown",
        words);
    const Json* disk = seen.outputs.contains("disk") ? &seen.outputs["disk"] : nullptr;
    add("a disk among the outputs is one of tenon.dev/disk/v1",
        !disk || (disk->value("version", "") == "tenon.dev/disk/v1" && disk->contains("type") &&
                  (disk->contains("path") || disk->contains("name"))),
        "give version, type, path or name, and size");
    if (!kind_) return;
    add("it has a phase where the manifest names ready ones",
        kind_->ready.phases.empty() || !seen.phase.empty(), "without a phase it never becomes ready");
    add("claims have contents and others have none", kind_->claim == (seen.contents != Contents::unspecified),
        "say none, incomplete or populated of a claim; nothing of another kind");
  }

  void spec(const Observation& seen) {
    if (!kind_) return;
    add("what is observed fits the schema", problem_of(seen.actual).empty(),
        "actual is shaped like the spec, and has nothing that the schema does not know",
        problem_of(seen.actual));
    add("what was asked for is observed", differing(seen).empty(),
        "every plan would change it: echo what was met by rounding, and what cannot be read back",
        "'" + differing(seen) + "' differs, " + describe(seen));
  }

  std::string problem_of(Json value) const {
    std::vector<SchemaProblem> problems;
    complete_value(kind_->schema, value, problems);
    return problems.empty() ? "" : problems[0].pointer + ": " + problems[0].summary;
  }

  // The first field that is observed to be other than it was asked for.
  std::string differing(const Observation& seen) const {
    for (const auto& [name, value] : sample_.spec.items()) {
      const Schema* field = find_schema(kind_->schema, "/" + name);
      if (!field || field->secret || !seen.actual.contains(name)) continue;
      if (!equivalent(*field, seen.actual[name], value)) return name;
    }
    return "";
  }

  void is_found_again(const Observation& seen) {
    const Request bare{.address = ours_.address, .dependencies = ours_.dependencies};
    const Observation by_address = observe(bare);
    add("it is found by its address alone", same(by_address, seen),
        "an answer may be lost, and then nobody knows an identity", describe(by_address));
    Request without_spec = ours_;
    without_spec.desired = nullptr;
    add("it is found without a desired spec", same(observe(without_spec), seen),
        "what is to be deleted has no desired spec", describe(observe(without_spec)));
  }

  void neighbours(const Observation& seen) {
    std::vector<Request> batch(5, Request{.address = ours_.address});
    batch[0].address.name = batch[0].address.name + "-x";
    batch[1] = ours_;
    batch[2].address.name = "x-" + batch[2].address.name;
    batch[3].address.name_space = batch[3].address.name_space + "-x";
    batch[4] = ours_;
    const auto answers = backend_->observe(batch, context());
    if (!add("a batch has one answer for each", answers && answers->observations.size() == batch.size(),
             "give one observation for each request", answers ? "" : answers.error().message))
      return;
    const auto& all = answers->observations;
    add("a batch is answered in its order", same(all[1], seen) && same(all[4], seen),
        "the second and the fifth are ours", describe(all[1]));
    add("names that begin or end alike are others", is_absent(all[0]) && is_absent(all[2]),
        "compare whole names", describe(all[0]));
    if (kind_ && kind_->cluster_scoped) return;
    add("the same name in another namespace is another", is_absent(all[3]),
        "the namespace is part of the name", describe(all[3]));
  }

  // Of what is not there, so that it costs little.
  void full_batch() {
    const int limit = sample_.manifest ? std::min(sample_.manifest->batch, 1000) : 1;
    std::vector<Request> batch(static_cast<size_t>(limit), Request{.address = ours_.address});
    int number = 0;
    for (Request& request : batch) request.address.name = "none-" + std::to_string(++number);
    const auto answers = backend_->observe(batch, context());
    add("a batch of limits.batch is answered in full",
        answers && answers->observations.size() == batch.size() &&
            std::all_of(answers->observations.begin(), answers->observations.end(), is_absent),
        "answer each of them, or lower limits.batch in the manifest",
        answers ? std::to_string(answers->observations.size()) + " of " + std::to_string(limit) + " answers"
                : answers.error().message);
  }

  void foreign(const Observation& seen) {
    Request other = ours_;
    other.inventory = random_uuid();
    other.nonce = random_uuid();
    other.generation = "another";
    other.applied = nullptr;
    if (!sample_.changed.is_null()) other.desired = sample_.changed;
    const auto created = backend_->create(other, context());
    add("the same name with other parameters is refused", !created && is_of_input(created.error().code),
        "answer already_exists, whatever is asked for", describe(created));
    const auto updated = backend_->update(other, context());
    add("update refuses an object with another's mark", !updated && is_of_input(updated.error().code),
        "answer failed_precondition and name the owner", describe(updated));
    const Observation after = observe(ours_);
    add("what is refused changes nothing", same(after, seen) && after.actual == seen.actual,
        "compare the mark before the first change", describe(after));
  }

  void many_at_once(const Observation& seen) {
    std::vector<std::future<bool>> looks, creates;
    for (int i = 0; i < 8; ++i)
      looks.push_back(std::async(std::launch::async, [&] { return same(observe(ours_), seen); }));
    const auto all = [](auto& calls) {
      bool fine = true;
      for (auto& call : calls) fine &= call.get();
      return fine;
    };
    add("eight looks at once see the same", all(looks), "guard what calls share, or lower limits.parallel");
    if (!is_idempotent())
      return skip("the same create four times at once succeeds"), skip("creates at once make nothing twice");
    for (int i = 0; i < 4; ++i)
      creates.push_back(
          std::async(std::launch::async, [&] { return backend_->create(ours_, context()).has_value(); }));
    add("the same create four times at once succeeds", all(creates),
        "the same nonce and generation again must succeed, also at the same time");
    const Observation after = observe_until(ours_, [&](const auto& o) { return same(o, seen); });
    add("creates at once make nothing twice", same(after, seen), "look and make under one lock",
        describe(after));
  }

  void another_process(const Observation& seen) {
    const char* const check = "it is found by the process that comes after a crash";
    if (!sample_.reopen) return skip(check);
    const std::unique_ptr<Backend> next = sample_.reopen();
    Backend* const before = std::exchange(backend_, next.get());
    add(check, same(observe(ours_), seen), "keep nothing in memory only", describe(observe(ours_)));
    const char* const twice = "a create sent again after a crash makes nothing twice";
    if (is_idempotent()) {
      const auto again = backend_->create(ours_, context());
      const Observation after = observe(ours_);
      add(twice, again && same(after, seen), "find the object by its mark, not by what the process remembers",
          again ? describe(after) : describe(again));
    } else {
      skip(twice);
    }
    backend_ = before;
  }

  void second_life(const Observation& first) {
    const std::string left = clear(ours_);
    add("it can be deleted", left.empty(), "delete what carries the mark", left);
    Request gone = ours_;
    gone.desired = nullptr;
    add("deleting twice succeeds", backend_->remove(gone, context()), "it is gone already: answer done");
    ours_ = fresh();
    if (!add("its name can be used again", backend_->create(ours_, context()),
             "what was deleted must leave no trace of its name"))
      return;
    const Observation seen = observe_until(ours_, [this](const auto& o) { return has_mark(o, ours_); });
    add("the second life has a mark of its own", has_mark(seen, ours_) && seen.mark != first.mark,
        "write the mark anew with every create", describe(seen));
    ours_.identity = seen.identity;
    const std::string end = clear(ours_);
    add("nothing is left", end.empty(), "delete the second object as the first", end);
  }

  Request ours_;
};

}  // namespace

Findings check_edges(Backend& backend, const ConformanceSample& sample) {
  return Edges(backend, sample).run();
}

}  // namespace tenon
