// The C++ face of a backend. framework/plugin implements it for plugins in host processes and in this one;
// backend/fake.h for tests. The JSON that crosses to a plugin is in docs/plugin-abi.md.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "framework/base/json.h"
#include "framework/base/result.h"
#include "framework/base/shared_json.h"
#include "framework/model/address.h"
#include "framework/model/change.h"
#include "framework/model/manifest.h"
#include "framework/model/observation.h"
#include "framework/model/owned.h"
#include "framework/model/resource.h"

namespace tenon {

// What a call learns about a declared requirement that exists.
struct Dependency {
  std::string identity;
  std::string phase;
  std::string nonce;
  SharedJson outputs = SharedJson::object();
};

// What a call is about; empty and null members are left out of the JSON.
struct Request {
  Address address;
  SharedJson desired;
  SharedJson labels = SharedJson::object(), annotations = SharedJson::object();
  SharedJson applied;
  std::string generation;
  std::string identity;
  std::string nonce;
  std::string inventory;
  Json private_state;
  std::map<Address, Dependency> dependencies;
  std::vector<std::string> operations;
  // Of an update that changes the mark and nothing else: set, drop or move. "": an ordinary one.
  std::string mark;
  std::optional<Address> from;  // move: the address in the mark until now
  Json record;                  // to be kept beside the mark where there is room: see record_of
};

// Fills in what the inventory knows. What was sent last counts, done or not: only that can be found in the
// world.
void add_owned(const Owned& owned, Request& request);
// row: of the dependency; null: not ours. For objects that carry no mark.
Dependency dependency_of(const Observation& observation, const Owned* row);

struct Outcome {
  bool in_progress = false;
  std::string identity;
  Json private_state;  // null: keep what was there
  std::vector<std::string> notes;
};

// An object that carries a mark, as `list` finds it.
struct Listed {
  Mark mark;
  std::string identity;
  Json applied;        // the spec as last applied; null: not kept
  Json record;         // as it was sent; null: not kept
  Json private_state;  // null: none
};

struct ListPage {
  std::vector<Listed> objects;
  std::string next;  // "": this was the last one
};

Json to_json(const Request& request);
// internal: the answer has not the documented shape.
Result<Outcome> outcome_from_json(const Json& json);
Result<std::vector<ChildSpec>> children_from_json(const Json& json);
Result<ListPage> list_page_from_json(const Json& json);

// What one look at the world saw.
struct Observed {
  Observed() = default;
  Observed(std::vector<Observation> all, Pools room = {})
      : observations(std::move(all)), pools(std::move(room)) {}

  std::vector<Observation> observations;  // one per request, in order
  Pools pools;                            // of the whole instance, whatever was asked for; empty: it has none
};

// A spec that is to become one of another version.
struct Conversion {
  Address address;
  std::string from, to;
  Json spec;
};

// A composite together with what it is made of and what depends on it, as they were observed.
struct Family {
  Address address;
  Json desired;
  Observation own;
  std::map<Address, Observation> children, dependants;
};

Json to_json(const Family& family);

// What a call of `act` has done, for people and for programs.
struct ActionResult {
  std::string message;
  Json data = Json::object();
};

// Told of a resource to which something has happened; from any thread.
using Listener = std::function<void(const Address&)>;

struct CallContext {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::stop_token stop;
  std::stop_token hold = {};  // requested: what has not begun is not begun any more, what has goes on
};

// Every method blocks and may be called from many threads at once; an implementation bounds its own
// parallelism. A call past its deadline ends with deadline_exceeded or crashed: the outcome is unknown.
class Backend {
 public:
  virtual ~Backend() = default;

  // One observation per request, in order. The whole batch fails only when nobody answered.
  virtual Result<Observed> observe(const std::vector<Request>& requests, const CallContext& context) = 0;
  virtual Result<Outcome> create(const Request& request, const CallContext& context) = 0;
  virtual Result<Outcome> update(const Request& request, const CallContext& context) = 0;
  virtual Result<Outcome> remove(const Request& request, const CallContext& context) = 0;
  // One answer per request, in order. Only for plugins with the capability "expand".
  virtual Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                                     const CallContext& context) = 0;
  // Every object that carries a mark of this inventory ("": of any), from where the last page ended (after:
  // its `next`). Complete or an error. Only for plugins with the capability "list".
  virtual Result<ListPage> list(const std::string& /*inventory*/, const std::string& /*after*/,
                                const CallContext&) {
    return Error{Code::unimplemented, "this backend cannot list its objects"};
  }
  // All planned changes of the instance at once; one answer per change, in order. Only for plugins with the
  // capability "check".
  virtual Result<std::vector<Result<Check>>> check(const std::vector<PlannedChange>& changes,
                                                   const Pools& pools, const CallContext& context);
  // One spec per conversion, in order. Only for plugins with the capability "convert".
  virtual Result<std::vector<Result<Json>>> convert(const std::vector<Conversion>& conversions,
                                                    const CallContext& context);
  // Of each, in order, what to show of it that can be told only together: reason, message, progress,
  // conditions and notes of the answer count. Only for plugins with the capability "status".
  virtual Result<std::vector<Result<Observation>>> status(const std::vector<Family>& families,
                                                          const CallContext& context);
  // Carries out one of the kind's actions. Only for plugins with the capability "act".
  virtual Result<ActionResult> act(const Request& request, const std::string& action, const Json& arguments,
                                   const CallContext& context);
  // From here on, until it is called again, the listener hears of these resources, sooner than by looking.
  // Hints: some may be missing, and all that follow the end of a host are. Only for plugins with the
  // capability "watch".
  virtual Status watch(const std::vector<Address>& addresses, Listener listener, const CallContext& context);
};

// Instance name -> backend. Owned by the driver; not changed while anything runs.
using Backends = std::map<std::string, Backend*>;

}  // namespace tenon
