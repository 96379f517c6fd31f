// The straight way: one object from absent to absent.
#include "framework/plugin/conformance/conformance.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "framework/base/digest.h"
#include "framework/model/owned.h"
#include "framework/plugin/conformance/checks.h"
#include "framework/plugin/conformance/secrecy.h"

namespace tenon {
namespace {

constexpr const char* kKeepPrivateSmall =
    "keep private at 4 KiB at most: it is a part of a row of the inventory";

constexpr const char* kDeclaresOutputs = "the manifest declares the outputs that an update changes";

bool is_small(const Json& private_state) { return private_state.dump().size() <= kPrivateBytes; }

// Where an update has changed or taken away what the manifest does not declare so; "": nowhere. What is new
// was known to nobody.
std::string undeclared(const Schema& outputs, const Json& before, const Json& after,
                       const Json::json_pointer& pointer = Json::json_pointer()) {
  const Schema* schema = find_schema(outputs, pointer.to_string());
  if (before == after || (schema && schema->computed_by_update)) return "";
  if (!before.is_object()) return pointer.to_string();
  for (const auto& [name, value] : before.items()) {
    const Json now = after.is_object() ? after.value(name, Json()) : Json();
    if (std::string place = undeclared(outputs, value, now, pointer / name); !place.empty()) return place;
  }
  return before.size() < after.size() ? pointer.to_string() : "";
}

// One after another: each check starts from what the one before left.
class StraightWay final : public Probe {
 public:
  StraightWay(Backend& backend, const ConformanceSample& sample) : Probe(backend, sample), ours_(fresh()) {}

  Findings run() {
    if (!starts_absent()) return std::move(findings_);
    if (creates()) {
      creates_twice();
      observes_the_same_twice();
      refuses_foreign();
      updates();
      if (is_able("list")) lists();
      if (is_able("adopt")) forgets_and_adopts();
      if (is_able("move")) moves();
      deletes();
    }
    return std::move(findings_);
  }

 private:
  Observation until_sent() const {
    return observe_until(ours_, [this](const auto& o) { return has_mark(o, ours_); });
  }
  Mark mark() const { return {ours_.inventory, to_string(ours_.address), ours_.nonce, ours_.generation}; }

  bool starts_absent() {
    const Observation before = observe(ours_);
    if (!add("what does not exist is observed absent", is_absent(before),
             "answer absent where a complete look finds nothing", describe(before)))
      return false;
    add("delete of the absent succeeds", backend_->remove(ours_, context()),
        "what is gone already is done: answer done");
    return true;
  }

  bool creates() {
    const auto created = backend_->create(ours_, context());
    if (!add("create succeeds", created, "the sample must be makeable here: mend create, or the sample"))
      return false;
    if (!created->identity.empty()) ours_.identity = created->identity;
    if (!created->private_state.is_null()) ours_.private_state = created->private_state;
    ours_.applied = sample_.spec;
    const Observation seen = until_sent();
    if (!seen.identity.empty()) ours_.identity = seen.identity;
    add("observe gives the whole mark back", seen.mark == mark(),
        "keep inventory, address, nonce and generation with the object", describe(seen));
    add("private state is small", is_small(created->private_state), kKeepPrivateSmall);
    return add("the created object is present", seen.existence == Existence::present,
               "what create has answered with done or in progress must be seen by observe", describe(seen));
  }

  void creates_twice() {
    if (!is_idempotent()) return skip("create is idempotent"), skip("a second create makes nothing twice");
    const Observation before = observe(ours_);
    add("create is idempotent", backend_->create(ours_, context()),
        "the same nonce and generation again must succeed: an answer may have been lost");
    const Observation after = until_sent();
    add("a second create makes nothing twice", same(before, after),
        "look for the object of this nonce before making one", describe(after));
  }

  void observes_the_same_twice() {
    const Observation first = observe(ours_), second = observe(ours_);
    add("observe changes nothing", same(first, second) && first.actual == second.actual,
        "two looks in a row differ: observe only reads", describe(second));
  }

  void refuses_foreign() {
    Request foreign = ours_;
    foreign.nonce = random_uuid();
    foreign.inventory = random_uuid();
    foreign.applied = foreign.private_state = nullptr;
    const auto created = backend_->create(foreign, context());
    if (!add("create refuses an object with another's mark",
             !created && created.error().code == Code::already_exists,
             "compare the mark with the request's and answer already_exists", describe(created)))
      return;
    const std::string& message = created.error().message;
    add("a refusal names the owner",
        message.find(ours_.inventory) != std::string::npos ||
            message.find(to_string(ours_.address)) != std::string::npos,
        "say the owning inventory or address, so that people know whom to ask", message);
    const auto removed = backend_->remove(foreign, context());
    const Observation seen = observe(ours_);
    add("delete leaves an object with another's mark alone", !removed && has_mark(seen, ours_),
        "compare the mark before deleting and answer failed_precondition",
        removed ? describe(removed) : describe(seen));
  }

  void updates() {
    if (sample_.changed.is_null() && sample_.immutable) return skip("update succeeds");
    if (sample_.changed.is_null()) {
      add("update succeeds", false, "name a change of the sample, or say that it is immutable");
      return;
    }
    const Observation before = observe(ours_);
    ours_.desired = sample_.changed;
    ours_.generation = generation_of(sample_.changed);
    if (!add("update succeeds", backend_->update(ours_, context()),
             "the change of the sample must be possible in place: mend update, or x-update of its field"))
      return;
    ours_.applied = sample_.changed;
    const Observation seen = until_sent();
    add("an update is observed at its generation", has_mark(seen, ours_),
        "keep the new generation and the old nonce in the mark", describe(seen));
    if (!kind_) return skip(kDeclaresOutputs);
    const std::string place = undeclared(kind_->outputs, *before.outputs, *seen.outputs);
    add(kDeclaresOutputs, place.empty(),
        "who refers to it is given the old value: mark " + place +
            " in the kind's outputs with \"x-computed\": \"update\"",
        describe(seen));
  }

  // What `list` finds of ours among all pages; nothing: it failed.
  std::optional<std::vector<Listed>> listed(const std::string& inventory) {
    std::vector<Listed> found;
    size_t pages = 0;
    for (std::string after;; ++pages) {
      const auto page = backend_->list(inventory, after, context());
      if (!page) return std::nullopt;
      for (const Listed& object : page->objects)
        if (object.mark.nonce == ours_.nonce) found.push_back(object);
      if (page->next.empty()) return found;
      if (page->next == after || pages > 10000) return endless_ = true, found;
      after = page->next;
    }
  }

  void lists() {
    const auto found = listed(ours_.inventory);
    if (!add("list succeeds", found.has_value(), "it must be complete or fail only when it cannot be"))
      return;
    if (!add("list finds the object once, by its mark and identity",
             found->size() == 1 && found->front().mark == mark() && found->front().identity == ours_.identity,
             "give each object that carries a mark exactly once, with the whole mark",
             "found " + std::to_string(found->size()) + " times"))
      return;
    const Listed& object = found->front();
    const bool whole = object.record == ours_.record && object.applied == ours_.desired;
    add("list gives spec and record back as they were sent, or neither",
        whole || (object.record.is_null() && object.applied.is_null()),
        "keep both beside the mark, or leave both out");
    add("private state is small in a list, too", is_small(object.private_state), kKeepPrivateSmall);
    const auto all = listed(""), others = listed(random_uuid());
    add("list without an inventory finds the objects of all", all && all->size() == 1,
        "no inventory in the request means every inventory");
    add("list of another inventory finds nothing of this one", others && others->empty(),
        "compare the inventory in the mark with the one that is asked for");
    add("the pages of list come to an end", !endless_,
        "leave next out on the last page, and begin the next page behind `after`");
  }

  Result<Outcome> remark(const Request& request, const std::string& how) {
    Request marking = request;
    marking.mark = how;
    return backend_->update(marking, context());
  }

  void forgets_and_adopts() {
    const Observation before = observe(ours_);
    if (!add("dropping the mark succeeds", remark(ours_, "drop"),
             "an update with mark drop takes the mark off"))
      return;
    Request nobodys = ours_;
    nobodys.inventory = random_uuid();
    nobodys.nonce = random_uuid();
    const Observation free = observe_until(nobodys, [](const auto& o) { return !o.mark; });
    add("without its mark it is there as before",
        free.existence == Existence::present && !free.mark && free.identity == before.identity,
        "dropping the mark changes nothing else", describe(free));
    const auto removed = backend_->remove(nobodys, context());
    add("delete leaves what carries no mark alone",
        !removed && observe(ours_).existence == Existence::present,
        "what carries no mark is nobody's: answer failed_precondition", describe(removed));
    ours_.nonce = nobodys.nonce;
    if (!add("setting the mark succeeds", remark(ours_, "set"),
             "an update with mark set marks what carries no mark"))
      return;
    const Observation seen = until_sent();
    add("what was adopted carries the new mark and is otherwise the same",
        has_mark(seen, ours_) && is_otherwise_same(seen, before) && seen.contents == before.contents,
        "setting the mark changes nothing else", describe(seen));
    Request foreign = ours_;
    foreign.inventory = random_uuid();
    foreign.nonce = random_uuid();
    add("a mark of somebody else is not replaced", !remark(foreign, "set"),
        "answer failed_precondition where there is a mark that is not the request's");
  }

  static bool is_otherwise_same(const Observation& a, const Observation& b) {
    return a.identity == b.identity && a.actual == b.actual && a.phase == b.phase;
  }

  void moves() {
    const Observation before = observe(ours_);
    const Request old = ours_;
    Request there = ours_;
    there.address.name = there.address.name + "-moved";
    there.from = old.address;
    if (!add("moving succeeds", remark(there, "move"),
             "an update with mark move gives the mark another address"))
      return;
    ours_ = there;
    const Observation seen = until_sent();
    add("what was moved has its new address and is otherwise the same",
        has_mark(seen, ours_) && seen.mark->address == to_string(ours_.address) &&
            is_otherwise_same(seen, before),
        "moving changes the address in the mark and nothing else", describe(seen));
    const Observation behind = observe(old);
    add("asked for by its identity it tells its new address",
        behind.mark && behind.mark->address == to_string(ours_.address),
        "a request with an identity is about that object, whatever its address is", describe(behind));
    ours_.from.reset();
  }

  void deletes() {
    Request gone = ours_;
    gone.desired = nullptr;
    if (!add("delete succeeds", backend_->remove(gone, context()),
             "delete must work without a desired spec, by identity, mark and address"))
      return;
    const Observation seen = observe_until(gone, is_absent);
    add("the deleted object is observed absent", is_absent(seen),
        "done means gone: answer in_progress and observe it until it is", describe(seen));
  }

  Request ours_;
  bool endless_ = false;
};

void append(Findings more, Findings& findings) {
  findings.insert(findings.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Findings run_conformance(Backend& backend, const ConformanceSample& sample) {
  const ConformanceSample sealed = with_handles(sample);
  Eavesdropper overheard(backend);
  Findings findings = check_sample(sealed);
  if (!failures(findings).empty()) return findings;
  append(StraightWay(overheard, sealed).run(), findings);
  // What does not do the straight way does nothing beside it.
  if (failures(findings).empty()) {
    append(check_edges(overheard, sealed), findings);
    append(check_capabilities(overheard, sealed), findings);
    append(check_faults(overheard, sealed), findings);
  }
  append(check_secrecy(overheard, sample), findings);
  return findings;
}

std::string failures(const Findings& findings) {
  std::string text;
  for (const ConformanceFinding& finding : findings)
    if (!finding.ok) text += finding.check + ": " + finding.advice + "\n";
  return text;
}

std::set<std::string> skipped(const Findings& findings) {
  std::set<std::string> checks;
  for (const ConformanceFinding& finding : findings)
    if (finding.skipped) checks.insert(finding.check);
  return checks;
}

void kill_hosts(const std::string& program) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path wanted = fs::canonical(program, error);
  for (const auto& thread : fs::directory_iterator("/proc/self/task", error)) {
    std::ifstream children(thread.path() / "children");
    for (pid_t child = 0; children >> child;)
      if (fs::read_symlink("/proc/" + std::to_string(child) + "/exe", error) == wanted) kill(child, SIGKILL);
  }
}

}  // namespace tenon
