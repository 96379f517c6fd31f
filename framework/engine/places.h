// Where an instance looks, and where what it owns was made. Absent needs an answer from the place where
// something was made: an instance that looks elsewhere by now says nothing about it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "framework/backend/forwarding.h"
#include "framework/engine/engine.h"

namespace tenon {

// The values of a configuration that its schema marks x-place, null where one is not set, by their JSON
// pointers.
Json place_of(const Schema& schema, const Json& configuration);

// Instances that own something and look elsewhere than where it was made, each with what is said about
// everything of it. What is recorded of neither place is not compared. The result's error is the inventory's.
Result<std::map<std::string, Error>> moved_instances(Inventory& inventory, const Places& now);

std::set<std::string> instances_of(const std::vector<Owned>& rows);

// What is to be recorded when the instances that owned something before and those that will are these: where
// each looks now, as far as it is not known where what it owns was made.
Places next_places(const Places& recorded, const Places& now, const std::set<std::string>& before,
                   const std::set<std::string>& after);

// Before a plan is carried out, or when there is nothing to do. Commits nothing where nothing is new.
Status record_places(const World& world, const Planned& planned);

// An instance that looks elsewhere: everything is unknown, and nothing is done. What needs no look at the
// world goes on.
class MovedBackend final : public ForwardingBackend {
 public:
  // inner: outlives it.
  MovedBackend(Backend& inner, Error error) : ForwardingBackend(inner), error_(std::move(error)) {}

  Result<Observed> observe(const std::vector<Request>& requests, const CallContext&) override;
  Result<Outcome> create(const Request&, const CallContext&) override { return error_; }
  Result<Outcome> update(const Request&, const CallContext&) override { return error_; }
  Result<Outcome> remove(const Request&, const CallContext&) override { return error_; }
  Result<ListPage> list(const std::string&, const std::string&, const CallContext&) override {
    return error_;
  }
  Result<ActionResult> act(const Request&, const std::string&, const Json&, const CallContext&) override {
    return error_;
  }

 private:
  const Error error_;
};

}  // namespace tenon
