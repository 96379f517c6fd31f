// That a backend keeps secrets to itself: it is given values that nobody else has, and all that it says is
// kept and searched. Private to framework/plugin/conformance.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "framework/backend/forwarding.h"
#include "framework/plugin/conformance/probe.h"

namespace tenon {

// Hands every call on and keeps, as text, what was answered. Thread-safe as far as the backend is.
class Eavesdropper final : public ForwardingBackend {
 public:
  explicit Eavesdropper(Backend& inner) : ForwardingBackend(inner) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext& context) override;
  Result<Outcome> create(const Request& request, const CallContext& context) override;
  Result<Outcome> update(const Request& request, const CallContext& context) override;
  Result<Outcome> remove(const Request& request, const CallContext& context) override;
  Result<std::vector<Result<std::vector<ChildSpec>>>> expand(const std::vector<Request>& requests,
                                                             const CallContext& context) override;
  Result<ListPage> list(const std::string& inventory, const std::string& after,
                        const CallContext& context) override;
  Result<std::vector<Result<Observation>>> status(const std::vector<Family>& families,
                                                  const CallContext& context) override;
  Result<ActionResult> act(const Request& request, const std::string& action, const Json& arguments,
                           const CallContext& context) override;

  // The answer that has this text; "": none has.
  std::string said(const std::string& text) const;

 private:
  void keep(const Json& answer);
  void keep(const Error& error) { keep(Json(error.message)); }
  void keep(const Outcome& outcome);
  void keep(const Observation& seen) { keep(to_json(seen)); }
  template <typename T>
  Result<T> keep_all(Result<T> answer);

  mutable std::mutex mutex_;
  std::string said_;  // answers, one a line, each once in a row
};

// The sample with handles at its x-secret places, where it has a vault.
ConformanceSample with_handles(const ConformanceSample& sample);

// Of all that was overheard, and of the log.
Findings check_secrecy(const Eavesdropper& overheard, const ConformanceSample& sample);

}  // namespace tenon
