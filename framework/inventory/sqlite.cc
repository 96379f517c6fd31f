#include "framework/inventory/sqlite.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>

#include "framework/base/digest.h"
#include "framework/base/files.h"
#include "framework/base/ranges.h"
#include "framework/base/secret.h"
#include "framework/inventory/database.h"
#include "framework/inventory/memory.h"
#include "framework/inventory/records.h"
#include "framework/inventory/rows.h"

namespace tenon {
namespace {

constexpr int kFormatVersion = kInventoryFormatVersion;
constexpr const char* kTables[] = {"resources", "run", "steps"};
// The first whose sum counts the places of instances.
constexpr int kCountsPlaces = 4;
// Rows per thread below which another thread does not pay.
constexpr size_t kWorthAThread = 500;

struct Meta {
  int format = 0;
  std::string uuid;
  std::string sum;     // 64 hex digits
  std::string key;     // "" before format 3
  std::string places;  // digest and JSON; "": none
};

struct Row {
  std::string key;
  std::string text;
};

std::string digest_of(std::string_view table, std::string_view key, std::string_view text) {
  constexpr std::string_view kEnd("\0", 1);
  Sha256 digest;
  for (const std::string_view part : {table, kEnd, key, kEnd, text}) digest.update(part);
  return digest.finish().substr(7);
}

int hex_value(char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; }

// Adds a digest to the sum, or takes it out again: exclusive or is its own inverse, and knows no order.
void toggle(std::string& sum, std::string_view digest) {
  for (size_t i = 0; i < sum.size() && i < digest.size(); ++i)
    sum[i] = "0123456789abcdef"[(hex_value(sum[i]) ^ hex_value(digest[i])) & 0xf];
}

// What the sum starts with, so that the meta row is covered too.
std::string sum_of_meta(const Meta& meta) {
  std::string text = std::to_string(meta.format);
  if (!meta.key.empty()) text += " " + meta.key;
  if (meta.format >= kCountsPlaces) text += " " + meta.places;
  return digest_of("meta", meta.uuid, text);
}

std::string step_key(int step) {
  const std::string digits = std::to_string(step);
  return std::string(10 - std::min<size_t>(10, digits.size()), '0') + digits;
}

constexpr size_t kDigestLength = 64;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string places_text(const Places& places) {
  const std::string text = text_of(places);
  return digest_of("meta", "places", text) + " " + text;
}

// Their JSON. Nothing: it is not what was written.
std::optional<std::string> places_json(const std::string& text) {
  if (text.empty()) return "{}";
  const std::string json = text.substr(std::min(text.size(), kDigestLength + 1));
  return digest_of("meta", "places", json) + " " + json == text ? std::optional(json) : std::nullopt;
}

Result<std::vector<std::string>> table_names(Database& database) {
  const auto rows = database.query("SELECT name FROM sqlite_master WHERE type = 'table'");
  if (!rows) return rows.error();
  std::vector<std::string> names;
  for (const auto& row : *rows) names.push_back(row[0]);
  return names;
}

Result<Meta> read_meta(Database& database) {
  const auto rows = database.query("SELECT * FROM meta");
  if (!rows) return rows.error();
  if (rows->size() != 1) return damaged(database.path(), "its meta row is missing");
  const auto& row = rows->front();
  Meta meta{.format = std::atoi(row[0].c_str()), .uuid = row[1], .sum = row[2]};
  if (row.size() > 3) meta.key = row[3];
  if (row.size() > 4) meta.places = row[4];
  if (!places_json(meta.places)) return damaged(database.path(), "the places of its instances differ");
  return meta;
}

// What comes of checking some rows of a table.
struct Checks {
  std::string sum = std::string(64, '0');  // of their digests
  std::string wrong;                       // the key of a row with another digest
};

// All rows of a table by key, each checked against its digest; adds their digests to sum.
Result<std::vector<Row>> read_table(Database& database, const std::string& table, std::string& sum) {
  std::vector<Row> rows;
  std::vector<std::string> digests;
  const auto take = [&](const std::vector<std::string_view>& row) {
    rows.push_back({std::string(row[0]), std::string(row[1])});
    digests.emplace_back(row[2]);
    return Status();
  };
  const Status done = database.each("SELECT key, text, digest FROM " + table + " ORDER BY key", {}, take);
  if (!done) return done.error();
  const auto check = [&](size_t begin, size_t end, Checks& checks) {
    for (size_t i = begin; i < end && checks.wrong.empty(); ++i) {
      if (digest_of(table, rows[i].key, rows[i].text) != digests[i]) checks.wrong = rows[i].key;
      toggle(checks.sum, digests[i]);
    }
  };
  for (const Checks& checks : in_ranges<Checks>(rows.size(), kWorthAThread, check)) {
    if (!checks.wrong.empty())
      return damaged(database.path(), "row " + checks.wrong + " of table " + table + " has another digest");
    toggle(sum, checks.sum);
  }
  return rows;
}

// The rows of the first table, once those of all have been checked.
Result<std::vector<Row>> verify(Database& database, const Meta& meta) {
  std::string sum = sum_of_meta(meta);
  std::vector<Row> resources;
  for (const char* table : kTables) {
    auto rows = read_table(database, table, sum);
    if (!rows) return rows.error();
    if (table == kTables[0]) resources = *std::move(rows);
  }
  if (sum != meta.sum)
    return damaged(database.path(), "the sum over its rows differs, so rows are missing or were put back");
  return resources;
}

// Changes whenever another connection has committed; "": cannot be told.
std::string version_of(Database& database) {
  const auto rows = database.query("PRAGMA data_version");
  return rows && rows->size() == 1 ? rows->front()[0] : "";
}

Status create_tables(Database& database, const std::string& uuid, const std::string& key) {
  const Meta meta{.format = kFormatVersion, .uuid = uuid, .key = key};
  if (Status s = database.execute("CREATE TABLE meta (format INTEGER NOT NULL, uuid TEXT NOT NULL, sum TEXT "
                                  "NOT NULL, key TEXT NOT NULL, places TEXT NOT NULL DEFAULT '')");
      !s)
    return s;
  for (const char* table : kTables) {
    const Status made = database.execute("CREATE TABLE " + std::string(table) +
                                         " (key TEXT PRIMARY KEY, text TEXT NOT NULL, digest TEXT NOT NULL)"
                                         " WITHOUT ROWID");
    if (!made) return made;
  }
  return database.execute("INSERT INTO meta VALUES (?, ?, ?, ?, '')",
                          {std::to_string(kFormatVersion), uuid, sum_of_meta(meta), meta.key});
}

Error newer(const std::string& path, int format) {
  return {Code::failed_precondition, "inventory " + path + " has format " + std::to_string(format) +
                                         "; this tenon knows up to " + std::to_string(kFormatVersion) +
                                         ": use a newer tenon"};
}

// A run's text with its end, without reading the plan in it again. Members stand by name.
std::string with_end(const std::string& run, Time ended) {
  return "{\"ended\":" + std::to_string(ended.time_since_epoch().count()) + "," + run.substr(1);
}

// Applies records within one transaction and keeps the sum.
class Writer {
 public:
  Writer(Database& database, Meta meta) : database_(database), meta_(std::move(meta)) {}

  Status operator()(const PutOwned& put) {
    return store("resources", to_string(put.owned->address), text_of(to_json(*put.owned)));
  }
  Status operator()(const DropOwned& drop) { return remove("resources", to_string(drop.address)); }
  Status operator()(const BeginRun& begin) {
    for (const char* table : {"run", "steps"})
      if (Status cleared = clear(table); !cleared) return cleared;
    for (const StepRecord& step : begin.run.steps)
      if (Status stored = insert("steps", step_key(step.step), text_of(to_json(step))); !stored)
        return stored;
    return insert("run", begin.run.id, run_text(begin.run));
  }
  Status operator()(const PutStep& put) {
    return store("steps", step_key(put.step.step), text_of(to_json(put.step)));
  }
  Status operator()(const EndRun& end) {
    const auto rows = database_.query("SELECT text FROM run WHERE key = ?", {end.run});
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    return store("run", end.run, with_end(rows->front()[0], end.ended));
  }
  Status operator()(const PutPlaces& put) {
    toggle(meta_.sum, sum_of_meta(meta_));
    meta_.places = places_text(put.places);
    toggle(meta_.sum, sum_of_meta(meta_));
    return database_.execute("UPDATE meta SET places = ?", {meta_.places});
  }
  Status finish() { return database_.execute("UPDATE meta SET sum = ?", {meta_.sum}); }

 private:
  Status toggle_stored(const std::string& table, const std::string& where,
                       const std::vector<std::string_view>& arguments) {
    const auto rows = database_.query("SELECT digest FROM " + table + where, arguments);
    if (!rows) return rows.error();
    for (const auto& row : *rows) toggle(meta_.sum, row[0]);
    return {};
  }
  Status store(const std::string& table, const std::string& key, const std::string& text) {
    if (Status s = toggle_stored(table, " WHERE key = ?", {key}); !s) return s;
    return insert(table, key, text);
  }
  // Nothing is stored under the key.
  Status insert(const std::string& table, const std::string& key, const std::string& text) {
    const std::string digest = digest_of(table, key, text);
    toggle(meta_.sum, digest);
    return database_.execute("INSERT OR REPLACE INTO " + table + " VALUES (?, ?, ?)", {key, text, digest});
  }
  Status remove(const std::string& table, const std::string& key) {
    if (Status s = toggle_stored(table, " WHERE key = ?", {key}); !s) return s;
    return database_.execute("DELETE FROM " + table + " WHERE key = ?", {key});
  }
  Status clear(const std::string& table) {
    if (Status s = toggle_stored(table, "", {}); !s) return s;
    return database_.execute("DELETE FROM " + table);
  }

  Database& database_;
  Meta meta_;
};

Status write_records(Database& database, const Meta& meta, const std::vector<Record>& records) {
  if (Status readable = check_records(records); !readable) return readable;
  Writer writer(database, meta);
  for (const Record& record : records)
    if (Status written = std::visit(writer, record); !written) return written;
  return writer.finish();
}

// Some of them, read.
struct OwnedRows {
  std::vector<Owned> rows;
  std::string wrong;  // which cannot be read, and why

  void add(const Row& row) {
    auto owned = owned_from_json(Json::parse(row.text, nullptr, false));
    if (!owned) {
      wrong = "row " + row.key + ": " + owned.error().message;
      return;
    }
    if (!rows.empty()) share_names(rows.back().address, owned->address);
    rows.push_back(std::move(*owned));
  }
};

bool by_address(const Owned& a, const Owned& b) { return a.address < b.address; }

class SqliteInventory final : public Inventory {
 public:
  // resources: as they were when the database had this version.
  SqliteInventory(Database database, const Meta& meta, OpenMode mode, std::vector<Row> resources,
                  std::string version)
      : database_(std::move(database)),
        uuid_(meta.uuid),
        key_(meta.key),
        mode_(mode),
        resources_(std::move(resources)),
        version_(std::move(version)) {}

  const std::string& uuid() const override { return uuid_; }
  const std::string& secret_key() const override { return key_; }

  Result<std::vector<Owned>> owned() override {
    const auto rows = resources();
    if (!rows) return rows.error();
    const auto read = [&rows](size_t begin, size_t end, OwnedRows& part) {
      for (size_t i = begin; i < end && part.wrong.empty(); ++i) part.add((*rows)[i]);
    };
    std::vector<Owned> owned;
    owned.reserve(rows->size());
    for (OwnedRows& part : in_ranges<OwnedRows>(rows->size(), kWorthAThread, read)) {
      if (!part.wrong.empty()) return damaged(database_.path(), part.wrong);
      std::move(part.rows.begin(), part.rows.end(), std::back_inserter(owned));
    }
    // By key they stand nearly so.
    if (std::is_sorted(owned.begin(), owned.end(), by_address)) return owned;
    std::sort(owned.begin(), owned.end(), by_address);
    return owned;
  }

  Result<std::optional<RunRecord>> last_run() override {
    // Both tables as of one moment.
    auto transaction = Transaction::begin(database_, false);
    if (!transaction) return transaction.error();
    std::string sum;
    const auto runs = read_table(database_, "run", sum);
    if (!runs) return runs.error();
    if (runs->empty()) return std::optional<RunRecord>();
    auto run = run_from_text(runs->front().text);
    if (!run) return damaged(database_.path(), run.error().message);
    const auto steps = read_table(database_, "steps", sum);
    if (!steps) return steps.error();
    for (const Row& row : *steps) {
      auto step = step_from_json(Json::parse(row.text, nullptr, false));
      if (!step) return damaged(database_.path(), step.error().message);
      run->steps.push_back(std::move(*step));
    }
    return std::optional<RunRecord>(std::move(*run));
  }

  Result<Places> places() override {
    const auto meta = read_meta(database_);
    if (!meta) return meta.error();
    return Json::parse(*places_json(meta->places)).get<Places>();
  }

  Status commit(std::vector<Record> records) override {
    if (records.empty()) return {};
    if (mode_ == OpenMode::read)
      return Error{Code::failed_precondition, "inventory " + database_.path() + " was opened for reading"};
    resources_.reset();
    auto transaction = Transaction::begin(database_, true);
    if (!transaction) return transaction.error();
    const auto meta = read_meta(database_);
    if (!meta) return meta.error();
    if (Status written = write_records(database_, *meta, records); !written) return written;
    return transaction->commit();
  }

 private:
  // Those that were read to check them, if nobody has written since.
  Result<std::vector<Row>> resources() {
    auto known = std::exchange(resources_, std::nullopt);
    if (known && !version_.empty() && version_of(database_) == version_) return *std::move(known);
    std::string sum;
    return read_table(database_, "resources", sum);
  }

  Database database_;
  std::string uuid_, key_;
  OpenMode mode_;
  std::optional<std::vector<Row>> resources_;  // for the first who asks
  std::string version_;
};

// All of it is in the file itself before the journal begins.
Status write_new(const std::string& path, const std::string& uuid, const std::string& key,
                 const std::vector<Record>& records) {
  auto database = Database::open(path, false);
  if (!database) return database.error();
  auto transaction = Transaction::begin(*database, true);
  if (!transaction) return transaction.error();
  if (Status made = create_tables(*database, uuid, key); !made) return made;
  const auto meta = read_meta(*database);
  if (!meta) return meta.error();
  if (Status written = write_records(*database, *meta, records); !written) return written;
  if (Status committed = transaction->commit(); !committed) return committed;
  return database->execute("PRAGMA journal_mode = WAL");
}

// Made under another name, so that a file of this name was whole once, and one without tables is damaged.
// SQLite gives its journal files the mode of the database.
Status make_file(const std::string& path, const std::string& uuid, const std::string& key,
                 const std::vector<Record>& records = {}) {
  const std::string parent = std::filesystem::path(path).parent_path();
  const std::string directory = parent.empty() ? "." : parent;
  if (Status made = make_directories(directory); !made) return made;
  const std::string fresh = path + ".new";
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) unlink((fresh + suffix).c_str());
  if (!FileDescriptor(::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)))
    return errno_error("creating", fresh, errno);
  if (Status written = write_new(fresh, uuid, key, records); !written) return written;
  if (rename(fresh.c_str(), path.c_str()) != 0) return errno_error("renaming to", path, errno);
  return sync_directory(directory);
}

// Files of older programs may have no room for it.
Status make_room_for(Database& database, const std::string& column) {
  const auto known = database.query("SELECT name FROM pragma_table_info('meta') WHERE name = ?", {column});
  if (!known) return known.error();
  if (!known->empty()) return {};
  return database.execute("ALTER TABLE meta ADD COLUMN " + column + " TEXT NOT NULL DEFAULT ''");
}

// Of this program's format and that UUID. Before format 3 there was no key.
Status change_meta(Database& database, Meta& meta, const std::string& uuid, const std::string& key) {
  toggle(meta.sum, sum_of_meta(meta));
  meta.uuid = uuid;
  meta.format = kFormatVersion;
  if (meta.key.empty()) meta.key = key;
  for (const char* column : {"key", "places"})
    if (Status made = make_room_for(database, column); !made) return made;
  toggle(meta.sum, sum_of_meta(meta));
  return database.execute("UPDATE meta SET format = ?, uuid = ?, sum = ?, key = ?",
                          {std::to_string(meta.format), meta.uuid, meta.sum, meta.key});
}

// Within a transaction: everything in it is as it should be.
struct Checked {
  Meta meta;
  std::vector<Row> resources;
};
Result<Checked> check(Database& database) {
  const auto tables = table_names(database);
  if (!tables) return tables.error();
  if (tables->empty()) return damaged(database.path(), "it holds no tables");
  auto meta = read_meta(database);
  if (!meta) return meta.error();
  if (meta->format > kFormatVersion) return newer(database.path(), meta->format);
  auto resources = verify(database, *meta);
  if (!resources) return resources.error();
  return Checked{*std::move(meta), *std::move(resources)};
}

Result<std::unique_ptr<Inventory>> open_checked(Database database, OpenMode mode) {
  auto transaction = Transaction::begin(database, mode == OpenMode::write);
  if (!transaction) return transaction.error();
  auto checked = check(database);
  if (!checked) return checked.error();
  Meta& meta = checked->meta;
  std::string version = version_of(database);
  if (mode == OpenMode::write && meta.format < kFormatVersion)
    if (Status raised = change_meta(database, meta, meta.uuid, random_key()); !raised) return raised.error();
  if (Status committed = transaction->commit(); !committed) return committed.error();
  if (meta.key.empty()) meta.key = random_key();  // of an older format: for as long as it is read
  return std::unique_ptr<Inventory>(std::make_unique<SqliteInventory>(
      std::move(database), meta, mode, std::move(checked->resources), std::move(version)));
}

Result<Database> open_for_writing(const std::string& path) {
  auto database = Database::open(path, false);
  if (!database) return database;
  for (const char* pragma :
       {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON"})
    if (Status set = database->execute(pragma); !set) return set.error();
  return database;
}

// Its records of a run are another inventory's.
Status take_uuid(Database& database, Meta& meta, const std::string& uuid, const std::string& key) {
  const auto rows = database.query("SELECT key FROM resources LIMIT 1");
  if (!rows) return rows.error();
  if (!rows->empty())
    return Error{Code::failed_precondition, database.path() + " is inventory " + meta.uuid + " and not " +
                                                uuid + ": name another directory with --state"};
  if (Status changed = change_meta(database, meta, uuid, key); !changed) return changed;
  for (const char* table : {"run", "steps"})
    if (Status cleared = database.execute("DELETE FROM " + std::string(table)); !cleared) return cleared;
  meta.sum = sum_of_meta(meta);
  return {};
}

bool is_missing(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) != 0 && errno == ENOENT;
}

// SQLite would replay it into whatever is made under this name.
Status check_no_journal(const std::string& path) {
  return is_missing(path + "-wal") ? Status() : damaged(path, "it is gone, and its journal is still there");
}

}  // namespace

Result<std::unique_ptr<Inventory>> open_inventory(const std::string& path, OpenMode mode,
                                                  const std::string& uuid) {
  const bool missing = is_missing(path);
  if (missing)
    if (Status free = check_no_journal(path); !free) return free.error();
  if (missing && mode == OpenMode::read)
    return std::unique_ptr<Inventory>(std::make_unique<MemoryInventory>());
  if (missing)
    if (Status made = make_file(path, uuid.empty() ? random_uuid() : uuid, random_key()); !made)
      return made.error();
  auto database = mode == OpenMode::write ? open_for_writing(path) : Database::open(path, true);
  if (!database) return database.error();
  return open_checked(std::move(*database), mode);
}

Status restore_inventory(const std::string& path, const std::string& uuid, const std::string& key,
                         const std::vector<Owned>& rows, const Places& places) {
  std::vector<Record> records = {PutPlaces{places}};
  for (const Owned& row : rows) records.emplace_back(PutOwned{row});
  if (is_missing(path)) {
    const Status free = check_no_journal(path);
    return free ? make_file(path, uuid, key, records) : free;
  }
  auto database = open_for_writing(path);
  if (!database) return database.error();
  auto transaction = Transaction::begin(*database, true);
  if (!transaction) return transaction.error();
  auto checked = check(*database);
  if (!checked) return checked.error();
  Meta& meta = checked->meta;
  if (meta.uuid != uuid || meta.format < kFormatVersion)
    if (Status taken = meta.uuid == uuid ? change_meta(*database, meta, uuid, key)
                                         : take_uuid(*database, meta, uuid, key);
        !taken)
      return taken;
  if (Status written = write_records(*database, meta, records); !written) return written;
  return transaction->commit();
}

}  // namespace tenon
