// Numbers everything that a run does and that lasts, and ends the process at one of the numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "framework/base/files.h"
#include "framework/inventory/inventory.h"

namespace tenon::faults {

// What a process leaves behind besides files that belong to somebody: shared with whoever watches it.
struct Trace {
  int64_t now = 0;        // the fake world's time, in milliseconds since the epoch
  int64_t steps = 0;      // backend calls (before, after their effect, after their answer) and commits
  int64_t writes = 0;     // single operations on the inventory's files
  int64_t last_open = 0;  // the last of them that opens one
  char last[400] = {};    // where it was killed, or why it failed
};

// A Trace in a file, mapped: what was written to it is there after a SIGKILL.
class TraceFile {
 public:
  // Makes it if it is not there.
  static Result<TraceFile> open(const std::string& path);
  ~TraceFile();
  TraceFile(TraceFile&& other) noexcept : trace_(std::exchange(other.trace_, nullptr)) {}
  TraceFile& operator=(TraceFile&&) = delete;

  Trace& operator*() const { return *trace_; }
  Trace* operator->() const { return trace_; }

 private:
  explicit TraceFile(Trace* trace) : trace_(trace) {}

  Trace* trace_;
};

// Where a process is to end: at the step or at the write of this number; 0: nowhere.
struct Kill {
  int64_t step = 0;
  int64_t write = 0;
};

class Tracer {
 public:
  Tracer(Trace& trace, Kill kill) : trace_(trace), kill_(kill) {}

  // Counts; does not return where the process is to end.
  void step(std::string_view what, const std::string& subject);
  void write(std::string_view what, const std::string& path);

 private:
  void pass(bool last, std::string_view what, const std::string& subject);

  Trace& trace_;
  const Kill kill_;
};

// Steps before and after every commit.
class TracedInventory final : public Inventory {
 public:
  TracedInventory(Inventory& inner, Tracer& tracer) : inner_(inner), tracer_(tracer) {}

  const std::string& uuid() const override { return inner_.uuid(); }
  const std::string& secret_key() const override { return inner_.secret_key(); }
  Result<std::vector<Owned>> owned() override { return inner_.owned(); }
  Result<std::optional<RunRecord>> last_run() override { return inner_.last_run(); }
  Result<Places> places() override { return inner_.places(); }
  Status commit(std::vector<Record> records) override;

 private:
  Inventory& inner_;
  Tracer& tracer_;
};

}  // namespace tenon::faults
