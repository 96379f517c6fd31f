// The fake world of the crash tests: objects, long work, calls on their way, and time, in files that no
// killed process takes with it.
//
// Kinds and their ways:
//
//   Box      ready at once, found by its address, or by its identity where it moves; its name is unique
//
//   Token    ready at once, found by nonce or identity alone, or also by its mark; its name is not unique,
//            so a create under a new nonce makes a second one
//
//   Ticket   as a Token; shows late, and a create before that makes a second one of the same nonce
//
//   Parcel   as a Box; is there for a while before it is marked, and for good if its create is cut off then
//
//   Disk     a claim; holds what an Import put into it, and keeps it
//
//   Import   fills a Disk: work that goes on by the world's clock, whoever is killed; some workers die
//            halfway
//
//   Machine  uses a filled Disk
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "framework/backend/backend.h"
#include "framework/base/clock.h"
#include "framework/base/files.h"
#include "framework/faults/tracer.h"
#include "framework/run/scheduler.h"

namespace tenon::faults {

struct Object {
  Address address;
  Mark mark;  // empty: nobody's
  Json spec;
  std::string id;
  Time visible_from{};
  Time work_began{};
  int deaths_left = 0;
  std::optional<Time> removed;
  int64_t size = 0;  // as its spec says
  Json filled;       // of a Disk: {"importer", "generation"}; null: nothing is in it
};

// What has ever been done, for the judge.
struct Ledger {
  std::map<std::string, int> made, unmade;  // by address: objects
  std::vector<std::string> wrong;           // what should never have been done, as a sentence each
};

// How a Token or Ticket is found whose nonce and identity nobody knows any more. by_mark: by inventory and
// address, and as soon as it is made: what shows late would be made again by then.
enum class Tokens { by_nonce, by_mark };

// One process and thread at a time. A change and its mark are one write to an append-only file.
class FileWorld final : public Clock {
 public:
  // trace holds the time and outlives the world.
  static Result<std::unique_ptr<FileWorld>> open(const std::string& path, Trace& trace);
  // Of a copy of its file, without reading it again.
  Result<std::unique_ptr<FileWorld>> copy_at(const std::string& path) const;
  // Reads what other processes have written since, and counts as opened now.
  Status catch_up();

  Time now() const override { return Time(Duration(trace_.now)); }
  void advance(Duration duration) { trace_.now += duration.count(); }

  Observation look(const Request& request);
  // Of a Parcel without a mark, which the next one gives it.
  Result<Outcome> create(const Request& request);
  Result<Outcome> update(const Request& request);
  Result<Outcome> remove(const Request& request);

  // Every thing takes its size of the pool "room". What has appeared since this world was opened is not
  // counted: an earlier look of the same plan has not seen it either, and asks for room to make it.
  Pools pools() const;
  // From now on more is wrong; 0: there is no such pool.
  void limit_room(int64_t room) { room_ = room; }
  void find_tokens(Tokens how) { tokens_ = how; }
  // Somebody makes it by hand.
  void put_unmarked(const Address& address, const Json& spec);

  // A call reaches whoever makes it, and may be made after its caller has died. The number is for begin.
  int accept(CallKind kind, const Request& request);
  // What changes next is the effect of this call; end: it has none any more.
  void begin(int call) { current_ = call; }
  void end();
  // Makes what dead callers left on its way, or loses it, as chance has it.
  void finish_abandoned(std::mt19937& random);
  // Writes the file anew with what exists and without its history.
  Status forget_history();

  const std::map<std::string, Object>& objects() const { return objects_; }
  const Ledger& ledger() const { return ledger_; }

 private:
  struct Accepted {
    CallKind kind;
    Request request;
  };

  FileWorld(std::string path, FileDescriptor file, Trace& trace)
      : path_(std::move(path)), file_(std::move(file)), trace_(trace) {}
  Status replay(const std::string& text);
  void apply(const Json& line);
  // One write: all of it, and that the current call has had its effect.
  void commit(std::vector<Json> lines);

  Object* find(const Request& request);
  Object* find_by_mark(const Request& request);
  Object* disk_of(const Object& import);
  const Object* present(const std::string& kind, const std::string& name) const;
  void keep(Object object);
  void drop(const std::string& id);
  Result<Outcome> make(const Request& request, std::vector<Json> lines);
  Result<Outcome> mark(const Object& object, const Request& request);
  void complain_of_missing_needs(const Address& address, const Json& spec, std::vector<Json>& lines) const;
  void complain_of_users(const Object& object, std::vector<Json>& lines) const;
  void complain_of_room(const Object& changed, std::vector<Json>& lines) const;
  void unlist(const Object& object);
  bool is_dead(const Object& import) const;
  bool is_done(const Object& import);
  Observation seen(const Object& object);
  void settle();

  const std::string path_;
  FileDescriptor file_;
  Trace& trace_;
  Time opened_{};
  off_t read_ = 0;                         // so much of the file is in the members below
  std::map<std::string, Object> objects_;  // by id
  std::map<Address, std::vector<Object*>> by_address_;
  std::map<std::string, Time> restless_;  // time may change them, from then on
  Time quiet_until_{};                    // time changes nothing before that, if nothing else does
  std::map<int, Accepted> accepted_;
  Ledger ledger_;
  int64_t room_ = 0;
  Tokens tokens_ = Tokens::by_nonce;
  int last_call_ = 0;
  int current_ = 0;
};

}  // namespace tenon::faults
