// A backend with objects in memory that can do everything, and does one thing wrong: for the tests of the
// kit.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "framework/plugin/conformance/conformance.h"

namespace tenon {

// Thread-safe.
class Faulty final : public Backend {
 public:
  struct Object {
    Request request;
    std::string identity;
    bool marked = true;
  };
  // What outlives its process.
  struct World {
    std::mutex mutex;
    std::map<Address, Object> objects;
    std::set<std::string> buried;  // nonces of what was deleted
    std::string first_nonce;
    int created = 0;
  };

  // fault: see faulty.cc; "": it does nothing wrong.
  explicit Faulty(std::string fault, std::shared_ptr<World> world = std::make_shared<World>(),
                  bool reopened = false)
      : fault_(std::move(fault)), world_(std::move(world)), reopened_(reopened) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext& context) override;
  Result<Outcome> create(const Request& request, const CallContext& context) override;
  Result<Outcome> update(const Request& request, const CallContext& context) override;
  Result<Outcome> remove(const Request& request, const CallContext& context) override;
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                             const CallContext& context) override;
  Result<ListPage> list(const std::string& inventory, const std::string& after,
                        const CallContext& context) override;
  Result<std::vector<Result<Check>>> check(const std::vector<PlannedChange>& changes, const Pools& pools,
                                           const CallContext& context) override;
  Result<std::vector<Result<Json>>> convert(const std::vector<Conversion>& conversions,
                                            const CallContext& context) override;
  Result<std::vector<Result<Observation>>> status(const std::vector<Family>& families,
                                                  const CallContext& context) override;
  Result<ActionResult> act(const Request& request, const std::string& action, const Json& arguments,
                           const CallContext& context) override;
  Status watch(const std::vector<Address>& addresses, Listener listener, const CallContext& context) override;

  // The next call is cut off by the end of its host.
  void kill() { killed_ = true; }
  std::unique_ptr<Backend> reopen() const;

 private:
  using Objects = std::map<Address, Object>;

  bool is(const std::string& fault) const { return fault_ == fault; }
  std::optional<Error> notice_cut(const Request& request, const CallContext& context, bool removing);
  Objects::iterator find(const Request& request);
  bool is_ours(const Object& object, const Request& request) const;
  Result<Outcome> remark(const Request& request, Objects::iterator found);
  Result<Outcome> put(const Request& request, Objects::iterator found);
  Observation look(const Request& request);
  void describe_wrongly(Observation& seen);
  void notify(const Address& address);
  // One more every time it is asked: what is not pure.
  std::string random() { return std::to_string(++asked_); }

  const std::string fault_;
  const std::shared_ptr<World> world_;
  const bool reopened_;
  std::atomic<bool> killed_ = false;
  std::atomic<int> inside_ = 0, asked_ = 0;
  bool confused_ = false, jammed_ = false, stuck_ = false;
  std::string doubled_;  // nonce of what is made twice
  std::vector<Address> watched_;
  Listener listener_;
};

// Everything is given that a sample can have; `kill` and `reopen` are of the backend, which outlives it.
ConformanceSample faulty_sample(Faulty& backend);

}  // namespace tenon
