#include "framework/plugin/conformance/faulty.h"

#include <algorithm>
#include <thread>

namespace tenon {
namespace {

using Steady = std::chrono::steady_clock;

constexpr char kManifest[] = R"({
  "manifestVersion": 1, "name": "faulty", "version": "1.0.0",
  "capabilities": ["expand", "list", "adopt", "move", "check", "convert", "status", "act", "watch"],
  "kinds": [{"group": "test.tenon.dev", "kind": "Thing", "plural": "things", "versions": ["v1", "v1alpha1"],
             "ready": {"phases": ["Ready"]},
             "actions": [{"name": "shake", "arguments": {"type": "object", "required": ["times"],
                          "properties": {"times": {"type": "integer"}}}}],
             "schemas": {"v1alpha1": {"type": "object", "properties": {
               "inches": {"type": "integer"}, "password": {"type": "string", "x-secret": true}}}},
             "schema": {"type": "object", "properties": {
               "size": {"type": "integer"}, "colour": {"type": "string", "default": "red"},
               "password": {"type": "string", "x-secret": true}}}}]
})";

Json spec(int size) { return {{"size", size}, {"colour", "red"}, {"password", "hunter2"}}; }

Error refusal(const Faulty::Object& object, bool silent = false) {
  return {Code::already_exists, silent ? "no" : "it belongs to inventory " + object.request.inventory};
}

// While it lives, a call is inside; others() says whether it is the only one.
class Visit {
 public:
  Visit(std::atomic<int>& inside, bool lingers) : inside_(inside) {
    ++inside_;
    if (lingers) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ~Visit() { --inside_; }
  bool others() const { return inside_ > 1; }

 private:
  std::atomic<int>& inside_;
};

}  // namespace

// By what a call was cut off, if it was.
std::optional<Error> Faulty::notice_cut(const Request& request, const CallContext& context, bool removing) {
  const std::string by = killed_.exchange(false)             ? "a kill of its host"
                         : context.stop.stop_requested()     ? "a request to stop"
                         : Steady::now() >= context.deadline ? "a deadline"
                                                             : "nothing";
  confused_ |= is("confused after " + by);
  if (is("doubles after " + by)) doubled_ = request.nonce;
  stuck_ |= is("sticks after " + by) && removing;
  if (jammed_) return Error{Code::internal, "jammed"};
  jammed_ |= is("jams after " + by);
  if (is("bug after " + by)) return Error{Code::internal, "confused by " + by};
  return std::nullopt;
}

Faulty::Objects::iterator Faulty::find(const Request& request) {
  Objects& objects = world_->objects;
  if (request.from)
    if (const auto found = objects.find(*request.from); found != objects.end()) return found;
  const auto by = [&](const auto& matches) { return std::find_if(objects.begin(), objects.end(), matches); };
  if (!request.identity.empty() && !is("forgets the way"))
    if (const auto found = by([&](const auto& o) { return o.second.identity == request.identity; });
        found != objects.end())
      return found;
  if (is("prefixes"))
    return by([&](const auto& o) { return request.address.name.str().starts_with(o.first.name); });
  if (is("one namespace")) return by([&](const auto& o) { return request.address.name == o.first.name; });
  return objects.find(request.address);
}

bool Faulty::is_ours(const Object& object, const Request& request) const {
  return object.marked && object.request.nonce == request.nonce &&
         object.request.inventory == request.inventory;
}

Result<Observed> Faulty::observe(const std::vector<Request>& requests, const CallContext& context) {
  const Visit visit(inside_, is("races"));
  const bool races = is("races") && visit.others();
  const std::lock_guard lock(world_->mutex);
  confused_ |= is("dies late") && Steady::now() >= context.deadline;
  std::vector<Observation> seen;
  for (const Request& request : requests) seen.push_back(races ? Observation() : look(request));
  if (is("reversed")) std::reverse(seen.begin(), seen.end());
  if (is("overflows") && seen.size() > 99) seen.resize(99);
  if (is("drops one") && seen.size() > 1) seen.pop_back();
  return Observed(std::move(seen), {{"shelf", {*Quantity::parse("100"), *Quantity::parse("100"), "mm"}}});
}

Result<Outcome> Faulty::create(const Request& request, const CallContext& context) {
  const Visit visit(inside_, is("one at a time") || is("doubles at once"));
  const bool others = visit.others();
  const std::lock_guard lock(world_->mutex);
  if (is("cannot create")) return Error{Code::invalid_argument, "no"};
  if (auto error = notice_cut(request, context, false)) return *error;
  if (is("one at a time") && others) return Error{Code::aborted, "busy"};
  const auto found = find(request);
  if (found == world_->objects.end()) {
    const int made = world_->created;
    if (is("cannot recreate") && made == 2) return Error{Code::already_exists, "the name is taken"};
    if (is("uses names up") && made == 3) return Error{Code::already_exists, "the name is taken"};
    if (is("loses")) return Outcome();
    return put(request, found);
  }
  const bool takes = is("takes over") || (is("takes over changed") && request.generation == "another");
  if (!is_ours(found->second, request) && !takes) return refusal(found->second, is("silent"));
  if (is("fails twice")) return Error{Code::already_exists, "there"};
  const bool anew = is("new identity") || (is("reborn") && reopened_) || (is("doubles at once") && others);
  if (anew) found->second.identity += "+";
  if (doubled_ == request.nonce) found->second.request.nonce = "another";
  if (takes) return put(request, found);
  return Outcome{.identity = found->second.identity};
}

Result<Outcome> Faulty::update(const Request& request, const CallContext& context) {
  const std::lock_guard lock(world_->mutex);
  if (is("cannot update")) return Error{Code::invalid_argument, "no"};
  if (auto error = notice_cut(request, context, false)) return *error;
  const auto found = find(request);
  if (!request.mark.empty()) return remark(request, found);
  if (found == world_->objects.end()) {
    if (is("upserts")) return put(request, found);
    if (is("upserts and fails")) (void)put(request, found);
    return Error{is("retries for ever") ? Code::unavailable : Code::not_found, "gone"};
  }
  if (!is_ours(found->second, request) && !is("updates foreign")) {
    if (is("refuses and changes")) found->second.request.generation = "changed";
    return refusal(found->second);
  }
  const std::string generation = found->second.request.generation;
  auto outcome = put(request, found);
  if (is("old generation")) found->second.request.generation = generation;
  notify(request.address);
  return outcome;
}

// set, drop, move.
Result<Outcome> Faulty::remark(const Request& request, Objects::iterator found) {
  if (is("cannot " + request.mark)) return Error{Code::invalid_argument, "no"};
  if (found == world_->objects.end()) return Error{Code::not_found, "gone"};
  Object& object = found->second;
  const bool free = request.mark == "set" && (!object.marked || is("replaces marks"));
  if (!free && !is_ours(object, request)) return refusal(object);
  if (is("new identity with " + request.mark)) object.identity += "+";
  if (request.mark == "drop") {
    object.marked = false;
    return Outcome{.identity = object.identity};
  }
  Object moved = object;
  moved.marked = true;
  moved.request.inventory = request.inventory;
  moved.request.nonce = request.nonce;
  moved.request.generation = request.generation;
  moved.request.address = request.address;
  moved.request.record = request.record;
  world_->objects.erase(found);
  world_->objects[request.address] = moved;
  return Outcome{.identity = moved.identity};
}

Result<Outcome> Faulty::remove(const Request& request, const CallContext& context) {
  const std::lock_guard lock(world_->mutex);
  if (auto error = notice_cut(request, context, true)) return *error;
  const auto found = find(request);
  if (found == world_->objects.end()) {
    const bool known = world_->buried.contains(request.nonce);
    if (is("deletes once") || (is("deletes once more") && known)) return Error{Code::not_found, "gone"};
    return Outcome();
  }
  const Object& object = found->second;
  const bool takes = object.marked ? is("deletes foreign") : is("deletes unmarked");
  if (!is_ours(object, request) && !takes) return refusal(object);
  if (is("cannot delete")) return Error{Code::failed_precondition, "no"};
  const bool keeps = stuck_ || is("keeps") || is("keeps " + std::to_string(world_->created));
  if (keeps) return Outcome();
  world_->buried.insert(object.request.nonce);
  world_->objects.erase(found);
  notify(request.address);
  return Outcome();
}

Result<Outcome> Faulty::put(const Request& request, Objects::iterator found) {
  if (found == world_->objects.end()) {
    ++world_->created;
    if (world_->created == 3) world_->first_nonce = request.nonce;
    found = world_->objects.emplace(request.address, Object{request, "thing"}).first;
  }
  const Json record = request.record.is_null() ? found->second.request.record : request.record;
  found->second.request = request;
  found->second.request.record = record;
  Outcome outcome{.identity = is("two identities") ? "another" : found->second.identity};
  if (is("large")) outcome.private_state = std::string(5000, 'x');
  return outcome;
}

Observation Faulty::look(const Request& request) {
  if (confused_) return unknown_observation({Code::internal, "confused"});
  Observation seen;
  if (is("needs an identity") && request.identity.empty() && request.nonce.empty()) return seen;
  if (is("needs a spec") && request.desired.is_null()) return seen;
  const auto found = find(request);
  if (found == world_->objects.end() && is("sees things")) seen.existence = Existence::present;
  if (found == world_->objects.end()) {
    if (is("ghosts")) seen.identity = "thing";
    return seen;
  }
  const Object& object = found->second;
  seen.existence = Existence::present;
  seen.phase = is("no phase") ? "" : "Ready";
  seen.identity = is("no identity") ? "" : is("wanders") ? random() : object.identity;
  if (object.marked)
    seen.mark = Mark{object.request.inventory, to_string(object.request.address), object.request.nonce,
                     object.request.generation};
  seen.actual = object.request.desired;
  if (seen.actual.is_object()) seen.actual.edit().erase("password");
  describe_wrongly(seen);
  return seen;
}

void Faulty::describe_wrongly(Observation& seen) {
  if (is("half a mark") && seen.mark) seen.mark->inventory = "";
  if (is("old mark") && seen.mark && world_->created > 3) seen.mark->nonce = world_->first_nonce;
  if (is("no actual")) seen.actual = nullptr;
  if (is("rounds")) seen.actual.edit()["size"] = 64;
  if (is("strange")) seen.actual.edit()["strange"] = true;
  if (is("percents")) seen.progress = 41;
  if (is("sentences")) seen.reason = "it is broken";
  if (is("maybe")) seen.conditions.push_back({"Ready", "Maybe", "", ""});
  if (is("contents")) seen.contents = Contents::none;
  if (is("counts in an output")) seen.outputs.edit()["count"] = {{"size", seen.actual.value("size", 0)}};
  if (is("half a disk")) seen.outputs.edit()["disk"] = {{"path", "/x"}};
  if (is("tells")) seen.message = "logging in with hunter2";
}

Result<ListPage> Faulty::list(const std::string& inventory, const std::string& after, const CallContext&) {
  const std::lock_guard lock(world_->mutex);
  if (is("cannot list")) return Error{Code::unimplemented, "no"};
  ListPage page;
  if (is("endless")) page.next = after + "x";
  if (!after.empty() || (is("lists only with inventory") && inventory.empty())) return page;
  for (const auto& [address, object] : world_->objects) {
    const Request& r = object.request;
    if (!object.marked || (!inventory.empty() && r.inventory != inventory && !is("lists all"))) continue;
    Listed listed{{r.inventory, to_string(address), r.nonce, r.generation},
                  object.identity,
                  r.desired,
                  is("half a record") ? Json() : r.record,
                  is("lists large") ? Json(std::string(5000, 'x')) : Json()};
    page.objects.push_back(listed);
    if (is("lists twice")) page.objects.push_back(listed);
  }
  return page;
}

Result<std::vector<Result<std::vector<ChildSpec>>>> Faulty::expand(const std::vector<Request>& requests,
                                                                   const CallContext&) {
  std::vector<Result<std::vector<ChildSpec>>> all;
  for (const Request& request : requests) {
    ChildSpec child{"v1", "Lid", request.address.name + "-lid", Json::object(), {}, {}, "/size"};
    if (is("expands at random")) child.name += random();
    if (is("nameless child")) child.name = "";
    if (is("child astray")) child.pointer = "/nowhere";
    std::vector<ChildSpec> children = {child};
    if (is("twin children")) children.push_back(child);
    all.push_back(is("cannot expand") ? Result<std::vector<ChildSpec>>(Error{Code::invalid_argument, "no"})
                                      : children);
    const std::lock_guard lock(world_->mutex);
    if (is("expands and makes")) (void)put(request, find(request));
  }
  if (is("expands half")) all.pop_back();
  return all;
}

Result<std::vector<Result<Json>>> Faulty::convert(const std::vector<Conversion>& conversions,
                                                  const CallContext&) {
  std::vector<Result<Json>> all;
  for (const Conversion& conversion : conversions) {
    Json converted = {{"size", conversion.spec.at("inches")},
                      {"colour", "red"},
                      {"password", conversion.spec.at("password")}};
    if (is("converts to another")) converted["size"] = 5;
    if (is("converts at random") && asked_++ > 0) converted["size"] = 5;
    all.push_back(is("cannot convert") ? Result<Json>(Error{Code::invalid_argument, "no"}) : converted);
  }
  return all;
}

Result<std::vector<Result<Check>>> Faulty::check(const std::vector<PlannedChange>& changes, const Pools&,
                                                 const CallContext&) {
  std::vector<Result<Check>> all;
  for (const PlannedChange& change : changes) {
    Check check;
    if (!change.unknown.empty()) check.unchecked = "how large it is";
    check.demands = {{is("strange pool") ? "attic" : "shelf", *Quantity::parse("1")}};
    if (is("checks at random")) check.unchecked += random();
    if (is("refuses the sample") || (is("refuses deletions") && change.action == Action::remove))
      check.refusal = Refusal{"no", "never"};
    const bool afraid = is("fears the unknown") && !change.unknown.empty();
    all.push_back(afraid ? Result<Check>(Error{Code::internal, "what?"}) : check);
  }
  if (is("checks half")) all.pop_back();
  return all;
}

Result<std::vector<Result<Observation>>> Faulty::status(const std::vector<Family>& families,
                                                        const CallContext&) {
  std::vector<Result<Observation>> all;
  for (size_t i = 0; i < families.size(); ++i) {
    Observation summary;
    summary.message = is("sums up at random") ? random() : "fine";
    if (is("summary in percents")) summary.progress = 41;
    all.push_back(is("needs children") ? Result<Observation>(Error{Code::internal, "no child"}) : summary);
  }
  if (is("sums up half")) all.pop_back();
  return all;
}

Result<ActionResult> Faulty::act(const Request& request, const std::string& action, const Json&,
                                 const CallContext&) {
  const std::lock_guard lock(world_->mutex);
  const auto found = find(request);
  if (found == world_->objects.end()) {
    if (is("acting makes")) (void)put(request, found);
    return is("acts on the absent") ? Result<ActionResult>(ActionResult{"shaken"})
                                    : Error{Code::not_found, "gone"};
  }
  if (is("cannot act")) return Error{Code::unimplemented, "no"};
  if (action != "shake" && !is("acts on any word")) return Error{Code::unimplemented, "no such action"};
  if (is("acting forgets")) found->second.request.nonce = "another";
  return ActionResult{"shaken"};
}

Status Faulty::watch(const std::vector<Address>& addresses, Listener listener, const CallContext&) {
  const std::lock_guard lock(world_->mutex);
  if (is("cannot watch") || (is("watches for ever") && addresses.empty()))
    return Error{Code::unimplemented, "no"};
  watched_ = addresses;
  listener_ = std::move(listener);
  return {};
}

void Faulty::notify(const Address& address) {
  if (std::count(watched_.begin(), watched_.end(), address) == 0 || is("deaf")) return;
  Address other = address;
  other.name = other.name + "-other";
  if (is("gossips")) listener_(other);
  listener_(address);
}

std::unique_ptr<Backend> Faulty::reopen() const {
  return std::make_unique<Faulty>(fault_, is("forgets") ? std::make_shared<World>() : world_, true);
}

ConformanceSample faulty_sample(Faulty& backend) {
  return {.address = {"test.tenon.dev", "Thing", "default", "a"},
          .spec = spec(1),
          .changed = spec(2),
          .manifest = std::make_shared<const Manifest>(parse_manifest(kManifest).value()),
          .reopen = [&backend] { return backend.reopen(); },
          .kill = [&backend] { backend.kill(); },
          .actions = {{"shake", {{"times", 2}}}},
          .older = {{"v1alpha1", {{"inches", 1}, {"password", "hunter2"}}}},
          .patience = std::chrono::milliseconds(20)};
}

}  // namespace tenon
