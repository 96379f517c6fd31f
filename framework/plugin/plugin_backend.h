// The Backend that a plugin is: requests become the JSON of docs/plugin-abi.md, answers become values.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "framework/backend/backend.h"
#include "framework/plugin/bisection.h"
#include "framework/plugin/channel.h"
#include "framework/plugin/suspects.h"

namespace tenon {

// At most so many calls at once; the others wait. Thread-safe.
class Slots {
 public:
  enum class Use { shared, alone };

  explicit Slots(int count) : count_(count), free_(count) {}

  // alone: with all slots, so that no other call is under way. False: the deadline came, or the stop or the
  // hold was requested before that.
  bool take(const CallContext& context, Use use = Use::shared);
  void give(Use use = Use::shared);

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  const int count_;
  int free_;
  int alone_ = 0;  // wait for all slots: nobody else takes one until they had them
};

// Thread-safe. Bounds the calls at once by the manifest's limits.parallel, and the size of a batch by
// limits.batch; a check is one call, since it is about all changes of a plan together. What is asked about
// many and crashes its host is bisected apart from it; a changing call that was in flight is made once more
// at most, alone; what crashed twice is left alone as long as this object lives.
class PluginBackend final : public Backend {
 public:
  // parallel: fewer calls at once than the manifest allows; 0: as many.
  PluginBackend(std::unique_ptr<Channel> channel, std::shared_ptr<const Manifest> manifest, int parallel = 0);

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

 private:
  Result<Json> call(const std::string& method, const Json& request, const CallContext& context,
                    Slots::Use use = Slots::Use::shared);
  Error named(const std::string& method, const Json& request, const Error& error) const;
  Result<Outcome> mutate(const char* method, const Request& request, const CallContext& context);
  // Something that is asked about many at once, and a part of it, asked in one call.
  struct Question;
  struct Part;
  template <typename Item>
  static Question about(const char* method, const char* key, const std::vector<Item>& items,
                        const CallContext& context, size_t limit);
  // One answer for each item of the question; an item that nobody answered is the error.
  std::vector<Result<Json>> put(const Question& question);
  // The answers to a range become its items. Its host has crashed, where that is the error.
  Result<Json> ask(const Part& part, Range range, Channel* apart);
  void find_suspects(const Part& part, const Error& crash);
  size_t batch_limit() const { return static_cast<size_t>(manifest_->batch); }

  const std::shared_ptr<const Manifest> manifest_;
  const int parallel_;
  Slots slots_;
  Suspects suspects_;
  std::mutex apart_;                        // one batch at a time is bisected
  const std::unique_ptr<Channel> channel_;  // last: what it carries ends first
};

}  // namespace tenon
