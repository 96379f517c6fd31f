// The Backend that a plugin is: requests become the JSON of docs/plugin-abi.md, answers become values.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "framework/backend/backend.h"
#include "framework/plugin/channel.h"

namespace tenon {

// At most so many calls at once; the others wait. Thread-safe.
class Slots {
 public:
  explicit Slots(int count) : free_(count) {}

  // False: the deadline came or the stop was requested before a slot was free.
  bool take(const CallContext& context);
  void give();

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int free_;
};

// Thread-safe. Bounds the calls at once by the manifest's limits.parallel, and the size of a batch by
// limits.batch.
class PluginBackend final : public Backend {
 public:
  PluginBackend(std::unique_ptr<Channel> channel, std::shared_ptr<const Manifest> manifest);

  Result<std::vector<Observation>> observe(const std::vector<Request>& requests,
                                           const CallContext& context) override;
  Result<Outcome> create(const Request& request, const CallContext& context) override;
  Result<Outcome> update(const Request& request, const CallContext& context) override;
  Result<Outcome> remove(const Request& request, const CallContext& context) override;
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                             const CallContext& context) override;

 private:
  Result<Json> call(const std::string& method, const Json& request, const CallContext& context);
  Error named(const std::string& method, const Json& request, const Error& error) const;
  Result<Outcome> mutate(const char* method, const Request& request, const CallContext& context);
  // What `method` answers under `key`, one per request; an item that nobody answered is the error.
  std::vector<Result<Json>> batch(const char* method, const char* key, const std::vector<Request>& requests,
                                  const CallContext& context);

  const std::shared_ptr<const Manifest> manifest_;
  Slots slots_;
  const std::unique_ptr<Channel> channel_;  // last: what it carries ends first
};

}  // namespace tenon
