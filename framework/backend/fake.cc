#include "framework/backend/fake.h"

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

// Half of the work is done, and nobody goes on with it.
bool is_dead(const FakeObject& object, const Script& script, Time now) {
  return object.deaths_left > 0 && now >= object.work_began + script.ready_after / 2;
}

bool is_working(const FakeObject& object, const Script& script, Time now) {
  return now < object.work_began + script.ready_after;
}

double progress_of(const FakeObject& object, const Script& script, Time now) {
  return static_cast<double>((now - object.work_began).count()) /
         static_cast<double>(script.ready_after.count());
}

constexpr const char* kRoom = "room";

Quantity units(int64_t amount) { return *Quantity::from_json(Json(amount)); }

int64_t size_of(const Json& spec) {
  const auto size = spec.is_object() ? spec.find("size") : spec.end();
  return spec.is_object() && size != spec.end() && size->is_number() ? size->get<int64_t>() : 0;
}

Error owned_by(const FakeObject& object) {
  return {Code::already_exists,
          "it exists and belongs to " + object.mark.address + " of inventory " + object.mark.inventory};
}

}  // namespace

// Counts who is inside a mutating call of one address.
class FakeBackend::Entered {
 public:
  Entered(FakeBackend& backend, const Address& address) : backend_(backend), address_(address) {
    const std::lock_guard lock(backend_.mutex_);
    backend_.overlap_ = std::max(backend_.overlap_, ++backend_.entered_[address_]);
  }
  ~Entered() {
    const std::lock_guard lock(backend_.mutex_);
    --backend_.entered_[address_];
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

 private:
  FakeBackend& backend_;
  const Address address_;
};

Result<Observed> FakeBackend::observe(const std::vector<Request>& requests, const CallContext&) {
  const std::lock_guard lock(mutex_);
  settle();
  std::vector<Observation> observations;
  for (const Request& request : requests) {
    const auto error = fault(request.address, Method::observe, false);
    const auto object = find(request);
    observations.push_back(error ? unknown_observation(*error)
                                 : look_locked(object == world_.end() ? request.address : object->first));
  }
  return Observed(std::move(observations), pools_locked());
}

Result<std::vector<Result<Check>>> FakeBackend::check(const std::vector<PlannedChange>& changes,
                                                      const Pools& pools, const CallContext&) {
  std::vector<Result<Check>> checks;
  for (const PlannedChange& change : changes) {
    Check check;
    if (!change.unknown.empty()) check.unchecked = "its size is not known yet";
    if (pools.contains(kRoom))
      check.demands = {{kRoom, units(size_of(change.desired) - size_of(change.actual))}};
    checks.emplace_back(std::move(check));
  }
  return checks;
}

void FakeBackend::limit_room(int64_t capacity) {
  const std::lock_guard lock(mutex_);
  room_ = capacity;
}

Pools FakeBackend::pools_locked() const {
  if (!room_) return {};
  int64_t taken = 0;
  for (const auto& [address, object] : world_) taken += size_of(object.spec);
  return {{kRoom, Pool{units(*room_), units(*room_ - taken), "units"}}};
}

Result<Outcome> FakeBackend::create(const Request& request, const CallContext&) {
  return changed(request, Method::create, [&] { return create_object(request); });
}

Result<Outcome> FakeBackend::update(const Request& request, const CallContext&) {
  return changed(request, Method::update, [&] { return update_object(request); });
}

Result<Outcome> FakeBackend::update_object(const Request& request) {
  const auto it = find(request);
  if (it == world_.end()) return Error{Code::not_found, "it does not exist"};
  FakeObject& object = it->second;
  const bool free = request.mark == "set" && object.mark.inventory.empty();
  if (!free && object.mark.nonce != request.nonce) return owned_by(object);
  record({Method::update, request.address, request.nonce, request.generation, true, request.operations,
          request.mark});
  if (request.mark.empty()) change_spec(object, request);
  object.mark = {request.inventory, to_string(request.address), request.nonce, request.generation};
  object.record = small_marks_ ? Json() : request.record;
  if (request.mark == "drop") object.mark = {}, object.record = nullptr;
  return Outcome{.identity = object.identity};
}

FakeWorld::iterator FakeBackend::find(const Request& request) {
  const auto has_identity = [&](const auto& entry) { return entry.second.identity == request.identity; };
  const auto it =
      request.identity.empty() ? world_.end() : std::find_if(world_.begin(), world_.end(), has_identity);
  return it == world_.end() ? world_.find(request.address) : it;
}

// Two objects a page.
Result<ListPage> FakeBackend::list(const std::string& inventory, const std::string& after,
                                   const CallContext&) {
  const std::lock_guard lock(mutex_);
  settle();
  ListPage page;
  bool begun = after.empty();
  for (const auto& [address, object] : world_) {
    if (!std::exchange(begun, begun || to_string(address) == after) || object.mark.inventory.empty())
      continue;
    if (!inventory.empty() && object.mark.inventory != inventory) continue;
    if (page.objects.size() == 2) return page;
    page.objects.push_back({.mark = object.mark,
                            .identity = object.identity,
                            .applied = small_marks_ ? Json() : object.spec,
                            .record = object.record});
    page.next = to_string(address);
  }
  page.next = "";
  return page;
}

Result<Outcome> FakeBackend::remove(const Request& request, const CallContext&) {
  return changed(request, Method::remove, [&]() -> Result<Outcome> {
    const auto it = find(request);
    if (it == world_.end()) return Outcome{};
    if (const auto script = scripts_.find(request.address);
        script != scripts_.end() && script->second.late_deletes > 0) {
      --script->second.late_deletes;
      return Outcome{.in_progress = true};
    }
    record({Method::remove, request.address, request.nonce, "", !it->second.removed, {}, ""});
    if (!it->second.removed) it->second.removed = clock_.now();
    return Outcome{};
  });
}

Result<std::vector<Result<std::vector<ChildSpec>>>> FakeBackend::expand(const std::vector<Request>& requests,
                                                                        const CallContext&) {
  return std::vector<Result<std::vector<ChildSpec>>>(requests.size(), std::vector<ChildSpec>());
}

void FakeBackend::change_spec(FakeObject& object, const Request& request) {
  object.spec_before = std::exchange(object.spec, request.desired);
  object.generation_before = std::exchange(object.mark.generation, request.generation);
  // What has the same generation before and after says nothing about when it changes.
  if (object.generation_before != request.generation)
    object.changed_from = clock_.now() + script_of(request.address).changes_after;
}

Result<Outcome> FakeBackend::create_object(const Request& request) {
  const auto it = world_.find(request.address);
  FakeEffect effect{Method::create,
                    request.address,
                    request.nonce,
                    request.generation,
                    it == world_.end(),
                    request.operations,
                    ""};
  const Script& script = script_of(request.address);
  if (it != world_.end()) {
    FakeObject& object = it->second;
    if (script.doubles && clock_.now() < object.visible_from) {
      effect.changed = true;
      record(effect);
      ++object.copies;
      return Outcome{.in_progress = true, .identity = object.identity};
    }
    const bool unmarked = script.marks_later && object.mark.inventory.empty();
    if (unmarked)
      object.mark = {request.inventory, to_string(request.address), request.nonce,
                     generation_of(object.spec)};
    const bool ours = object.mark.inventory == request.inventory && object.mark.nonce == request.nonce;
    const bool same = object.mark.generation == request.generation;
    const bool dead = is_dead(object, script, clock_.now());
    if (!ours || (!same && !dead && !unmarked)) return owned_by(object);
    // Unfinished work goes on as it is asked for now.
    if (!same) effect.method = Method::update, effect.changed = true;
    record(effect);
    if (!same) change_spec(object, request);
    object.record = small_marks_ ? Json() : request.record;
    if (dead) {
      --object.deaths_left;
      object.work_began = clock_.now();
    }
    return Outcome{.identity = object.identity};
  }
  record(effect);
  FakeObject object{
      .mark = {request.inventory, to_string(request.address), request.nonce, request.generation},
      .spec = request.desired,
      .identity = "id-" + request.nonce,
      .visible_from = clock_.now() + script.appears_after,
      .work_began = clock_.now(),
      .deaths_left = script.worker_deaths,
      .users = {},
      .fails = script.failures > 0,
      .record = small_marks_ ? Json() : request.record};
  if (object.fails) --scripts_[request.address].failures;
  if (fills_) object.fills = fills_(request.address, request.desired);
  return Outcome{.in_progress = true,
                 .identity = world_.emplace(request.address, object).first->second.identity};
}

Result<Outcome> FakeBackend::changed(const Request& request, Method method,
                                     const std::function<Result<Outcome>()>& act) {
  const Entered entered(*this, request.address);
  const std::lock_guard lock(mutex_);
  settle();
  if (auto error = fault(request.address, method, false)) return *error;
  Result<Outcome> outcome = act();
  const auto error = fault(request.address, method, true);
  if (!error) return outcome;
  if (method == Method::create && outcome && outcome->in_progress && script_of(request.address).marks_later)
    world_.at(request.address).mark = {};
  return *error;
}

std::optional<Error> FakeBackend::fault(const Address& address, Method method, bool after_effect) {
  const auto script = scripts_.find(address);
  if (script == scripts_.end()) return std::nullopt;
  for (Fault& fault : script->second.faults) {
    if (fault.method != method || fault.times <= 0) continue;
    // The first one of the method that is left decides, whichever moment it is for.
    if (fault.after_effect != after_effect) return std::nullopt;
    if (fault.skip > 0) return --fault.skip, std::nullopt;
    --fault.times;
    return Error{fault.code, "as the test wants it: " + std::string(to_string(fault.code))};
  }
  return std::nullopt;
}

Observation FakeBackend::look_locked(const Address& address) const {
  const auto it = world_.find(address);
  const Time now = clock_.now();
  if (it == world_.end()) return {};
  const FakeObject& object = it->second;
  const Script& script = script_of(address);
  if (now < object.visible_from) return {};
  if (object.copies > 0)
    return unknown_observation({Code::failed_precondition, "two objects carry its mark: " + object.identity +
                                                               " and another one; remove one of them"});
  const bool changed = now >= object.changed_from;
  Observation seen{.existence = Existence::present,
                   .identity = object.identity,
                   .actual = changed ? object.spec : object.spec_before};
  if (!object.mark.inventory.empty()) seen.mark = object.mark;
  if (!changed && seen.mark) seen.mark->generation = object.generation_before;
  seen.users = object.users;
  seen.outputs = {{"id", object.identity}, {"path", "/fake/" + address.name + "/" + object.mark.nonce}};
  if (object.spec.contains("size")) seen.outputs.edit()["size"] = object.spec["size"];
  seen.resumable = is_dead(object, script, now);
  seen.busy = !seen.resumable && is_working(object, script, now);
  if (seen.resumable)
    seen.progress = 0.5;
  else if (seen.busy)
    seen.progress = progress_of(object, script, now);
  seen.phase = seen.resumable || seen.busy ? "Working" : object.fails ? "Failed" : script.final_phase;
  const Time away = object.work_began + script.away_after;
  if (now >= away && now < away + script.away_for) seen.phase = "Away";
  if (object.removed) seen.phase = "Terminating";
  if (is_claim_ && is_claim_(address))
    look_at_contents(address, object, seen);
  else
    seen.contents = seen.phase == "Ready" ? Contents::populated : Contents::incomplete;
  return seen;
}

void FakeBackend::look_at_contents(const Address& address, const FakeObject& claim, Observation& seen) const {
  seen.contents = Contents::none;
  std::string by = claim.filled_by, generation = claim.filled_generation;
  for (const auto& [importer, object] : world_) {
    if (object.fills != address || object.removed) continue;  // what it has filled stays so
    const bool done = look_locked(importer).phase == "Ready";
    seen.contents = done ? Contents::populated : Contents::incomplete;
    if (done) by = to_string(importer), generation = object.mark.generation;
    if (!done) by.clear();
  }
  if (by.empty()) return;
  seen.contents = Contents::populated;
  seen.outputs.edit()["contents"] = {{"importer", by}, {"generation", generation}};
}

const Script& FakeBackend::script_of(const Address& address) const {
  static const Script kDefault;
  const auto it = scripts_.find(address);
  return it == scripts_.end() ? kDefault : it->second;
}

void FakeBackend::settle() {
  for (auto& [importer, object] : world_) {
    const auto claim = object.fills ? world_.find(*object.fills) : world_.end();
    if (claim == world_.end() || look_locked(importer).phase != "Ready") continue;
    claim->second.filled_by = to_string(importer);
    claim->second.filled_generation = object.mark.generation;
  }
  std::erase_if(world_, [&](const auto& entry) {
    const auto& [address, object] = entry;
    return object.removed && clock_.now() >= *object.removed + script_of(address).gone_after;
  });
}

void FakeBackend::record(FakeEffect effect) {
  if (check_) check_(effect, *this);
  effects_.push_back(std::move(effect));
}

void FakeBackend::on_claims(std::function<bool(const Address&)> claim,
                            std::function<std::optional<Address>(const Address&, const Json&)> fills) {
  const std::lock_guard lock(mutex_);
  is_claim_ = std::move(claim);
  fills_ = std::move(fills);
}

void FakeBackend::script(const Address& address, Script script) {
  const std::lock_guard lock(mutex_);
  scripts_[address] = std::move(script);
}

void FakeBackend::change(const std::function<void(FakeWorld&)>& edit) {
  const std::lock_guard lock(mutex_);
  settle();
  edit(world_);
}

FakeWorld FakeBackend::world() const {
  const std::lock_guard lock(mutex_);
  FakeWorld world = world_;
  std::erase_if(world, [&](const auto& entry) {
    return entry.second.removed && clock_.now() >= *entry.second.removed + script_of(entry.first).gone_after;
  });
  return world;
}

Observation FakeBackend::look(const Address& address) const {
  const std::lock_guard lock(mutex_);
  const auto it = world_.find(address);
  const bool gone = it != world_.end() && it->second.removed &&
                    clock_.now() >= *it->second.removed + script_of(address).gone_after;
  return gone ? Observation() : look_locked(address);
}

void FakeBackend::each(const std::function<void(const Address&, const FakeObject&)>& visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [address, object] : world_)
    if (!object.removed || clock_.now() < *object.removed + script_of(address).gone_after)
      visit(address, object);
}

std::vector<FakeEffect> FakeBackend::effects() const {
  const std::lock_guard lock(mutex_);
  return effects_;
}

int FakeBackend::overlap() const {
  const std::lock_guard lock(mutex_);
  return overlap_;
}

void FakeBackend::on_effect(std::function<void(const FakeEffect&, const FakeBackend&)> check) {
  const std::lock_guard lock(mutex_);
  check_ = std::move(check);
}

}  // namespace tenon
