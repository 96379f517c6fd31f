// An inventory that lives as long as the object: for tests, and for reading where no file exists yet.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "framework/inventory/inventory.h"

namespace tenon {

// Copyable: a copy is what a crash at this moment would leave behind.
class MemoryInventory final : public Inventory {
 public:
  MemoryInventory();  // with a new UUID
  explicit MemoryInventory(std::string uuid);

  const std::string& uuid() const override { return uuid_; }
  const std::string& secret_key() const override { return secret_key_; }
  Result<std::vector<Owned>> owned() override;
  Result<std::optional<RunRecord>> last_run() override { return run_; }
  Result<Places> places() override { return places_; }
  Status commit(std::vector<Record> records) override;

 private:
  std::string uuid_, secret_key_;
  std::map<Address, std::shared_ptr<const Owned>> owned_;
  std::optional<RunRecord> run_;
  Places places_;
};

}  // namespace tenon
