// SQLite in Tenon's words: connections and statements that clean up, errors as Results. Only inventory/*.cc
// uses it. One thread at a time.
#pragma once

#include <sqlite3.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/base/result.h"

namespace tenon {

// failed_precondition, with what to do.
Error damaged(const std::string& path, const std::string& how);

class Database {
 public:
  // The file exists. Errors as in error().
  static Result<Database> open(const std::string& path, bool read_only);

  // Every result row as text columns. `sql` is one statement; `arguments` fill its question marks.
  Result<std::vector<std::vector<std::string>>> query(const std::string& sql,
                                                      const std::vector<std::string_view>& arguments = {});
  // Each result row in turn; its columns are valid until the next.
  using Visit = std::function<Status(const std::vector<std::string_view>& columns)>;
  Status each(const std::string& sql, const std::vector<std::string_view>& arguments, const Visit& visit);
  Status execute(const std::string& sql, const std::vector<std::string_view>& arguments = {});

  const std::string& path() const { return path_; }
  // SQLite's last complaint, with the file's name and what to do. resource_exhausted: no space;
  // failed_precondition: the file is damaged; permission_denied; otherwise unavailable.
  Error error() const;

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  Result<sqlite3_stmt*> prepared(const std::string& sql);

  std::string path_;
  std::unique_ptr<sqlite3, Close> db_;
  // By their text; there are few different ones, and most are executed again and again.
  std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

// Rolls back unless committed.
class Transaction {
 public:
  // write: takes the write lock now, so that nothing fails halfway for want of it.
  static Result<Transaction> begin(Database& database, bool write);
  ~Transaction();
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;

  Status commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}

  Database* database_;
};

}  // namespace tenon
