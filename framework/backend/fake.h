// A backend with its world in memory that fails as told: for tests of everything above a backend.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/base/clock.h"

namespace tenon {

enum class Method { observe, create, update, remove };

// An answer that goes wrong. after_effect: the call has done its work, and only its answer is lost (or is an
// error whatever it did). An observe that goes wrong is unknown for this address alone.
struct Fault {
  Method method = Method::create;
  Code code = Code::unavailable;
  bool after_effect = false;
  int times = 1;
  int skip = 0;  // so many calls go well before

  friend bool operator==(const Fault&, const Fault&) = default;
};

// How one address behaves; by default everything happens at once.
struct Script {
  Duration appears_after{};  // from create to being observed
  Duration ready_after{};    // from create to final_phase; Working, busy and with progress until then
  Duration changes_after{};  // from update to being observed
  Duration gone_after{};     // from delete to being observed absent
  Duration away_after{};     // from create, for away_for: not ready for a while
  Duration away_for{};
  int late_deletes = 0;  // so many deletes only say that they are in progress
  std::string final_phase = "Ready";
  int worker_deaths = 0;      // so often the work ends halfway, resumable
  int failures = 0;           // so many objects made here end as Failed
  bool doubles = false;       // a create before what it has made shows makes a second object of that nonce
  bool marks_later = false;   // of a create that goes wrong after its effect, the object carries no mark
  std::vector<Fault> faults;  // in order, per method

  friend bool operator==(const Script&, const Script&) = default;
};

struct FakeObject {
  Mark mark;
  Json spec;
  std::string identity;
  Time visible_from{};
  Time work_began{};
  std::optional<Time> removed;
  int deaths_left = 0;
  std::vector<std::string> users;
  bool fails = false;
  // As it was before the last update, which is observed only from then on.
  Json spec_before;
  std::string generation_before;
  Time changed_from{};
  // Of an importer: the claim that it fills; of a claim: who filled it, and of which generation.
  std::optional<Address> fills;
  std::string filled_by, filled_generation;
  Json record;     // kept beside the mark
  int copies = 0;  // of the same nonce, besides this one
};

// By the address at birth; an object that moves keeps its place and its identity.
using FakeWorld = std::map<Address, FakeObject>;

// Something done to the world.
struct FakeEffect {
  Method method = Method::create;
  Address address;
  std::string nonce;
  std::string generation;
  bool changed = true;  // false: a create of what was there already
  std::vector<std::string> operations;
  std::string mark;  // set, drop or move: nothing else changes
};

// Thread-safe. Outputs of an object: {"id": its identity, "path": "/fake/<name>/<nonce>", "size": as in its
// spec}. Contents follow the phase; those of what on_claims names follow its importer, and stay when that is
// gone.
class FakeBackend final : public Backend {
 public:
  explicit FakeBackend(const Clock& clock) : clock_(clock) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext& context) override;
  Result<Outcome> create(const Request& request, const CallContext& context) override;
  Result<Outcome> update(const Request& request, const CallContext& context) override;
  Result<Outcome> remove(const Request& request, const CallContext& context) override;
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                             const CallContext& context) override;
  // Every object takes its size of the pool "room", if there is one.
  Result<std::vector<Result<Check>>> check(const std::vector<PlannedChange>& changes, const Pools& pools,
                                           const CallContext& context) override;

  Result<ListPage> list(const std::string& inventory, const std::string& after,
                        const CallContext& context) override;

  // From now on there is a pool "room" of that capacity.
  void limit_room(int64_t capacity);
  // claim: an address without an importer has no contents. fills: the claim that an importer of this spec
  // fills.
  void on_claims(std::function<bool(const Address&)> claim,
                 std::function<std::optional<Address>(const Address&, const Json&)> fills);
  // From now on marks have no room for spec and record.
  void keep_small_marks() { small_marks_ = true; }
  // Replaces the address's script.
  void script(const Address& address, Script script);
  // Somebody else changes the world.
  void change(const std::function<void(FakeWorld&)>& edit);

  // What exists, as seen now, without faults.
  FakeWorld world() const;
  Observation look(const Address& address) const;
  // Everything in the world, without copying it.
  void each(const std::function<void(const Address&, const FakeObject&)>& visit) const;
  std::vector<FakeEffect> effects() const;
  // The largest number of mutating calls that were in one address at a time.
  int overlap() const;
  // Called with every effect, before it is made, with the lock held.
  void on_effect(std::function<void(const FakeEffect&, const FakeBackend&)> check);

 private:
  class Entered;

  std::optional<Error> fault(const Address& address, Method method, bool after_effect);
  Result<Outcome> changed(const Request& request, Method method, const std::function<Result<Outcome>()>& act);
  Result<Outcome> create_object(const Request& request);
  void change_spec(FakeObject& object, const Request& request);
  Result<Outcome> update_object(const Request& request);
  FakeWorld::iterator find(const Request& request);
  Observation look_locked(const Address& address) const;
  Pools pools_locked() const;
  const Script& script_of(const Address& address) const;
  void look_at_contents(const Address& address, const FakeObject& claim, Observation& seen) const;
  void settle();
  void record(FakeEffect effect);

  const Clock& clock_;
  mutable std::recursive_mutex mutex_;
  FakeWorld world_;
  std::optional<int64_t> room_;
  std::map<Address, Script> scripts_;
  std::map<Address, int> entered_;
  int overlap_ = 0;
  bool small_marks_ = false;
  std::vector<FakeEffect> effects_;
  std::function<void(const FakeEffect&, const FakeBackend&)> check_;
  std::function<bool(const Address&)> is_claim_;
  std::function<std::optional<Address>(const Address&, const Json&)> fills_;
};

}  // namespace tenon
