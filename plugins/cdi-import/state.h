// The state directory of one import: what the plugin and its worker tell each other through files, so that
// either may die at any moment.
//
//   ledger.json    whose import it is, what to do; written by the plugin, read by the worker. None: no import
//   progress.json  written by the worker, about five times a second
//   failure.json   why the last attempt failed; written by the worker, removed by the next attempt
//   cancel         asks the worker to stop
//   worker.log     for people
//
// Whether a worker lives is told by the claim's lock alone, whether it is done by the claim's mark alone
// (framework/plugin/contents_mark.h). Every call does I/O; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon::cdi {

// The claim that is filled, as its outputs tell.
struct TargetClaim {
  std::string nonce;
  std::string directory;  // of its contents mark and lock
  std::string disk_path;
  int64_t size = 0;

  friend bool operator==(const TargetClaim&, const TargetClaim&) = default;
};

struct Ledger {
  std::string inventory, address, nonce, generation;  // inventory "": nobody's
  std::string import_generation;  // in which the source was given: goes into the claim's mark
  Json spec = Json::object();
  TargetClaim claim;
  Json settings = Json::object();  // of the worker: the plugin's configuration
  Json record;                     // of the inventory's row; null: none
};

struct Progress {
  std::string phase;    // ImportScheduled or ImportInProgress
  std::string message;  // "downloading: 1048576 of 20971520 bytes"
  double fraction = 0;  // of the whole import
  int64_t updated = 0;  // milliseconds since the epoch
};

// reason: one CamelCase word. message: a sentence for people.
struct Failure {
  std::string reason, message;
};

class StateDirectory {
 public:
  explicit StateDirectory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string log_path() const { return path_ + "/worker.log"; }

  // nullopt: no import. A ledger that cannot be read or understood is an error.
  Result<std::optional<Ledger>> ledger() const;
  // Makes the directory if needed.
  Status write_ledger(const Ledger& ledger) const;

  // nullopt also when it cannot be understood: progress is no fact that anything depends on.
  std::optional<Progress> progress() const;
  // Atomic but not durable.
  Status write_progress(const Progress& progress) const;

  Result<std::optional<Failure>> failure() const;
  Status write_failure(const Failure& failure) const;

  bool cancel_requested() const;
  Status request_cancel() const;

  // Before a new attempt: forgets failure, progress and cancellation of the last one.
  Status forget_attempt() const;
  // The ledger goes last, so that what was interrupted is still there to be removed again. Absent succeeds.
  Status remove() const;

 private:
  std::string path_;
};

}  // namespace tenon::cdi
