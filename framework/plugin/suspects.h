// What has crashed the plugin of one instance, for as long as its backend lives: a run of the command line.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "framework/base/result.h"

namespace tenon {

// Thread-safe. Keyed by address, as text.
class Suspects {
 public:
  // Its mutating call was in flight when the host crashed. Perhaps another call did it, so it may be made
  // once more, alone. The second time it was this one: the error says that nothing changes it any more.
  Error crashed_changing(const std::string& address, const Error& crash);
  // A mutating call was answered: it was not this one.
  void answered(const std::string& address);
  bool must_be_alone(const std::string& address) const;

  // A question about it (observe, expand, check …) crashed the host, among others and alone: nobody asks that
  // again, nor changes it.
  Error crashed_asking(const std::string& address, const std::string& question, const Error& crash);

  // Nothing has crashed until now.
  bool empty() const;
  // Why no call is made; nothing: it may be. Deleting needs no answer to what it is made of or takes.
  std::optional<Error> refuses_change(const std::string& address, bool deletes) const;
  std::optional<Error> refuses_question(const std::string& address, const std::string& question) const;

 private:
  struct Record {
    int crashes = 0;
    std::optional<Error> change;             // quarantined, and why
    std::map<std::string, Error> questions;  // those that are not asked any more, and why
  };

  mutable std::mutex mutex_;
  std::map<std::string, Record> records_;
};

}  // namespace tenon
