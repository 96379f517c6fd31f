#include "framework/faults/calls.h"

#include <algorithm>
#include <functional>

namespace tenon::faults {
namespace {

// What one call costs of the world's time.
constexpr Duration kCallTakes(3);
constexpr unsigned kMostAtOnce = 30;

}  // namespace

// The engine opens an instance by asking it about nothing, from another thread: the world has only one.
Result<Observed> TracedBackend::observe(const std::vector<Request>& requests, const CallContext&) {
  if (requests.empty()) return Observed();
  tracer_.step("before the observe of", std::to_string(requests.size()) + " resources");
  world_.advance(kCallTakes);
  std::vector<Observation> answer;
  for (const Request& request : requests) answer.push_back(world_.look(request));
  return Observed(std::move(answer), world_.pools());
}

template <typename Effect>
Result<Outcome> TracedBackend::traced(const char* what, const Request& request, Effect effect) {
  const std::string subject = std::string(what) + " of " + to_string(request.address);
  const bool first = called_.insert(subject).second;
  const size_t chance = seed_ && first ? std::hash<std::string>()(subject + std::to_string(seed_)) % 10 : 9;
  world_.advance(kCallTakes);
  tracer_.step("before the effect of the", subject);
  if (chance == 0) return Error{Code::unavailable, "as the test wants it"};
  if (chance == 1) return Error{Code::crashed, "as the test wants it"};
  Result<Outcome> outcome = effect();
  tracer_.step("after the effect of the", subject);
  if (chance == 2) return Error{Code::deadline_exceeded, "as the test wants it"};
  return outcome;
}

Result<Outcome> TracedBackend::create(const Request& request, const CallContext&) {
  return traced("create", request, [&] {
    Result<Outcome> made = world_.create(request);
    if (!made || request.address.kind != "Parcel") return made;
    tracer_.step("before the mark of the", "create of " + to_string(request.address));
    return world_.create(request);
  });
}

Result<Outcome> TracedBackend::update(const Request& request, const CallContext&) {
  return traced("update", request, [&] { return world_.update(request); });
}

Result<Outcome> TracedBackend::remove(const Request& request, const CallContext&) {
  return traced("delete", request, [&] { return world_.remove(request); });
}

Result<std::vector<Result<std::vector<ChildSpec>>>> TracedBackend::expand(
    const std::vector<Request>& requests, const CallContext&) {
  return std::vector<Result<std::vector<ChildSpec>>>(requests.size(), std::vector<ChildSpec>());
}

Result<ListPage> TracedBackend::list(const std::string& inventory, const std::string&, const CallContext&) {
  ListPage page;
  for (const auto& [id, object] : world_.objects())
    if (!object.mark.inventory.empty() && (inventory.empty() || object.mark.inventory == inventory))
      page.objects.push_back(
          {.mark = object.mark, .identity = id, .applied = object.spec, .record = Json::object()});
  return page;
}

Result<std::vector<Result<Check>>> TracedBackend::check(const std::vector<PlannedChange>& changes,
                                                        const Pools& pools, const CallContext&) {
  const auto size = [](const Json& spec) { return spec.is_object() ? spec.value("size", int64_t{0}) : 0; };
  std::vector<Result<Check>> checks;
  for (const PlannedChange& change : changes) {
    Check check;
    const int64_t more = size(change.desired) - size(change.actual);
    if (!pools.empty()) check.demands = {{"room", *Quantity::from_json(Json(more))}};
    checks.emplace_back(std::move(check));
  }
  return checks;
}

void OneThreadCaller::start(std::vector<Call> calls) {
  for (Call& call : calls) {
    const int accepted = call.kind == CallKind::observe ? 0 : world_.accept(call.kind, call.requests.front());
    pending_.push_back({std::move(call), accepted});
  }
}

std::vector<CallResult> OneThreadCaller::wait(std::chrono::milliseconds time) {
  std::vector<CallResult> results;
  if (pending_.empty()) world_.advance(time);
  for (size_t left = 1 + random_() % kMostAtOnce; left > 0 && !pending_.empty(); --left) {
    std::swap(pending_[random_() % pending_.size()], pending_.back());
    const Pending pending = std::move(pending_.back());
    pending_.pop_back();
    results.push_back(make(pending));
  }
  return results;
}

CallResult OneThreadCaller::make(const Pending& pending) {
  world_.begin(pending.accepted);
  CallResult result = make_call(backends_, pending.call, {});
  world_.end();
  if (pending.accepted)
    tracer_.step("after the answer about", to_string(pending.call.requests.front().address));
  return result;
}

}  // namespace tenon::faults
