#include "framework/plugin/suspects.h"

namespace tenon {
namespace {

Error left_alone(const std::string& address, const Error& crash) {
  return {crash.code,
          address + " crashed its plugin twice and is left alone for the rest of this run: " + crash.message};
}

// Nothing was called, so nothing is unknown: a bug, which no retry mends.
std::optional<Error> as_bug(std::optional<Error> why) {
  if (why) why->code = Code::internal;
  return why;
}

}  // namespace

Error Suspects::crashed_changing(const std::string& address, const Error& crash) {
  const std::lock_guard lock(mutex_);
  Record& record = records_[address];
  if (++record.crashes < 2) return crash;
  record.change = left_alone(address, crash);
  return *record.change;
}

void Suspects::answered(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (const auto found = records_.find(address); found != records_.end()) found->second.crashes = 0;
}

bool Suspects::must_be_alone(const std::string& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(address);
  return found != records_.end() && found->second.crashes > 0;
}

Error Suspects::crashed_looking(const std::string& address, const Error& crash) {
  const std::lock_guard lock(mutex_);
  Record& record = records_[address];
  record.look = left_alone(address, crash);
  return *record.look;
}

std::optional<Error> Suspects::refuses_change(const std::string& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(address);
  if (found == records_.end()) return {};
  return as_bug(found->second.change ? found->second.change : found->second.look);
}

std::optional<Error> Suspects::refuses_look(const std::string& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(address);
  return found == records_.end() ? std::optional<Error>() : as_bug(found->second.look);
}

}  // namespace tenon
