// What the manifest says that the plugin can do besides: each capability is called.
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "framework/base/digest.h"
#include "framework/plugin/conformance/checks.h"

namespace tenon {
namespace {

// What a listener hears.
class Heard {
 public:
  void hear(const Address& address) {
    const std::lock_guard lock(mutex_);
    addresses_.insert(address);
    changed_.notify_all();
  }
  bool waits_for(const Address& address, std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return addresses_.contains(address); });
  }
  bool only(const Address& address) const {
    const std::lock_guard lock(mutex_);
    return addresses_.empty() || addresses_ == std::set<Address>{address};
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::set<Address> addresses_;
};

// Two answers to the same question, as far as they can be compared.
template <typename T, typename Text>
bool same_answers(const Result<std::vector<Result<T>>>& a, const Result<std::vector<Result<T>>>& b,
                  const Text& text) {
  if (!a || !b || a->size() != b->size()) return false;
  for (size_t i = 0; i < a->size(); ++i) {
    const Result<T>&one = (*a)[i], &other = (*b)[i];
    if (one.has_value() != other.has_value()) return false;
    if (one ? text(*one) != text(*other) : one.error() != other.error()) return false;
  }
  return true;
}

template <typename T>
std::string problem(const Result<std::vector<Result<T>>>& answers, size_t i) {
  if (!answers) return answers.error().message;
  if (i >= answers->size()) return "there is no answer";
  return (*answers)[i] ? "" : (*answers)[i].error().message;
}

std::string text_of(const std::vector<ChildSpec>& children) {
  Json list = Json::array();
  for (const ChildSpec& c : children)
    list.push_back({c.api_version, c.kind, c.name, c.spec, c.labels, c.annotations, c.pointer});
  return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_of(const Check& check) {
  return check.unchecked + "\n" + (check.refusal ? check.refusal->reason : "") + "\n" +
         to_json(check.demands).dump();
}

std::string text_of(const Observation& seen) {
  return to_json(seen).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_of(const Json& spec) { return spec.dump(-1, ' ', false, Json::error_handler_t::replace); }

constexpr auto kText = [](const auto& value) { return text_of(value); };

class Capabilities final : public Probe {
 public:
  Capabilities(Backend& backend, const ConformanceSample& sample) : Probe(backend, sample), ours_(fresh()) {}

  Findings run() {
    if (!kind_) return std::move(findings_);
    if (is_able("expand")) expands();
    if (is_able("convert")) converts();
    if (is_able("check")) checks();
    const bool lives = is_able("status") || is_able("act") || is_able("watch");
    if (is_able("act")) refuses_to_act_on_the_absent();
    if (!lives || !make(ours_)) return std::move(findings_);
    if (is_able("status")) sums_up();
    if (is_able("act")) acts();
    if (is_able("watch")) watches();
    clear(ours_);
    return std::move(findings_);
  }

 private:
  void expands() {
    const std::vector<Request> twins = {ours_, ours_};
    const auto answers = backend_->expand(twins, context()), again = backend_->expand(twins, context());
    if (!add("expand answers for every resource", answers && answers->size() == 2,
             "give one expansion for each resource, in their order; none is an empty list of children",
             problem(answers, 1)))
      return;
    add("a valid spec can be expanded", problem(answers, 0).empty(),
        "what the schema accepts has children, or none: an error is for what the schema cannot say",
        problem(answers, 0));
    add("expand says the same twice", same_answers(*answers, again, kText) && twins_agree(*answers),
        "children follow from the spec alone: no clock, no counter, no I/O");
    const Observation seen = observe(ours_);
    add("expand makes nothing", is_absent(seen), "children are made by the engine, when their time has come",
        describe(seen));
    if ((*answers)[0]) judge_children(*(*answers)[0]);
  }

  template <typename T>
  static bool same_answers(const T& a, const Result<T>& b, decltype(kText) text) {
    return tenon::same_answers(Result<T>(a), b, text);
  }

  static bool twins_agree(const std::vector<Result<std::vector<ChildSpec>>>& answers) {
    return !answers[0] || (answers[1] && text_of(*answers[0]) == text_of(*answers[1]));
  }

  void judge_children(const std::vector<ChildSpec>& children) {
    std::set<std::string> names;
    std::string nameless, astray, twice;
    for (const ChildSpec& child : children) {
      const std::string name = child.api_version + " " + child.kind + " " + child.name;
      if (child.api_version.empty() || child.kind.empty() || child.name.empty()) nameless = name;
      if (!names.insert(name).second) twice = name;
      const bool inside = child.pointer.empty() || sample_.spec.contains(Json::json_pointer(child.pointer));
      if (!inside) astray = child.pointer;
    }
    add("children have apiVersion, kind and name", nameless.empty(), "name each child in full", nameless);
    add("no two children have one name", twice.empty(), "an address is one object", twice);
    add("a child's pointer leads into the spec", astray.empty(),
        "say where in the parent's spec it comes from, \"\" for all of it", astray);
  }

  // Of all that the manifest knows and the sample has.
  void converts() {
    const char* const check = "a spec of an older version can be converted";
    if (sample_.older.empty()) return skip(check);
    std::vector<Conversion> conversions;
    for (const auto& [version, spec] : sample_.older)
      conversions.push_back({ours_.address, version, kind_->versions.front(), spec});
    const auto answers = backend_->convert(conversions, context());
    std::string wrong, other;
    for (size_t i = 0; i < conversions.size(); ++i) {
      if (wrong.empty()) wrong = problem(answers, i);
      if (!wrong.empty()) break;
      Json spec = *(*answers)[i];
      std::vector<SchemaProblem> problems;
      complete_value(kind_->schema, spec, problems);
      if (!problems.empty()) wrong = problems[0].pointer + ": " + problems[0].summary;
      if (spec != sample_.spec) other = spec.dump();
    }
    if (!add(check, wrong.empty(), "give a spec that the hub version's schema accepts, for each", wrong))
      return;
    add("what is converted means the same", other.empty(),
        "the sample in an older version becomes the sample", other);
    add("convert says the same twice",
        same_answers(*answers, backend_->convert(conversions, context()), kText),
        "a conversion follows from the spec alone: no clock, no counter, no I/O");
  }

  PlannedChange change(Action action, Json desired, std::vector<std::string> unknown = {}) const {
    return {ours_.address, action, std::move(desired), Json(), Json(), std::move(unknown)};
  }

  void checks() {
    const auto looked = backend_->observe({ours_}, context());
    const Pools pools = looked ? looked->pools : Pools();
    std::vector<std::string> unknown;
    for (const auto& [name, value] : sample_.spec.items()) unknown.push_back("/" + name);
    PlannedChange deleted = change(Action::remove, nullptr);
    deleted.applied = deleted.actual = sample_.spec;
    const std::vector<PlannedChange> changes = {change(Action::create, sample_.spec),
                                                change(Action::create, Json::object(), unknown), deleted};
    const auto answers = backend_->check(changes, pools, context());
    if (!add("check answers for every change", answers && answers->size() == changes.size(),
             "give one check for each change, in their order", problem(answers, 0)))
      return;
    const Result<Check>&whole = (*answers)[0], &open = (*answers)[1], &gone = (*answers)[2];
    add("there is room for the sample", whole && !whole->refusal && whole->unchecked.empty(),
        "what can be made here is not refused, and what is known is checked", problem(answers, 0));
    std::string strange;
    for (const Demand& demand : whole ? whole->demands : std::vector<Demand>())
      if (!pools.contains(demand.pool)) strange = demand.pool;
    add("what is taken is taken of pools that are told", strange.empty(),
        "tell every pool with observe, under the name that check uses", strange);
    add("values that are not known yet are no error", open && !open->refusal,
        "say in unchecked what is missing: it is asked again before the call", problem(answers, 1));
    add("a deletion is not refused", gone && !gone->refusal, "it only gives room: demand what is negative",
        problem(answers, 2));
    add("check says the same twice",
        same_answers(*answers, backend_->check(changes, pools, context()), kText),
        "a check follows from change and pools alone: no clock, no counter, no I/O");
  }

  void sums_up() {
    const std::vector<Family> families = {{ours_.address, sample_.spec, observe(ours_), {}, {}},
                                          {ours_.address, sample_.spec, Observation(), {}, {}}};
    const auto answers = backend_->status(families, context());
    if (!add("status answers for every composite", answers && answers->size() == families.size(),
             "give one summary for each composite, in their order", problem(answers, 0)))
      return;
    add("children that nobody has seen are no error", problem(answers, 0) + problem(answers, 1) == "",
        "sum up what there is; say in a condition what is missing",
        problem(answers, 0) + problem(answers, 1));
    std::string words;
    for (const auto& answer : *answers)
      if (answer && words.empty()) words = malformed(*answer);
    add("a summary has the agreed shape", words.empty(),
        "progress is from 0 to 1, the reason one CamelCase word, a condition True, False or Unknown", words);
    add("status says the same twice", same_answers(*answers, backend_->status(families, context()), kText),
        "a summary follows from what was observed: no clock, no counter, no I/O");
  }

  Json arguments_of(const ActionRule& action) const {
    const auto given = sample_.actions.find(action.name);
    return given == sample_.actions.end() ? Json::object() : given->second;
  }

  void refuses_to_act_on_the_absent() {
    std::string done;
    for (const ActionRule& action : kind_->actions) {
      const auto acted = backend_->act(ours_, action.name, arguments_of(action), context());
      if (acted || !is_of_input(acted.error().code)) done = action.name;
    }
    add("an action on what is not there is refused", done.empty(), "answer not_found or failed_precondition",
        done);
    const Observation seen = observe(ours_);
    add("an action on what is not there makes nothing", is_absent(seen), "an action is no create",
        describe(seen));
  }

  void acts() {
    std::string failed;
    for (const ActionRule& action : kind_->actions) {
      const auto acted = backend_->act(ours_, action.name, arguments_of(action), context());
      if (!acted && failed.empty()) failed = action.name + ": " + acted.error().message;
    }
    add("every action of the manifest is carried out", failed.empty(),
        "mend the action, or give its arguments with the sample", failed);
    const auto unknown = backend_->act(ours_, "no-such-action", Json::object(), context());
    add("an unknown action is refused", !unknown && unknown.error().code != Code::internal,
        "answer unimplemented");
    const Observation seen = observe_until(ours_, [this](const auto& o) { return has_mark(o, ours_); });
    add("after its actions it is still ours", has_mark(seen, ours_),
        "an action leaves identity and mark alone", describe(seen));
  }

  void watches() {
    // A backend that cannot be stopped goes on notifying when this is over.
    const auto heard = std::make_shared<Heard>();
    const Status watching = backend_->watch(
        {ours_.address}, [heard](const Address& a) { heard->hear(a); }, context());
    if (!add("watch succeeds", watching, "return at once; notify when something happens")) return;
    Request gone = ours_;
    gone.desired = nullptr;
    (void)retry([&] { return backend_->remove(gone, context()); });
    add("who watches hears of a change", heard->waits_for(ours_.address, sample_.patience),
        "notify whenever something has happened to a watched address, whoever did it");
    add("who watches hears of nothing else", heard->only(ours_.address),
        "notify of the addresses that are watched, spelt as in watch");
    const Status none = backend_->watch(
        {}, [](const Address&) {}, context());
    add("watching can be ended", none, "watch again replaces what was watched; an empty list ends it");
  }

  Request ours_;
};

}  // namespace

Findings check_capabilities(Backend& backend, const ConformanceSample& sample) {
  return Capabilities(backend, sample).run();
}

}  // namespace tenon
