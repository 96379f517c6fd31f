// What all groups of checks share: requests for the sample's object, looks at it, findings. Private to
// framework/plugin/conformance.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "framework/plugin/conformance/conformance.h"

namespace tenon {

using Findings = std::vector<ConformanceFinding>;
using Wanted = std::function<bool(const Observation&)>;

// Of one thread. A group of checks derives from it.
class Probe {
 public:
  Probe(Backend& backend, const ConformanceSample& sample);

 protected:
  // Makes one finding. mend: a sentence that tells the author what to do; seen: what was the case instead.
  bool add(std::string check, bool ok, const std::string& mend, const std::string& seen = "");
  bool add(std::string check, const Status& answer, const std::string& mend);
  template <typename T>
  bool add(std::string check, const Result<T>& answer, const std::string& mend) {
    return add(std::move(check), answer ? Status() : Status(answer.error()), mend);
  }
  void skip(std::string check);

  // Of the sample's object, with a new nonce and a new inventory.
  Request fresh() const;
  CallContext context() const;
  bool is_able(const std::string& capability) const;
  // Otherwise the same create comes again only when nothing shows after the kind's settle time.
  bool is_idempotent() const { return !kind_ || !kind_->create.settle; }

  // A host that has just ended is started again by the next look, so what may go away is looked at again.
  Observation observe(const Request& request) const;
  // Until `wanted` is true of it and nobody works on it, or patience ends: then what is seen last.
  Observation observe_until(const Request& request, const Wanted& wanted) const;
  // Until it says something that lasts, or patience ends.
  Result<Outcome> retry(const std::function<Result<Outcome>()>& call) const;
  // create, and what it told becomes part of the request; once it is observed.
  bool make(Request& request) const;
  // Deletes it and waits until it is gone; "": it is.
  std::string clear(const Request& request) const;

  Backend* backend_;
  const ConformanceSample& sample_;
  const KindManifest* kind_;  // null: the sample has no manifest
  Findings findings_;
};

// "it observes {...}".
std::string describe(const Observation& seen);
std::string describe(const Result<Outcome>& answer);
bool is_absent(const Observation& seen);
bool has_mark(const Observation& seen, const Request& request);
// The same object, as far as anybody decides by it.
bool same(const Observation& a, const Observation& b);
// What an author can do something about: neither an accident nor a bug.
bool is_of_input(Code code);
// Words as docs/plugin-abi.md has them; "": they are, else what is wrong.
std::string malformed(const Observation& seen);

}  // namespace tenon
