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

Error Suspects::crashed_asking(const std::string& address, const std::string& question, const Error& crash) {
  const std::lock_guard lock(mutex_);
  const Error why = left_alone(address, crash);
  records_[address].questions.emplace(question, why);
  return why;
}

bool Suspects::empty() const {
  const std::lock_guard lock(mutex_);
  return records_.empty();
}

std::optional<Error> Suspects::refuses_change(const std::string& address, bool deletes) const {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(address);
  if (found == records_.end()) return {};
  const Record& record = found->second;
  if (record.change || record.questions.empty()) return as_bug(record.change);
  const auto why = deletes ? record.questions.find("observe") : record.questions.begin();
  return why == record.questions.end() ? std::optional<Error>() : as_bug(why->second);
}

std::optional<Error> Suspects::refuses_question(const std::string& address,
                                                const std::string& question) const {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(address);
  if (found == records_.end()) return {};
  const auto why = found->second.questions.find(question);
  return why == found->second.questions.end() ? std::optional<Error>() : as_bug(why->second);
}

}  // namespace tenon
