// A backend that hands every call on to another: for who changes, borrows or overhears one. Thread-safe as
// far as that is.
#pragma once

#include "framework/backend/backend.h"

namespace tenon {

class ForwardingBackend : public Backend {
 public:
  // inner: outlives it.
  explicit ForwardingBackend(Backend& inner) : inner_(inner) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext& context) override {
    return inner_.observe(requests, context);
  }
  Result<Outcome> create(const Request& request, const CallContext& context) override {
    return inner_.create(request, context);
  }
  Result<Outcome> update(const Request& request, const CallContext& context) override {
    return inner_.update(request, context);
  }
  Result<Outcome> remove(const Request& request, const CallContext& context) override {
    return inner_.remove(request, context);
  }
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                             const CallContext& context) override {
    return inner_.expand(requests, context);
  }
  Result<ListPage> list(const std::string& inventory, const std::string& after,
                        const CallContext& context) override {
    return inner_.list(inventory, after, context);
  }
  Result<std::vector<Result<Check>>> check(const std::vector<PlannedChange>& changes, const Pools& pools,
                                           const CallContext& context) override {
    return inner_.check(changes, pools, context);
  }
  Result<std::vector<Result<Json>>> convert(const std::vector<Conversion>& conversions,
                                            const CallContext& context) override {
    return inner_.convert(conversions, context);
  }
  Result<std::vector<Result<Observation>>> status(const std::vector<Family>& families,
                                                  const CallContext& context) override {
    return inner_.status(families, context);
  }
  Result<ActionResult> act(const Request& request, const std::string& action, const Json& arguments,
                           const CallContext& context) override {
    return inner_.act(request, action, arguments, context);
  }
  Status watch(const std::vector<Address>& addresses, Listener listener,
               const CallContext& context) override {
    return inner_.watch(addresses, std::move(listener), context);
  }

 private:
  Backend& inner_;
};

}  // namespace tenon
