// Inventory: what Tenon owns, and the record of the last run. inventory/sqlite.h keeps it in a file, memory.h
// does not.
//
// One owner thread. Whoever writes holds the run's lock (inventory/lock.h); readers need none.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/base/result.h"
#include "framework/model/owned.h"

namespace tenon {

class Inventory {
 public:
  virtual ~Inventory() = default;

  // UUID, made with the inventory; it is in every mark.
  virtual const std::string& uuid() const = 0;
  // Made with the inventory and shown nowhere: with it secrets are hashed into handles.
  virtual const std::string& secret_key() const = 0;
  // All rows, by address.
  virtual Result<std::vector<Owned>> owned() = 0;
  virtual Result<std::optional<RunRecord>> last_run() = 0;
  // Where the instances looked when what they own was made.
  virtual Result<Places> places() = 0;
  // All or nothing, durable on return. resource_exhausted: the disk is full; unavailable: it cannot be
  // written; internal: a row that could not be read again. Either way nothing has changed.
  virtual Status commit(std::vector<Record> records) = 0;
};

}  // namespace tenon
