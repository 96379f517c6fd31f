#include "framework/inventory/database.h"

#include <cerrno>

namespace tenon {
namespace {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

std::vector<std::string> columns_of(sqlite3_stmt* statement) {
  std::vector<std::string> columns;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
    columns.emplace_back(text ? text : "",
                         text ? static_cast<size_t>(sqlite3_column_bytes(statement, i)) : 0);
  }
  return columns;
}

Code code_of(int result, int system_error) {
  switch (result & 0xff) {
    case SQLITE_FULL: return Code::resource_exhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Code::failed_precondition;
    case SQLITE_PERM:
    case SQLITE_READONLY: return Code::permission_denied;
    case SQLITE_CANTOPEN: return system_error == EACCES ? Code::permission_denied : Code::unavailable;
    default: return Code::unavailable;
  }
}

}  // namespace

Result<Database> Database::open(const std::string& path, bool read_only) {
  Database database;
  database.path_ = path;
  sqlite3* db = nullptr;
  const int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  const int result = sqlite3_open_v2(path.c_str(), &db, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  database.db_.reset(db);
  if (result != SQLITE_OK) return database.error();
  // Readers and a checkpoint may meet for a moment; writers are kept apart by the run's lock.
  sqlite3_busy_timeout(db, 5000);
  return database;
}

Result<std::vector<std::vector<std::string>>> Database::query(
    const std::string& sql, const std::vector<std::string_view>& arguments) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) return error();
  const Statement statement(raw);
  for (size_t i = 0; i < arguments.size(); ++i)
    sqlite3_bind_text64(raw, static_cast<int>(i + 1), arguments[i].data(), arguments[i].size(), SQLITE_STATIC,
                        SQLITE_UTF8);
  std::vector<std::vector<std::string>> rows;
  int result = sqlite3_step(raw);
  for (; result == SQLITE_ROW; result = sqlite3_step(raw)) rows.push_back(columns_of(raw));
  if (result != SQLITE_DONE) return error();
  return rows;
}

Status Database::execute(const std::string& sql, const std::vector<std::string_view>& arguments) {
  const auto rows = query(sql, arguments);
  return rows ? Status() : Status(rows.error());
}

Error Database::error() const {
  if (!db_) return {Code::resource_exhausted, "inventory " + path_ + ": out of memory"};
  const int result = sqlite3_extended_errcode(db_.get());
  const Code code = code_of(result, sqlite3_system_errno(db_.get()));
  const std::string what = code == Code::failed_precondition ? " is damaged: " : ": ";
  return {code, "inventory " + path_ + what + sqlite3_errmsg(db_.get())};
}

Result<Transaction> Transaction::begin(Database& database, bool write) {
  if (Status begun = database.execute(write ? "BEGIN IMMEDIATE" : "BEGIN"); !begun) return begun.error();
  return Transaction(&database);
}

Transaction::~Transaction() {
  // An error means that SQLite has rolled back by itself.
  if (database_) [[maybe_unused]]
    const Status status = database_->execute("ROLLBACK");
}

Status Transaction::commit() {
  Status committed = database_->execute("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace tenon
