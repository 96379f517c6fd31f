#include "framework/inventory/database.h"

#include <cerrno>
#include <cstring>
#include <optional>

namespace tenon {
namespace {

void read_columns(sqlite3_stmt* statement, std::vector<std::string_view>& columns) {
  columns.clear();
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
    columns.emplace_back(text ? text : "",
                         text ? static_cast<size_t>(sqlite3_column_bytes(statement, i)) : 0);
  }
}

bool is_no_space(int system_error) {
  return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

bool is_about_files(int result) { return result == SQLITE_IOERR || result == SQLITE_CANTOPEN; }

// The statements are our own, so that one makes no sense says something about the file.
Code code_of(int result, int system_error) {
  switch (result) {
    case SQLITE_FULL: return Code::resource_exhausted;
    case SQLITE_NOMEM: return Code::resource_exhausted;
    case SQLITE_IOERR: return is_no_space(system_error) ? Code::resource_exhausted : Code::unavailable;
    case SQLITE_CANTOPEN: return system_error == EACCES ? Code::permission_denied : Code::unavailable;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return Code::permission_denied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT: return Code::unavailable;
    default: return Code::failed_precondition;
  }
}

std::string remedy_for(int result, int system_error) {
  if (result == SQLITE_FULL || is_no_space(system_error))
    return "free some space, or raise the quota or the limit of a file's size, and run the command again";
  if (system_error == EMFILE || system_error == ENFILE)
    return "too many files are open: raise the limit (ulimit -n) and run the command again";
  if (result == SQLITE_IOERR)
    return "look for what the kernel says about this disk, then run the command again";
  if (result == SQLITE_BUSY || result == SQLITE_LOCKED)
    return "another program has it open and locked: end that, then run the command again";
  if (result == SQLITE_READONLY || result == SQLITE_PERM || system_error == EACCES)
    return "this user must be allowed to read and write it and its directory";
  return "";
}

}  // namespace

Error damaged(const std::string& path, const std::string& how) {
  return {Code::failed_precondition,
          "inventory " + path + " is damaged: " + how +
              "; nothing of it is used: restore it from a backup, or move it away and run tenon rebuild"};
}

Result<Database> Database::open(const std::string& path, bool read_only) {
  Database database;
  database.path_ = path;
  sqlite3* db = nullptr;
  const int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  errno = 0;
  const int result = sqlite3_open_v2(path.c_str(), &db, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  database.db_.reset(db);
  if (result != SQLITE_OK) return database.error();
  // Readers and a checkpoint may meet for a moment; writers are kept apart by the run's lock.
  sqlite3_busy_timeout(db, 5000);
  return database;
}

Result<sqlite3_stmt*> Database::prepared(const std::string& sql) {
  auto& kept = statements_[sql];
  if (kept) return kept.get();
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(db_.get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) != SQLITE_OK) {
    Error wrong = error();
    statements_.erase(sql);
    return wrong;
  }
  kept.reset(raw);
  return raw;
}

Status Database::each(const std::string& sql, const std::vector<std::string_view>& arguments,
                      const Visit& visit) {
  const auto prepared = this->prepared(sql);
  if (!prepared) return prepared.error();
  sqlite3_stmt* const statement = *prepared;
  for (size_t i = 0; i < arguments.size(); ++i)
    sqlite3_bind_text64(statement, static_cast<int>(i + 1), arguments[i].data(), arguments[i].size(),
                        SQLITE_STATIC, SQLITE_UTF8);
  std::vector<std::string_view> columns;
  Status visited;
  errno = 0;
  int result = sqlite3_step(statement);
  for (; result == SQLITE_ROW && visited; result = sqlite3_step(statement)) {
    read_columns(statement, columns);
    visited = visit(columns);
  }
  std::optional<Error> wrong;
  if (result != SQLITE_DONE && visited) wrong = error();
  // An open statement would hold on to its locks, and to what the caller gave it.
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (wrong) return *wrong;
  return visited;
}

Result<std::vector<std::vector<std::string>>> Database::query(
    const std::string& sql, const std::vector<std::string_view>& arguments) {
  std::vector<std::vector<std::string>> rows;
  const Status done = each(sql, arguments, [&rows](const std::vector<std::string_view>& columns) {
    rows.emplace_back(columns.begin(), columns.end());
    return Status();
  });
  if (!done) return done.error();
  return rows;
}

Status Database::execute(const std::string& sql, const std::vector<std::string_view>& arguments) {
  return each(sql, arguments, [](const std::vector<std::string_view>&) { return Status(); });
}

// sqlite3_system_errno knows nothing of a COMMIT's errors, so errno itself tells the reason.
Error Database::error() const {
  const int last = errno;
  if (!db_) return {Code::resource_exhausted, "inventory " + path_ + ": out of memory"};
  const int result = sqlite3_extended_errcode(db_.get()) & 0xff;
  const int system_error = is_about_files(result) ? last : 0;
  const Code code = code_of(result, system_error);
  if (code == Code::failed_precondition) return damaged(path_, sqlite3_errmsg(db_.get()));
  std::string what = sqlite3_errmsg(db_.get());
  if (system_error) what += std::string(" (") + std::strerror(system_error) + ")";
  const std::string remedy = remedy_for(result, system_error);
  return {code, "inventory " + path_ + ": " + what + (remedy.empty() ? "" : ": " + remedy)};
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
