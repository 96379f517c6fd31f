// What is left of the world and the inventory when a run has ended, and how two such ends differ.
#pragma once

#include <map>
#include <string>

#include "framework/base/json.h"
#include "framework/faults/file_world.h"

namespace tenon::faults {

// Canonical: nonces, identities and UUIDs are replaced by what they are equal to, and times are left out, so
// that two runs that ended alike are equal.
struct Ending {
  struct Thing {
    std::vector<Json> objects;  // in the world
    Json row;                   // in the inventory; null: none
  };
  std::map<std::string, Thing> things;  // by address
  Ledger ledger;
  bool run_ended = false;  // the last run is recorded as ended, with every step done
};

// inventory: its file.
Result<Ending> ending_of(const std::string& inventory, const FileWorld& world);

struct Findings {
  int64_t kills = 0;
  int64_t lost = 0;             // expected, and not in the world or not in the inventory
  int64_t leaked = 0;           // in the world, and nobody's
  int64_t doubled = 0;          // made more often than without a kill
  int64_t wrongly_deleted = 0;  // removed more often, or while something used it
  int64_t different = 0;        // anything else that is not as without a kill
  int re_runs = 0;              // the most that were needed
  std::string story;            // of the first thing that was wrong

  bool good() const { return lost + leaked + doubled + wrongly_deleted + different == 0 && re_runs <= 1; }
  void add(const Findings& other);
};

// "kills 2000, lost 0, leaked 0, doubled 0, wrongly deleted 0, otherwise different 0, re-runs 1"
std::string to_string(const Findings& findings);

Findings compare(const Ending& expected, const Ending& actual);

}  // namespace tenon::faults
