// What only shows beside the straight way: neighbours, lost answers, foreign calls, late and cancelled ones,
// many at once, a second life.
#include "framework/plugin/conformance/edge_checks.h"

#include <algorithm>
#include <functional>
#include <future>
#include <regex>
#include <thread>
#include <utility>

#include "framework/base/digest.h"

namespace tenon {
namespace {

using Steady = std::chrono::steady_clock;
using Findings = std::vector<ConformanceFinding>;

bool is_of_input(Code code) {
  return !is_transient(code) && !is_outcome_unknown(code) && code != Code::internal &&
         code != Code::unimplemented;
}

std::string describe(const Observation& seen) {
  return "it observes " + to_json(seen).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The same object, as far as anybody decides by it.
bool same(const Observation& a, const Observation& b) {
  return a.existence == b.existence && a.identity == b.identity && a.mark == b.mark;
}

// Texts at x-secret places of a value.
void collect_secrets(const Schema& schema, const Json& value, std::vector<std::string>& secrets) {
  if (schema.secret && value.is_string()) secrets.push_back(value);
  if (value.is_object())
    for (const auto& [name, property] : schema.properties)
      if (const auto found = value.find(name); found != value.end())
        collect_secrets(property, *found, secrets);
  if (value.is_array() && schema.items)
    for (const Json& item : value) collect_secrets(*schema.items, item, secrets);
}

class Edges {
 public:
  Edges(Backend& backend, const ConformanceSample& sample)
      : backend_(&backend),
        sample_(sample),
        kind_(sample.manifest ? sample.manifest->find(sample.address.kind_name()) : nullptr) {
    ours_ = fresh();
  }

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
    foreign(seen);
    many_at_once(seen);
    another_process(seen);
    secrets(seen);
    second_life(seen);
    return std::move(findings_);
  }

 private:
  Request fresh() const {
    Request request{.address = sample_.address, .desired = sample_.spec};
    request.generation = generation_of(sample_.spec);
    request.nonce = random_uuid();
    request.inventory = random_uuid();
    request.dependencies = sample_.dependencies;
    return request;
  }

  CallContext context() const { return {.deadline = Steady::now() + sample_.patience}; }

  bool add(std::string check, bool ok, std::string advice) {
    findings_.push_back({std::move(check), ok, ok ? "" : std::move(advice)});
    return ok;
  }
  void skip(std::string check) { findings_.push_back({std::move(check), true, "", true}); }

  Observation observe(const Request& request) {
    const auto seen = backend_->observe({request}, context());
    return seen && seen->observations.size() == 1
               ? seen->observations.front()
               : unknown_observation(seen ? Error{Code::internal, "no answer"} : seen.error());
  }

  Observation observe_until(const Request& request, const std::function<bool(const Observation&)>& wanted) {
    const auto end = Steady::now() + sample_.patience;
    for (;;) {
      Observation seen = observe(request);
      if ((wanted(seen) && !seen.busy) || Steady::now() >= end) return seen;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  static bool is_absent(const Observation& seen) { return seen.existence == Existence::absent; }

  void absent() {
    const Observation seen = observe(ours_);
    add("the absent has no identity and no mark", is_absent(seen) && seen.identity.empty() && !seen.mark,
        "give neither for what is not there; " + describe(seen));
    const auto updated = backend_->update(ours_, context());
    add("update of the absent fails", !updated, "it must not make what is gone: answer not_found");
    add("the update of the absent is refused as wrong input", updated || is_of_input(updated.error().code),
        updated ? "" : "answer not_found or failed_precondition, so that nobody tries again");
    add("update of the absent makes nothing", is_absent(observe(ours_)), describe(observe(ours_)));
  }

  void comes_too_late() {
    [[maybe_unused]] const auto late =
        backend_->observe({ours_}, {.deadline = Steady::now() - std::chrono::milliseconds(1)});
    add("it goes on after a call whose deadline had passed", is_absent(observe(ours_)),
        "end such a call with deadline_exceeded and keep nothing of it; " + describe(observe(ours_)));
  }

  // Whether it was made is open; that somebody can say so is not.
  void is_cancelled() {
    std::stop_source stop;
    stop.request_stop();
    const auto created =
        backend_->create(ours_, {.deadline = Steady::now() + sample_.patience, .stop = stop.get_token()});
    add("a cancelled create is done or says what became of it",
        created || created.error().code != Code::internal,
        created ? "" : "answer cancelled, not internal: " + created.error().message);
    Request gone = ours_;
    const Observation seen = observe(ours_);
    add("after a cancelled create it is known whether it exists", seen.existence != Existence::unknown,
        describe(seen));
    gone.desired = nullptr;
    gone.identity = seen.identity;
    const auto removed = backend_->remove(gone, context());
    const Observation left = observe_until(gone, is_absent);
    add("what a cancelled create left can be deleted", removed && is_absent(left),
        removed ? describe(left) : removed.error().message);
    ours_ = fresh();
  }

  bool create() {
    const auto created = backend_->create(ours_, context());
    if (!add("it can be created again after all that", created.has_value(),
             created ? "" : created.error().message))
      return false;
    ours_.identity = created->identity;
    ours_.private_state = created->private_state;
    ours_.applied = sample_.spec;
    const Observation seen = observe_until(
        ours_, [this](const Observation& o) { return o.mark && o.mark->generation == ours_.generation; });
    add("create and observe agree on the identity",
        created->identity.empty() || created->identity == seen.identity,
        "create says " + created->identity + "; " + describe(seen));
    ours_.identity = seen.identity;
    return true;
  }

  void shape(const Observation& seen) {
    add("what exists has an identity", !seen.identity.empty(), "give the backend's own name for it");
    add("what exists has an actual spec", seen.actual.is_object(),
        "say what it is like, or drift is never seen; " + describe(seen));
    add("progress is between 0 and 1", !seen.progress || (*seen.progress >= 0 && *seen.progress <= 1),
        describe(seen));
    add("the reason is one CamelCase word",
        seen.reason.empty() || std::regex_match(seen.reason, std::regex("[A-Z][A-Za-z0-9]*")),
        "put the sentence into message: " + seen.reason);
    add("conditions are True, False or Unknown",
        std::all_of(seen.conditions.begin(), seen.conditions.end(),
                    [](const Condition& c) {
                      return !c.type.empty() &&
                             (c.status == "True" || c.status == "False" || c.status == "Unknown");
                    }),
        describe(seen));
    const Json* disk = seen.outputs.contains("disk") ? &seen.outputs["disk"] : nullptr;
    add("a disk among the outputs is one of tenon.dev/disk/v1",
        !disk || (disk->value("version", "") == "tenon.dev/disk/v1" && disk->contains("type") &&
                  (disk->contains("path") || disk->contains("name"))),
        "give version, type, path or name, and size");
    if (!kind_) return;
    add("it has a phase where the manifest names ready ones",
        kind_->ready.phases.empty() || !seen.phase.empty(), "without a phase it never becomes ready");
    add("claims have contents and others have none", kind_->claim == (seen.contents != Contents::unspecified),
        "none, incomplete or populated for a claim; nothing for another kind");
  }

  void spec(const Observation& seen) {
    if (!kind_) return;
    const auto problems_of = [this](Json value) {
      std::vector<SchemaProblem> problems;
      complete_value(kind_->schema, value, problems);
      return problems.empty() ? "" : problems[0].pointer + ": " + problems[0].summary;
    };
    add("the sample is valid", problems_of(sample_.spec).empty(), problems_of(sample_.spec));
    add("completing the sample changes nothing", completed(sample_.spec) == sample_.spec,
        "a sample has its defaults: " + completed(sample_.spec).dump());
    add("completing twice is completing once", completed(completed(sample_.spec)) == completed(sample_.spec),
        "a default brings another default with it: write it whole");
    add("what is observed fits the schema", problems_of(seen.actual).empty(), problems_of(seen.actual));
    for (const auto& [name, value] : sample_.spec.items()) {
      const Schema* field = find_schema(kind_->schema, "/" + name);
      if (!field || !seen.actual.contains(name) || equivalent(*field, seen.actual[name], value)) continue;
      add("what was asked for is observed", false,
          "'" + name + "' differs, so every plan changes it: echo what was met by rounding; " +
              describe(seen));
      return;
    }
    add("what was asked for is observed", true, "");
  }

  Json completed(Json value) const {
    std::vector<SchemaProblem> ignored;
    complete_value(kind_->schema, value, ignored);
    return value;
  }

  void is_found_again(const Observation& seen) {
    Request bare{.address = ours_.address, .dependencies = ours_.dependencies};
    const Observation by_address = observe(bare);
    add("it is found by its address alone", same(by_address, seen),
        "an answer may be lost, and then nobody knows an identity; " + describe(by_address));
    Request without_spec = ours_;
    without_spec.desired = nullptr;
    add("it is found without a desired spec", same(observe(without_spec), seen),
        describe(observe(without_spec)));
  }

  void neighbours(const Observation& seen) {
    std::vector<Request> batch(5, Request{.address = ours_.address});
    batch[0].address.name += "-x";
    batch[1] = ours_;
    batch[2].address.name = "x-" + batch[2].address.name;
    batch[3].address.name_space += "-x";
    batch[4] = ours_;
    const auto answers = backend_->observe(batch, context());
    if (!add("a batch has one answer for each", answers && answers->observations.size() == batch.size(),
             answers ? "give one observation for each request" : answers.error().message))
      return;
    add("a batch is answered in its order",
        same(answers->observations[1], seen) && same(answers->observations[4], seen),
        "the second and the fifth are ours; " + describe(answers->observations[1]));
    add("names that begin or end alike are others",
        is_absent(answers->observations[0]) && is_absent(answers->observations[2]),
        "compare whole names; " + describe(answers->observations[0]));
    if (kind_ && kind_->cluster_scoped) return;
    add("the same name in another namespace is another", is_absent(answers->observations[3]),
        "the namespace is part of the name; " + describe(answers->observations[3]));
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
        "answer already_exists");
    const auto updated = backend_->update(other, context());
    add("update refuses an object with another's mark", !updated && is_of_input(updated.error().code),
        "answer failed_precondition and name the owner");
    const Observation after = observe(ours_);
    add("what is refused changes nothing", same(after, seen) && after.actual == seen.actual, describe(after));
  }

  void many_at_once(const Observation& seen) {
    std::vector<std::future<bool>> looks, creates;
    for (int i = 0; i < 8; ++i)
      looks.push_back(std::async(std::launch::async, [&] { return same(observe(ours_), seen); }));
    add("eight looks at once see the same",
        std::all_of(looks.begin(), looks.end(), [](auto& f) { return f.get(); }),
        "guard what calls share, or lower limits.parallel");
    for (int i = 0; i < 4; ++i)
      creates.push_back(
          std::async(std::launch::async, [&] { return backend_->create(ours_, context()).has_value(); }));
    add("the same create four times at once succeeds",
        std::all_of(creates.begin(), creates.end(), [](auto& f) { return f.get(); }),
        "the same nonce and generation again must succeed, also at the same time");
    const Observation after = observe_until(ours_, [&](const Observation& o) { return same(o, seen); });
    add("creates at once make nothing twice", same(after, seen), describe(after));
  }

  void another_process(const Observation& seen) {
    const char* const check = "it is found by the process that comes after a crash";
    if (!sample_.reopen) return skip(check);
    const std::unique_ptr<Backend> next = sample_.reopen();
    Backend* const before = std::exchange(backend_, next.get());
    add(check, same(observe(ours_), seen), "keep nothing in memory only; " + describe(observe(ours_)));
    const auto again = backend_->create(ours_, context());
    add("a create sent again after a crash makes nothing twice", again && same(observe(ours_), seen),
        again ? describe(observe(ours_)) : again.error().message);
    backend_ = before;
  }

  void secrets(const Observation& seen) {
    const char* const check = "secrets are not echoed";
    std::vector<std::string> texts;
    if (kind_) collect_secrets(kind_->schema, sample_.spec, texts);
    if (texts.empty()) return skip(check);
    const std::string all = to_json(seen).dump(-1, ' ', false, Json::error_handler_t::replace);
    add(check,
        std::none_of(texts.begin(), texts.end(),
                     [&](const auto& t) { return all.find(t) != std::string::npos; }),
        "leave what is marked x-secret out of observations");
  }

  void second_life(const Observation& first) {
    Request gone = ours_;
    gone.desired = nullptr;
    const auto removed = backend_->remove(gone, context());
    const Observation left = observe_until(gone, is_absent);
    add("it can be deleted", removed && is_absent(left), removed ? describe(left) : removed.error().message);
    const auto twice = backend_->remove(gone, context());
    add("deleting twice succeeds", twice.has_value(),
        twice ? "" : "it is gone already: " + twice.error().message);
    ours_ = fresh();
    const auto created = backend_->create(ours_, context());
    if (!add("its name can be used again", created.has_value(), created ? "" : created.error().message))
      return;
    ours_.applied = sample_.spec;
    ours_.identity = created->identity;
    const Observation seen =
        observe_until(ours_, [this](const Observation& o) { return o.mark && o.mark->nonce == ours_.nonce; });
    add("the second life has a mark of its own",
        seen.mark && seen.mark != first.mark && seen.mark->nonce == ours_.nonce,
        "nothing of the first is left; " + describe(seen));
    gone = ours_;
    gone.desired = nullptr;
    gone.identity = seen.identity;
    const auto end = backend_->remove(gone, context());
    add("nothing is left", end && is_absent(observe_until(gone, is_absent)), end ? "" : end.error().message);
  }

  Backend* backend_;
  const ConformanceSample& sample_;
  const KindManifest* kind_;
  Request ours_;
  Findings findings_;
};

}  // namespace

Findings check_edges(Backend& backend, const ConformanceSample& sample) {
  return Edges(backend, sample).run();
}

}  // namespace tenon
